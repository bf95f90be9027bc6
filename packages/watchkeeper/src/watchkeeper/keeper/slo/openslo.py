"""OpenSLO, versions v1alpha and v1.

Sources: https://github.com/OpenSLO/OpenSLO, and for v1alpha what Sloth makes of it: objectives are told
apart by their place, and no alerts are written, because that version has no word for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from watchkeeper.keeper.slo.calendar import calendar_unit, length_of
from watchkeeper.keeper.slo.fields import Fields
from watchkeeper.keeper.slo.indicator import PLACE, Events, Indicator, Share
from watchkeeper.keeper.slo.lengths import written
from watchkeeper.keeper.slo.objective import Alerting, BurnPolicy, Objective, Told, alert_name
from watchkeeper.keeper.slo.policies import policies_of

ALPHA: Final = "openslo/v1alpha"
V1: Final = "openslo/v1"
ENGINES: Final = frozenset({"prometheus", "victoriametrics", "mimir", "thanos", "cortex", "any", ""})
OPPOSITE: Final = {"lt": ">=", "lte": ">", "gt": "<=", "gte": "<"}
COUNTED_UNITS: Final = {
    "day": 86_400,
    "hour": 3_600,
    "week": 604_800,
    "month": 30 * 86_400,
    "quarter": 90 * 86_400,
}
SELECTOR: Final = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\s*(\{[^{}]*\})?")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The documents of a file that others refer to, by kind and name."""

    documents: Mapping[tuple[Any, Any], Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, documents: Sequence[Any]) -> Shelf:
        found = [(Fields(raw, ""), raw) for raw in documents if isinstance(raw, dict)]
        names = [(one.get("kind"), one.mapping("metadata").get("name")) for one, _ in found]
        return cls({name: raw for name, (_, raw) in zip(names, found, strict=True)})

    def find(self, kind: str, name: str, asker: Fields, key: str) -> Fields:
        """Return the spec of a document; raise ObjectiveInvalid at who asked for it."""
        raw = self.documents.get((kind, name))
        if raw is None:
            raise asker.wrong(key, f"no {kind} named {name!r} in this file")
        return Fields(raw.get("spec"), f"{kind} {name}")


def openslo_objectives(raw: Any, shelf: Shelf) -> Iterator[Objective]:
    """Yield the objectives of one document of the kind SLO; raise ObjectiveInvalid naming the place."""
    top = Fields(raw, "")
    version = top.text("apiVersion")
    if version not in (ALPHA, V1):
        raise top.wrong("apiVersion", f"expected {ALPHA} or {V1}, got {version!r}")
    spec = top.mapping("spec")
    name = top.mapping("metadata").text("name")
    for place, one in enumerate(spec.mappings("objectives")):
        if version == ALPHA:
            yield alpha(name, place, spec, one)
        else:
            yield current(name, place, spec, one, shelf)


def alpha(name: str, place: int, spec: Fields, one: Fields) -> Objective:
    ratio = one.mapping("ratioMetrics")
    good, total = (query_of(ratio.mapping(key), "query") for key in ("good", "total"))
    windows = list(spec.mappings("timeWindows"))
    silent = Told(enabled=False)
    return Objective(
        service=spec.text("service"),
        name=f"{name}-{place}",
        target=one.share("target", 1) * 100,
        indicator=from_good(good, total),
        description=spec.text("description", default=""),
        period=counted_length(windows[0]) if windows else 30 * 86_400,
        alerting=Alerting(page=silent, ticket=silent),
        spec=ALPHA,
    )


def counted_length(window: Fields) -> int:
    unit = window.text("unit").lower()
    if unit not in COUNTED_UNITS:
        raise window.wrong("unit", f"expected one of {', '.join(COUNTED_UNITS)}, got {unit!r}")
    return window.count("count", 1) * COUNTED_UNITS[unit]


def current(name: str, place: int, spec: Fields, one: Fields, shelf: Shelf) -> Objective:
    many = len(spec.get("objectives") or []) > 1
    windows = list(spec.mappings("timeWindow"))
    window = windows[0] if windows else Fields({"duration": "30d", "isRolling": True}, "timeWindow")
    rolling = window.flag("isRolling", True)
    own = f"{name}-{place}" if many else name
    calendar = window.mapping("calendar")
    return Objective(
        service=spec.text("service"),
        name=own,
        target=target_of(one),
        indicator=indicator_of(spec, one, shelf),
        description=spec.text("description", default=""),
        period=length_of(window, rolling),
        alerting=Alerting(
            alert_name(own), page=Told({"severity": "critical"}), ticket=Told({"severity": "warning"})
        ),
        policies=policies(spec, shelf),
        spec=V1,
        rolling=rolling,
        calendar="" if rolling else calendar_unit(window),
        zone=calendar.text("timeZone", default="UTC"),
    )


def target_of(one: Fields) -> float:
    if "targetPercent" in one:
        return one.share("targetPercent", 100)
    return round(one.share("target", 1) * 100, 12)


def policies(spec: Fields, shelf: Shelf) -> tuple[BurnPolicy, ...]:
    """Return the alerts of `alertPolicies`, each inline or by its name."""
    given = spec.get("alertPolicies") or []
    found: list[BurnPolicy] = []
    for place, item in enumerate(given):
        asker = Fields(
            item if isinstance(item, dict) else {"alertPolicyRef": item}, f"spec.alertPolicies[{place}]"
        )
        name = asker.text("alertPolicyRef", default="")
        policy = shelf.find("AlertPolicy", name, asker, "alertPolicyRef") if name else asker.mapping("spec")
        label = name or asker.mapping("metadata").text("name", default=f"policy-{place}")
        found += policies_of(label, policy, lambda *asked: shelf.find("AlertCondition", *asked))
    return tuple(found)


def indicator_of(spec: Fields, one: Fields, shelf: Shelf) -> Indicator:
    """Return the indicator of an objective by its budgeting method."""
    sli = indicator_spec(spec, one, shelf)
    method = spec.text("budgetingMethod", default="Occurrences")
    if method == "Occurrences":
        return occurrences(sli, one)
    slice_ = written(one.length("timeSliceWindow", 60))
    bad = bad_share(sli, one, slice_)
    if method == "RatioTimeslices":
        return Share(f"avg_over_time(({bad})[{{{{.window}}}}:{slice_}])")
    if method == "Timeslices":
        allowed = 1 - one.share("timeSliceTarget", 1.000001)
        return Share(f"avg_over_time((({bad}) > bool {round(allowed, 12):.12g})[{{{{.window}}}}:{slice_}])")
    raise spec.wrong(
        "budgetingMethod", f"expected Occurrences, Timeslices or RatioTimeslices, got {method!r}"
    )


def indicator_spec(spec: Fields, one: Fields, shelf: Shelf) -> Fields:
    """Return the spec of the indicator: inline or by name, of the objective or of all."""
    for owner in (one, spec):
        if "indicatorRef" in owner:
            return shelf.find("SLI", owner.text("indicatorRef"), owner, "indicatorRef")
        if "indicator" in owner:
            return owner.mapping("indicator").mapping("spec")
    raise spec.wrong("indicator", "expected an indicator or an indicatorRef")


def occurrences(sli: Fields, one: Fields) -> Indicator:
    if "thresholdMetric" in sli:
        bad = threshold(sli.mapping("thresholdMetric"), one)
        return Share(f"avg_over_time(({bad})[{{{{.window}}}}:1m])")
    ratio = sli.mapping("ratioMetric")
    if "raw" in ratio:
        raw = query_of(ratio.mapping("raw"), "query", ratio.flag("counter"))
        good = ratio.text("rawType", default="success") == "success"
        return Share(f"1 - ({raw})" if good else raw)
    total = query_of(ratio.mapping("total"), "query", ratio.flag("counter"))
    if "bad" in ratio:
        return Events(query_of(ratio.mapping("bad"), "query", ratio.flag("counter")), total)
    return from_good(query_of(ratio.mapping("good"), "query", ratio.flag("counter")), total)


def bad_share(sli: Fields, one: Fields, slice_: str) -> str:
    """Return the share of bad events of one slice of time."""
    if "thresholdMetric" in sli:
        return threshold(sli.mapping("thresholdMetric"), one)
    return PLACE.sub(slice_, occurrences(sli, one).ratio(slice_))


def threshold(metric: Fields, one: Fields) -> str:
    """Return an expression that is 1 while a value misses its threshold."""
    op = one.text("op")
    if op not in OPPOSITE:
        raise one.wrong("op", f"expected one of {', '.join(OPPOSITE)}, got {op!r}")
    value = one.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise one.wrong("value", f"expected a number, got {value!r}")
    return f"({query_of(metric, 'query', window='1m')}) {OPPOSITE[op]} bool {value:g}"


def from_good(good: str, total: str) -> Share:
    """Return the share of bad events from good ones, in the shape that Sloth gives it."""
    return Share(f"\n  1 - (\n    (\n      {good}\n    )\n    /\n    (\n      {total}\n    )\n  )\n")


def query_of(metric: Fields, key: str, counter: bool = False, window: str = "{{.window}}") -> str:
    """Return a query over a window.

    One that names its window is taken as it stands. A plain selector is read as a counter or a gauge
    as the file says; any other expression is averaged over the window.
    """
    source = metric.mapping("metricSource") if "metricSource" in metric else metric
    kind = source.text("type", "source", default="")
    if kind.lower() not in ENGINES:
        raise source.wrong("type", f"expected a source that speaks PromQL, got {kind!r}")
    inner = source.mapping("spec") if "spec" in source else source
    query = inner.text(key, "expr", "promql").strip()
    if PLACE.search(query):
        return PLACE.sub(window, query)
    if "$window" in query:
        return query.replace("$window", window)
    if SELECTOR.fullmatch(query):
        return f"sum(rate({query}[{window}]))" if counter else f"sum(sum_over_time({query}[{window}]))"
    return f"avg_over_time(({query})[{window}:1m])"
