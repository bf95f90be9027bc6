"""Roles of people, and the rights that a role or a token's scopes give."""

from __future__ import annotations

from typing import Literal

Role = Literal["viewer", "operator", "admin"]
Right = Literal["read", "ingest", "operate", "administer"]

ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")
RIGHTS: tuple[Right, ...] = ("read", "ingest", "operate", "administer")

_GIVEN: dict[str, frozenset[Right]] = {
    "viewer": frozenset({"read"}),
    "operator": frozenset({"read", "ingest", "operate"}),
    "admin": frozenset(RIGHTS),
}


def rights_of(role: str) -> frozenset[Right]:
    """Return what a role may do; an unknown role may do nothing."""
    return _GIVEN.get(role, frozenset())
