"""One write on its way through the gate, and its row of the trail."""

from __future__ import annotations

import logging
import secrets

from starlette.requests import Request

from watchkeeper.keeper.people import PeopleUnwritable, Trail
from watchkeeper.keeper.web.users.visitor import Visitor

LOG = logging.getLogger("watchkeeper.people")


class Record:
    """The row of one write.

    A stranger's (a login, a link in a message) is written only where it worked, or where a name and its
    password did not fit, which is throttled: nobody unknown can fill the disk with rows.
    """

    def __init__(self, trail: Trail, request: Request, visitor: Visitor) -> None:
        self._trail = trail
        self._request = request
        self._visitor = visitor
        self._stranger = visitor.way in ("none", "wrong")
        self._row = 0
        self.correlation = secrets.token_hex(8)

    def begin(self) -> None:
        """Write that something is about to be done; raises PeopleUnwritable."""
        if not self._stranger:
            self._row = self._begun()

    def end(self, status: int) -> None:
        """Write how it ended; once it was done a disk that is full now cannot undo it, so it is only said."""
        noted = self._request.state.noted
        if self._stranger and status >= 400 and not (status == 401 and "actor" in noted):
            return
        try:
            self._row = self._row or self._begun()
            self._trail.end(self._row, status, **noted)
        except PeopleUnwritable as error:
            LOG.error("%s ended with %d, the trail does not say so: %s", self.correlation, status, error)

    def _begun(self) -> int:
        path = self._request.url.path
        return self._trail.begin(
            path.removeprefix("/api/").partition("/")[0] or "page",
            self._visitor.name,
            self._visitor.way,
            address_of(self._request),
            self._request.method,
            path,
            self.correlation,
        )


def address_of(request: Request) -> str:
    """Return the address of the other side; empty where it is none."""
    return request.client.host if request.client else ""


def note(request: Request, **what: str) -> None:
    """Add to the trail's row of this request: reason, actor, resource."""
    request.state.noted.update(what)
