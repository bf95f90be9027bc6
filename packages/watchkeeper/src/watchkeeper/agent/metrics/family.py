"""One metric with its series: creation, cap, overflow, expiry."""

from collections.abc import Callable
from sys import getrefcount
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar

from watchkeeper.agent.errors import LabelsMissing, WrongLabels
from watchkeeper.agent.metrics.instruments import Counter, Gauge, Histogram

Series = TypeVar("Series", Counter, Gauge, Histogram)
Kind = Literal["counter", "gauge", "histogram"]
Key = tuple[str, ...]

OVERFLOW = "__overflow__"


class LabelsFirst:
    """Stands in a family for the methods of a series, and says what is missing.

    A `__getattr__` would say it, too, and would slow down every look-up of an attribute: 60 ns per `labels`.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, family: "Family[Any] | None", owner: type) -> Self:
        if family is None:
            return self
        raise LabelsMissing(
            f"{family.name} has the labels {family.label_names}: call .labels(...) before .{self._name}"
        )


class Family(Generic[Series]):
    """A labelled metric; `labels` gives the series of one set of label values.

    A series that the program keeps in a variable is as fast as an unlabelled one and never expires.
    """

    __slots__ = (
        "_lock",
        "_make",
        "_marks",
        "_series",
        "cap",
        "diverted",
        "expired",
        "help",
        "idle",
        "kind",
        "label_names",
        "name",
        "unit",
    )

    if not TYPE_CHECKING:  # to the type checker a family has none of these
        inc, dec, set, observe, time, set_function = (LabelsFirst() for _ in range(6))

    def __init__(
        self,
        kind: Kind,
        name: str,
        help: str,
        unit: str,
        label_names: Key,
        make: Callable[[Key], Series],
        cap: int,
        idle: float | None,
    ) -> None:
        self.kind = kind
        self.name = name  # without `_total`
        self.help = help
        self.unit = unit
        self.label_names = label_names
        self.cap = cap
        self.idle = idle
        self.diverted = 0  # look-ups that met a full family
        self.expired = 0
        self._make: Callable[[Key], Series] = make
        self._series: dict[Key, Series] = {}
        self._marks: dict[Key, tuple[float, float]] = {}
        self._lock = Lock()

    def labels(self, *values: object, **named: object) -> Series:
        """Return the series of these label values, by position or by name; raise `WrongLabels`.

        Beyond `cap` series the answer is the overflow series, whose values are all `__overflow__`.
        """
        try:
            return self._series[values]  # type: ignore[index]  # texts hit; everything else is written out below
        except (KeyError, TypeError):
            return self._found_or_made(self._key(values, named))

    def remove(self, *values: object) -> None:
        """Forget the series of these label values; no error when there is none."""
        with self._lock:
            self._series.pop(self._key(values, {}), None)

    def snapshot(self) -> list[Series]:
        """Return the present series in order of creation."""
        return list(self._series.values())

    def items(self) -> list[tuple[Key, Series]]:
        """Return the present label values with their series."""
        return list(self._series.items())

    def __len__(self) -> int:
        return len(self._series)

    def expire(self, now: float) -> int:
        """Forget series that did not move for `idle` seconds and that nobody holds; return how many."""
        if self.idle is None:
            return 0
        with self._lock:
            gone = sum(self._forgotten(key) for key in self._idle_keys(now, self.idle))
        self.expired += gone
        return gone

    def after_fork(self) -> None:
        """Replace the lock, which another thread may have held when the process forked."""
        self._lock = Lock()

    def _key(self, values: tuple[object, ...], named: dict[str, object]) -> Key:
        if named:
            values = self._in_order(values, named)
        if len(values) != len(self.label_names):
            raise WrongLabels(f"{self.name} wants {self.label_names}, got {len(values)} values")
        # A text's own characters, so that an enumeration of texts means the same on every path.
        return tuple(str.__str__(value) if isinstance(value, str) else str(value) for value in values)

    def _in_order(self, values: tuple[object, ...], named: dict[str, object]) -> tuple[object, ...]:
        if values or named.keys() != set(self.label_names):
            raise WrongLabels(f"{self.name} wants {self.label_names}, got {values} and {tuple(named)}")
        return tuple(named[name] for name in self.label_names)

    def _found_or_made(self, key: Key) -> Series:
        with self._lock:
            found = self._series.get(key)
            if found is None and self._full():
                self.diverted += 1
                key = (OVERFLOW,) * len(key)
                found = self._series.get(key)
            if found is None:
                found = self._series[key] = self._make(key)
            return found

    def _full(self) -> bool:
        overflow = (OVERFLOW,) * len(self.label_names)
        return len(self._series) - (overflow in self._series) >= self.cap

    def _idle_keys(self, now: float, idle: float) -> list[Key]:
        marks, old = self._marks, []
        self._marks = {}
        for key, series in self._series.items():
            mark, since = marks.get(key, (None, now))
            if mark != series.mark():
                since = now
            elif now - since >= idle:
                old.append(key)
            self._marks[key] = (series.mark(), since)
        return old

    def _forgotten(self, key: Key) -> bool:
        """Take a series out, and put it back if somebody got hold of it meanwhile: no count is lost.

        Creation waits for the lock that we hold. Who read the table before the removal either still holds
        the series or has moved it; both show afterwards.
        """
        if references(self._series, key) > ALONE:
            return False
        mark, _ = self._marks[key]
        taken = {key: self._series.pop(key)}
        if references(taken, key) > ALONE or taken[key].mark() != mark:
            self._series[key] = taken[key]
            return False
        del self._marks[key]
        return True


def references(table: dict[Key, Series], key: Key) -> int:
    """Count the references to one series of a table."""
    return getrefcount(table[key])


# What `references` says of a series that only its table knows; it differs between versions of Python.
ALONE = references({(): Counter("")}, ())
