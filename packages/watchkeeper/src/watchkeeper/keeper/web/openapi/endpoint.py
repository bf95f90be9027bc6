"""One method of one path: what it asks, what it answers."""

from __future__ import annotations

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """A parameter of the query; schema is its JSON schema."""

    name: str
    schema: dict[str, object]
    about: str = ""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path.

    asks is the shape of the body; answers says, for each good status, the shape of its JSON (None: no
    body), or a content type alone; told_in is the content type of shapes; refusals are the statuses of
    errors beside those that every path of its right has; made points to the name of what was made, in the
    answer, by which it is found afterwards.
    """

    method: str
    path: str
    about: str
    room: str
    answers: dict[int, type | str | None]
    asks: type | None = None
    asks_yaml: bool = False
    query: tuple[Parameter, ...] = ()
    refusals: tuple[int, ...] = ()
    told_in: str = "application/json"
    made: str = ""


def whole(name: str, least: int, most: int, about: str = "") -> Parameter:
    """Return a parameter that is a whole number."""
    return Parameter(name, {"type": "integer", "minimum": least, "maximum": most}, about)


def moment(name: str, about: str = "Unix time in seconds") -> Parameter:
    """Return a parameter that is a time."""
    return Parameter(name, {"type": "number", "minimum": 0, "exclusiveMaximum": 1e11}, about)


def text(name: str, about: str = "") -> Parameter:
    """Return a parameter that is a text."""
    return Parameter(name, {"type": "string"}, about)
