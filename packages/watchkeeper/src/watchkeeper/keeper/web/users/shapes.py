"""The shapes of what is asked and answered; the API's description is made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from watchkeeper.keeper.people import Right, Role


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stand above what is asked."""


class Login(Asked, frozen=True, kw_only=True):
    """Who logs in."""

    name: str
    password: str


class Setup(Asked, frozen=True, kw_only=True):
    """The first user, and the code of the keeper's log."""

    code: str
    name: str
    password: str


class NewPassword(Asked, frozen=True, kw_only=True):
    """One's own password, changed."""

    old: str
    new: str


class NewUser(Asked, frozen=True, kw_only=True):
    """A user to make."""

    name: str
    role: Role
    password: str


class UserChange(Asked, frozen=True, kw_only=True):
    """What is to be different; what is left out stays."""

    role: Role | None = None
    password: str | None = None
    disabled: bool | None = None


class NewToken(Asked, frozen=True, kw_only=True):
    """A token to make; expires_in is in seconds, null for no end."""

    name: str
    scopes: list[Right]
    expires_in: float | None = 30 * 86_400.0


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, how they are known, what they may do; csrf is what writes must show."""

    user: str
    role: str
    way: Literal["session", "token", "keeper", "program", "none", "wrong"]
    rights: list[Right]
    csrf: str
    ends: float | None
    users: bool
    setup: bool


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user; times are Unix seconds."""

    name: str
    role: Role
    disabled: bool
    created: float
    changed: float


class UserRows(msgspec.Struct, frozen=True, kw_only=True):
    """All users, by name."""

    users: list[UserRow]


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A token without its secret; times are Unix seconds."""

    id: str
    user: str
    name: str
    scopes: list[Right]
    created: float
    ends: float | None
    used: float | None


class TokenRows(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, newest first."""

    tokens: list[TokenRow]


class MadeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A new token; `token` is told this once."""

    token: str
    kept: TokenRow


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One write; `begun` that never ended means that the keeper was killed meanwhile."""

    id: int
    at: float
    kind: str
    actor: str
    way: str
    address: str
    action: str
    resource: str
    result: Literal["begun", "done", "refused", "failed"]
    status: int
    reason: str
    correlation: str


class AuditRows(msgspec.Struct, frozen=True, kw_only=True):
    """Writes, newest first; `next` is the value of `before` to go on with, null at the end."""

    entries: list[AuditRow]
    next: int | None


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, and what is right."""

    status: Literal["error"]
    error: str


Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Anything = dict[str, Any]
