"""From a change to the row that keeps it, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from watchkeeper.keeper.alerts.acknowledgement import Acknowledgement
from watchkeeper.keeper.alerts.changes import (
    Acknowledged,
    AcknowledgementDropped,
    AlertDropped,
    AlertKept,
    Change,
    Event,
    GroupDropped,
    GroupKept,
    LogDropped,
    Logged,
    RunDropped,
    RunKept,
    SilenceDropped,
    SilenceKept,
    Standing,
)
from watchkeeper.keeper.alerts.escalation import Run
from watchkeeper.keeper.alerts.groups import Entry, Slot
from watchkeeper.keeper.alerts.labels import Pairs
from watchkeeper.keeper.alerts.matchers import Matcher, Operator
from watchkeeper.keeper.alerts.silences import Silence

TABLES = ("alerts", "groups", "log", "silences", "acknowledgements", "runs")

_PACK = msgspec.msgpack.encode


@dataclass(frozen=True, slots=True)
class Row:
    """A row to keep, or to drop where it has no body."""

    table: str
    key: bytes
    body: bytes | None = None


class SilenceRow(msgspec.Struct, frozen=True, array_like=True):
    """A silence without what can be made anew from it."""

    sets: tuple[tuple[tuple[str, Operator, str], ...], ...]
    starts_at: float
    ends_at: float
    created_by: str
    comment: str
    id: str
    updated_at: float
    annotations: Pairs


# By class, since a post of ten thousand alerts makes ten thousand of the first.
MAKERS: dict[type, Callable[[Any], Row]] = {
    AlertKept: lambda one: Row("alerts", _PACK(one.standing.alert.labels), _PACK(one.standing)),
    AlertDropped: lambda one: Row("alerts", _PACK(one.labels)),
    GroupKept: lambda one: Row("groups", _PACK((one.route_id, one.labels)), _PACK(one)),
    GroupDropped: lambda one: Row("groups", _PACK((one.route_id, one.labels))),
    Logged: lambda one: Row("log", _PACK(one.slot), _PACK(one.entry)),
    LogDropped: lambda one: Row("log", _PACK(one.slot)),
    SilenceKept: lambda one: Row("silences", one.silence.id.encode(), packed_silence(one.silence)),
    SilenceDropped: lambda one: Row("silences", one.id.encode()),
    Acknowledged: lambda one: Row(
        "acknowledgements", one.acknowledgement.fingerprint.encode(), _PACK(one.acknowledgement)
    ),
    AcknowledgementDropped: lambda one: Row("acknowledgements", one.fingerprint.encode()),
    RunKept: lambda one: Row("runs", one.run.group_key.encode(), _PACK(one.run)),
    RunDropped: lambda one: Row("runs", one.group_key.encode()),
}


def row_of(change: Change) -> Row | None:
    """Return the row of a change; an event has none of this kind."""
    make = MAKERS.get(type(change))
    return make(change) if make else None


def latest(changes: Iterable[Change]) -> tuple[dict[tuple[str, bytes], Row], list[Event]]:
    """Return the last row of each key, and all events."""
    rows, events = {}, []
    for change in changes:
        row = row_of(change)
        if row is not None:
            rows[row.table, row.key] = row
        elif isinstance(change, Event):
            events.append(change)
    return rows, events


def packed_silence(silence: Silence) -> bytes:
    sets = tuple(
        tuple((one.name, one.op, one.value) for one in matchers) for matchers in silence.matcher_sets
    )
    return _PACK(
        SilenceRow(
            sets,
            silence.starts_at,
            silence.ends_at,
            silence.created_by,
            silence.comment,
            silence.id,
            silence.updated_at,
            silence.annotations,
        )
    )


def unpacked_silence(body: bytes) -> Silence:
    row = msgspec.msgpack.decode(body, type=SilenceRow)
    sets = tuple(tuple(Matcher(*parts) for parts in matchers) for matchers in row.sets)
    return Silence(
        matcher_sets=sets,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        created_by=row.created_by,
        comment=row.comment,
        id=row.id,
        updated_at=row.updated_at,
        annotations=row.annotations,
    )


def reader(type_: Any) -> Callable[[bytes, bytes], Any]:
    """Return what makes a value of a row's body."""
    decode = msgspec.msgpack.Decoder(type_).decode
    return lambda key, body: decode(body)


_SLOT = msgspec.msgpack.Decoder(Slot)
_ENTRY = msgspec.msgpack.Decoder(Entry)

READERS: dict[str, Callable[[bytes, bytes], Any]] = {
    "alerts": reader(Standing),
    "groups": reader(GroupKept),
    "log": lambda key, body: (_SLOT.decode(key), _ENTRY.decode(body)),
    "silences": lambda key, body: unpacked_silence(body),
    "acknowledgements": reader(Acknowledgement),
    "runs": reader(Run),
}
