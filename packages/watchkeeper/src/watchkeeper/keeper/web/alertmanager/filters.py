"""What a query string asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from starlette.requests import Request

from watchkeeper.keeper.alerts import AlertView, MatcherInvalid
from watchkeeper.keeper.alerts.matchers import Matchers, agree, read_matcher
from watchkeeper.keeper.promql.regexes import compiled
from watchkeeper.keeper.steady import Expression, steady
from watchkeeper.keeper.web.alertmanager.errors import Refused

# go-openapi/swag: everything else is false.
TRUE = frozenset({"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"})


def flag(request: Request, name: str) -> bool:
    """Return a yes or no; yes where it is not told or empty."""
    given = request.query_params.get(name)
    return not given or given.lower() in TRUE


def matchers_of(request: Request, name: str = "filter") -> Matchers:
    """Return the matchers of a parameter that may be repeated; raise Refused."""
    try:
        return tuple(read_matcher(text) for text in request.query_params.getlist(name))
    except MatcherInvalid as error:
        raise Refused(400, str(error)) from None


def receiver_of(request: Request) -> Expression | None:
    """Return the expression that a receiver's whole name must match; raise Refused."""
    given = request.query_params.get("receiver")
    if not given:
        return None
    try:
        return steady(compiled(f"(?-s:{given})"))
    except (re.error, OverflowError, RecursionError) as error:
        raise Refused(400, f"failed to parse receiver param: {error}") from None


class AlertFilter:
    """Which alerts a request asks for."""

    def __init__(self, request: Request, labels: Mapping[str, Mapping[str, str]]) -> None:
        """Read the query string; labels are those of the receivers by name. Raise Refused."""
        self._matchers = matchers_of(request)
        self._receiver = receiver_of(request)
        self._receiver_matchers = matchers_of(request, "receiver_matchers")
        self._labels = labels
        self._active = flag(request, "active")
        self._silenced = flag(request, "silenced")
        self._inhibited = flag(request, "inhibited")

    def wants(self, view: AlertView) -> bool:
        """Return whether an alert is asked for, whoever receives it."""
        if not self._active and not (view.silenced_by or view.inhibited_by):
            return False
        if (view.silenced_by and not self._silenced) or (view.inhibited_by and not self._inhibited):
            return False
        return agree(self._matchers, dict(view.alert.labels))

    def wants_receiver(self, name: str) -> bool:
        if self._receiver is not None and self._receiver.fullmatch(name) is None:
            return False
        return agree(self._receiver_matchers, self._labels.get(name, {}))

    def wants_any(self, names: Iterable[str]) -> bool:
        return any(map(self.wants_receiver, names))

    def narrowed(self, view: AlertView) -> AlertView:
        """Return an alert with those of its receivers that are asked for."""
        return replace(view, receivers=tuple(filter(self.wants_receiver, view.receivers)))
