"""The families of one process, their names guarded against collisions."""

from collections.abc import Callable, Sequence
from math import inf, isnan
from typing import overload

from watchkeeper.agent.errors import BadAmount, DuplicateName
from watchkeeper.agent.metrics.family import Family, Key, Kind
from watchkeeper.agent.metrics.instruments import Counter, Gauge, Histogram
from watchkeeper.agent.metrics.locked import LockedCounter, LockedGauge, LockedHistogram, lock_needed
from watchkeeper.agent.metrics.naming import checked_labels, checked_name, labels_text

DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
DEFAULT_CAP = 1000

SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "counter": ("", "_total", "_created"),
    "gauge": ("",),
    "histogram": ("", "_bucket", "_sum", "_count", "_created"),
}
AnyFamily = Family[Counter] | Family[Gauge] | Family[Histogram]


class Registry:
    """A set of families.

    cap: series per family before the overflow series takes over; idle: seconds after which a series that
    did not move is forgotten (None: never); locked: force or forbid locks (None: as the interpreter needs).
    """

    def __init__(self, cap: int = DEFAULT_CAP, idle: float | None = None, locked: bool | None = None) -> None:
        self.cap = cap
        self.idle = idle
        self.locked = lock_needed() if locked is None else locked
        self._families: dict[str, AnyFamily] = {}
        self._taken: set[str] = set()
        self._not_in_text: set[str] = set()
        self._refreshers: list[Callable[[], object]] = []

    @overload
    def counter(self, name: str, help: str, labels: None = None, *, unit: str = "") -> Counter: ...
    @overload
    def counter(
        self,
        name: str,
        help: str,
        labels: Sequence[str],
        *,
        unit: str = "",
        cap: int | None = None,
        idle: float | None = None,
    ) -> Family[Counter]: ...
    def counter(
        self,
        name: str,
        help: str,
        labels: Sequence[str] | None = None,
        *,
        unit: str = "",
        cap: int | None = None,
        idle: float | None = None,
    ) -> Counter | Family[Counter]:
        """Register a counter; its sample's name ends in `_total`. Raise `InvalidName`, `DuplicateName`."""
        base = checked_name(name.removesuffix("_total"), unit)
        names = checked_labels(base, labels or (), frozenset())
        make = LockedCounter if self.locked else Counter
        family = Family[Counter](
            "counter",
            base,
            help,
            unit,
            names,
            lambda key: make(_head(f"{base}_total", names, key)),
            *self._guard(cap, idle),
        )
        self._admit(family)
        return family.labels() if labels is None else family

    @overload
    def gauge(self, name: str, help: str, labels: None = None, *, unit: str = "") -> Gauge: ...
    @overload
    def gauge(
        self,
        name: str,
        help: str,
        labels: Sequence[str],
        *,
        unit: str = "",
        cap: int | None = None,
        idle: float | None = None,
    ) -> Family[Gauge]: ...
    def gauge(
        self,
        name: str,
        help: str,
        labels: Sequence[str] | None = None,
        *,
        unit: str = "",
        cap: int | None = None,
        idle: float | None = None,
    ) -> Gauge | Family[Gauge]:
        """Register a gauge. Raise `InvalidName`, `DuplicateName`."""
        base = checked_name(name, unit)
        names = checked_labels(base, labels or (), frozenset())
        make = LockedGauge if self.locked else Gauge
        family = Family[Gauge](
            "gauge",
            base,
            help,
            unit,
            names,
            lambda key: make(_head(base, names, key)),
            *self._guard(cap, idle),
        )
        self._admit(family)
        return family.labels() if labels is None else family

    @overload
    def histogram(
        self, name: str, help: str, labels: None = None, *, buckets: Sequence[float] = ..., unit: str = ""
    ) -> Histogram: ...
    @overload
    def histogram(
        self,
        name: str,
        help: str,
        labels: Sequence[str],
        *,
        buckets: Sequence[float] = ...,
        unit: str = "",
        cap: int | None = None,
        idle: float | None = None,
    ) -> Family[Histogram]: ...
    def histogram(
        self,
        name: str,
        help: str,
        labels: Sequence[str] | None = None,
        *,
        buckets: Sequence[float] = DEFAULT_BUCKETS,
        unit: str = "",
        cap: int | None = None,
        idle: float | None = None,
    ) -> Histogram | Family[Histogram]:
        """Register a histogram; `buckets` are upper bounds, ascending, +Inf is added. Raise as `counter`."""
        base = checked_name(name, unit)
        names = checked_labels(base, labels or (), frozenset({"le"}))
        bounds = checked_bounds(base, buckets)
        make = LockedHistogram if self.locked else Histogram
        family = Family[Histogram](
            "histogram",
            base,
            help,
            unit,
            names,
            lambda key: make(labels_text(names, key), bounds),
            *self._guard(cap, idle),
        )
        self._admit(family)
        return family.labels() if labels is None else family

    def refresh_with(self, refresher: Callable[[], object]) -> None:
        """Call `refresher` on the agent's thread before each scrape, to bring gauges up to date."""
        self._refreshers.append(refresher)

    def refresh(self) -> list[Exception]:
        """Run the refreshers; return what they raised."""
        raised = []
        for refresher in tuple(self._refreshers):
            try:
                refresher()
            except Exception as error:
                raised.append(error)
        return raised

    def families(self) -> list[AnyFamily]:
        """Return the families in order of registration."""
        return list(self._families.values())

    def text_families(self) -> list[AnyFamily]:
        """Return the families that the text format shows."""
        return [family for family in self._families.values() if family.name not in self._not_in_text]

    def keep_out_of_text(self, name: str) -> None:
        """Show a family in OpenMetrics and JSON alone: its name is one that promtool's linter refuses."""
        self._not_in_text.add(name)

    def taken(self, name: str) -> bool:
        """Tell whether a metric's or a sample's name is in use."""
        return name in self._taken

    def expire(self, now: float) -> int:
        """Forget idle series in all families; `now` in monotonic seconds; return how many went."""
        return sum(family.expire(now) for family in self.families())

    def after_fork(self) -> None:
        """Make the registry usable in a forked child."""
        for family in self.families():
            family.after_fork()

    def _guard(self, cap: int | None, idle: float | None) -> tuple[int, float | None]:
        return (self.cap if cap is None else cap), (self.idle if idle is None else idle)

    def _admit(self, family: AnyFamily) -> None:
        names = {family.name + suffix for suffix in SUFFIXES[family.kind]}
        if clash := names & self._taken:
            raise DuplicateName(f"{family.name}: already registered: {', '.join(sorted(clash))}")
        self._taken |= names
        self._families[family.name] = family


def checked_bounds(metric: str, buckets: Sequence[float]) -> tuple[float, ...]:
    """Return the upper bounds as floats without +Inf; raise `BadAmount` unless they ascend."""
    bounds = tuple(float(bound) for bound in buckets)
    if bounds and bounds[-1] == inf:
        bounds = bounds[:-1]
    if (
        not bounds
        or any(isnan(bound) for bound in bounds)
        or list(bounds) != sorted(set(bounds))
        or inf in bounds
    ):
        raise BadAmount(f"buckets of {metric} must be numbers in ascending order: {buckets}")
    return bounds


def _head(sample: str, names: Key, values: Key) -> str:
    return f"{sample}{{{labels_text(names, values)}}} " if names else f"{sample} "
