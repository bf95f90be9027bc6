"""What each path wants of a visitor, and what visitors without a name may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from watchkeeper.keeper.people import Right, rights_of

# "public": everybody; "signed": whoever holds the token of a link; "probe": everybody on loopback;
# "self": whoever is logged in.
Wanted = Right | Literal["public", "signed", "probe", "self"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PUBLIC = frozenset({"/api/session", "/api/login", "/api/setup"})
# The handler itself refuses who has no token of a message that was sent.
SIGNED = frozenset({"/ack", "/ack.js"})
OWN = ("/api/logout", "/api/password", "/api/tokens")
ADMINS = ("/api/users", "/api/audit")
PROBES = ("/health", "/metrics", "/metrics.json", "/-")
# POST is only another way to ask here, as in Prometheus.
QUESTIONS = frozenset(
    f"/api/v1/{name}"
    for name in ("query", "query_range", "query_exemplars", "format_query", "series", "labels")
)
# Data of programs, many times a minute: not people's deeds, so no rows of the trail.
INTAKES = frozenset({"/api/v1/write", "/api/v1/targets", "/api/v2/alerts"})
INTAKE_FOLDERS = ("/api/ping",)
# What Prometheus, Alertmanager and their tools speak.
PROGRAMS = ("/api/v1", "/api/v2", *INTAKE_FOLDERS)


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of `access`, and whether only this machine can connect.

    loopback is whether the keeper listens on loopback and wants no token.
    """

    anonymous: str = "auto"
    programs: str = "auto"
    loopback: bool = True
    secure_cookie: bool = False
    session_seconds: float = 43_200.0

    def anonymous_rights(self, users: bool) -> frozenset[Right]:
        """Return what a visitor without a name may do; users is whether there are any."""
        if self.anonymous != "auto":
            return rights_of(self.anonymous)
        return rights_of("viewer") if self.loopback and not users else frozenset()

    def programs_are_free(self, users: bool) -> bool:
        """Return whether programs of this machine may use Prometheus' and Alertmanager's paths unasked."""
        if self.programs != "auto":
            return self.programs == "open" and self.loopback
        return self.loopback and not users


def wanted(method: str, path: str) -> Wanted:
    """Return what a request wants."""
    if path in SIGNED:
        return "signed"
    if path in PUBLIC or not path.startswith(("/api/", *PROBES, "/federate")):
        return "public"
    if under(path, PROBES):
        return "probe"
    if under(path, OWN):
        return "self"
    if under(path, ADMINS):
        return "administer"
    if method in SAFE or path in QUESTIONS:
        return "read"
    return "ingest" if path in INTAKES or under(path, INTAKE_FOLDERS) else "operate"


def under(path: str, folders: tuple[str, ...]) -> bool:
    """Return whether a path is one of these, or inside one."""
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
