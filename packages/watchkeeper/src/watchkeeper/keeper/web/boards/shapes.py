"""The shapes of boards, widgets and annotations, with their bounds."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

COLUMNS = 12
MOST_WIDGETS = 60
MOST_QUERIES = 10

Kind = Literal["stat", "series", "bars", "table", "timeline", "flame", "text"]
Unit = Literal["per_second", "seconds", "wei", "dollars", "ratio", "bytes", "count", "none"]
Title = Annotated[str, Meta(min_length=1, max_length=120)]
Line = Annotated[str, Meta(max_length=200)]
Tag = Annotated[str, Meta(min_length=1, max_length=40)]
Tags = Annotated[list[Tag], Meta(max_length=20)]
Moment = Annotated[float, Meta(ge=0, le=100_000_000_000)]


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One PromQL expression and how its lines are named; `{label}` in legend is the label's value."""

    expr: Annotated[str, Meta(min_length=1, max_length=4000)]
    legend: Line = ""


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a widget is, in 12 columns and rows of one height; x and y count from 0."""

    x: Annotated[int, Meta(ge=0, le=COLUMNS - 1)] = 0
    y: Annotated[int, Meta(ge=0, le=1000)] = 0
    w: Annotated[int, Meta(ge=1, le=COLUMNS)] = 6
    h: Annotated[int, Meta(ge=1, le=40)] = 4


class Widget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing on a board: queries for all but text, which has `text`, and flame, which has `bot`."""

    kind: Kind
    title: Line = ""
    place: Place = Place()
    unit: Unit = "none"
    queries: Annotated[list[Query], Meta(max_length=MOST_QUERIES)] = []
    scale: Literal["linear", "log"] = "linear"
    text: Annotated[str, Meta(max_length=20_000)] = ""
    bot: Line = ""


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a board shows; this is what is exported."""

    title: Title
    description: Annotated[str, Meta(max_length=2000)] = ""
    tags: Tags = []
    range: Annotated[int, Meta(ge=60, le=366 * 86_400)] = 3600
    refresh: Annotated[int, Meta(ge=1, le=3600)] = 5
    widgets: Annotated[list[Widget], Meta(max_length=MOST_WIDGETS)] = []


class NewContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A board changed; version is that of the board that was read."""

    version: Annotated[int, Meta(ge=1)]
    board: Content


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A board as it is kept; fixed ones come with the keeper. Times are Unix seconds."""

    id: str
    version: int
    fixed: bool
    author: str
    created: float
    changed: float
    board: Content


class BoardRow(msgspec.Struct, frozen=True, kw_only=True):
    """A board in the list."""

    id: str
    version: int
    fixed: bool
    author: str
    created: float
    changed: float
    title: str
    tags: list[str]
    widgets: int


class BoardRows(msgspec.Struct, frozen=True, kw_only=True):
    """All boards, by title."""

    boards: list[BoardRow]


class NewAnnotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A remark on a moment, or on the time until `until`; at is now where it is left out."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]
    at: Moment | None = None
    until: Moment | None = None
    bot: Line = ""
    tags: Tags = []


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """A remark as it is kept; times are Unix seconds."""

    id: int
    at: float
    until: float | None
    text: str
    bot: str
    tags: list[str]
    author: str
    created: float


class Annotations(msgspec.Struct, frozen=True, kw_only=True):
    """Remarks, newest first."""

    annotations: list[Annotation]
