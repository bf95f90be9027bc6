"""Objectives in a short form of our own.

slos:
  - name: executions
    service: arbitrage
    objective: 95
    bad: mev_executions_failed_total
    total: mev_executions_attempted_total
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from watchkeeper.keeper.promql import PromqlError, parse
from watchkeeper.keeper.promql.syntax import Selector
from watchkeeper.keeper.slo.fields import Fields
from watchkeeper.keeper.slo.indicator import Counted, Events, Indicator, Share
from watchkeeper.keeper.slo.objective import Alerting, Guard, Objective, Told, alert_name
from watchkeeper.keeper.slo.windows import MONTH

TOP: Final = "service period labels by slos"
KEYS: Final = (
    "name service objective description period labels by bad good total latency fraction error_ratio "
    "errors events min_failures min_events min_bad_minutes alert"
)
ALERT_KEYS: Final = "name labels annotations page ticket"
# One failed event alone never tells anybody, whatever its share.
LEAST_FAILURES: Final = 2
LEAST_MINUTES: Final = 1


def short_objectives(raw: Any, period: int = MONTH) -> Iterator[Objective]:
    """Yield the objectives of one document; raise ObjectiveInvalid naming the place."""
    top = Fields(raw, "", TOP)
    for one in top.mappings("slos", KEYS):
        yield objective(one, top, period)


def objective(one: Fields, top: Fields, period: int) -> Objective:
    by = tuple(labels_of(one if "by" in one else top))
    indicator = indicator_of(one, by)
    return Objective(
        service=one.text("service", default=top.text("service", default="")) or one.text("service"),
        name=one.text("name"),
        target=one.share("objective", 100),
        indicator=indicator,
        description=one.text("description", default=""),
        period=one.length("period", top.length("period", period)),
        labels={**top.texts("labels"), **one.texts("labels")},
        alerting=alerting(one),
        guard=guard_of(one, indicator.bad_rate("5m") is not None),
        by=by,
        lean=True,
    )


def guard_of(one: Fields, counted: bool) -> Guard:
    """Return the guard; events can be asked for only where they are counted, else a least bad time."""
    if counted:
        return Guard(
            one.count("min_failures", LEAST_FAILURES), one.count("min_events"), one.count("min_bad_minutes")
        )
    for key in ("min_failures", "min_events"):
        if key in one:
            raise one.wrong(key, "only an objective over counted events can ask for a number of them")
    return Guard(minutes=one.count("min_bad_minutes", LEAST_MINUTES))


def labels_of(one: Fields) -> list[str]:
    given = one.get("by")
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise one.wrong("by", f"expected a list of label names, got {given!r}")
    return given


def indicator_of(one: Fields, by: tuple[str, ...]) -> Indicator:
    """Return the indicator of the one key that tells it."""
    told = [key for key in ("bad", "good", "latency", "fraction", "error_ratio", "errors") if key in one]
    if len(told) != 1:
        raise one.wrong("bad", "expected exactly one of bad, good, latency, fraction, error_ratio, errors")
    match told[0]:
        case "bad":
            return Counted(rate(one, "bad", by), rate(one, "total", by))
        case "good":
            total = rate(one, "total", by)
            return Counted(f"{total} - ({rate(one, 'good', by)} or 0 * {total})", total, sparse=False)
        case "latency":
            return latency(one.mapping("latency", known="histogram below"), by)
        case "fraction":
            name = selected(one, "fraction")
            return Share(f"1 - avg{grouped(by)} (avg_over_time({name}[{{{{.window}}}}]))")
        case "errors":
            return Events(one.text("errors"), one.text("events"))
    return Share(one.text("error_ratio"))


def grouped(by: tuple[str, ...]) -> str:
    return f" by ({', '.join(by)})" if by else ""


def rate(one: Fields, key: str, by: tuple[str, ...]) -> str:
    return f"sum{grouped(by)} (rate({selected(one, key)}[{{{{.window}}}}]))"


def selected(one: Fields, key: str) -> str:
    """Return a plain selector of series; raise where it is anything else."""
    text = one.text(key).strip()
    if not isinstance(tree(one, key, text), Selector):
        raise one.wrong(key, f'expected a plain selector such as name{{label="value"}}, got {text!r}')
    return text


def tree(one: Fields, key: str, text: str) -> object:
    try:
        return parse(text)
    except PromqlError as error:
        raise one.wrong(key, f"not PromQL: {error}") from None


def latency(one: Fields, by: tuple[str, ...]) -> Indicator:
    """Return the indicator of a histogram: an event is bad where it took longer than `below`."""
    text = selected(one, "histogram")
    name, _, matchers = text.partition("{")
    inner = matchers.rstrip().removesuffix("}").strip().rstrip(",")
    bound = f'le=~"{bound_of(one)}"'
    bucket = f"{name.strip()}_bucket{{{inner + ', ' if inner else ''}{bound}}}"
    count = f"{name.strip()}_count" + (f"{{{inner}}}" if inner else "")
    total = f"sum{grouped(by)} (rate({count}[{{{{.window}}}}]))"
    quick = f"sum{grouped(by)} (rate({bucket}[{{{{.window}}}}]))"
    # A bound that no bucket has must not look as if every event had been quick.
    return Counted(f"{total} - {quick}", total, sparse=False)


def bound_of(one: Fields) -> str:
    """Return the bucket's bound as a pattern: exposition writes one second as 1 or as 1.0."""
    given = one.text("below")
    try:
        seconds = (
            float(given.removesuffix("ms")) / 1000 if given.endswith("ms") else float(given.removesuffix("s"))
        )
    except ValueError:
        raise one.wrong("below", f"expected a length such as 100ms or 2.5s, got {given!r}") from None
    text = f"{seconds:.10f}".rstrip("0")
    whole, _, rest = text.partition(".")
    return f"{whole}\\\\.{rest}" if rest else f"{whole}(\\\\.0)?"


def alerting(one: Fields) -> Alerting:
    given = one.mapping("alert", known=ALERT_KEYS)
    return Alerting(
        name=given.text("name", default=alert_name(one.text("name"))),
        labels=given.texts("labels"),
        annotations={**described(one), **given.texts("annotations")},
        page=told(given, "page", "critical"),
        ticket=told(given, "ticket", "warning"),
    )


def described(one: Fields) -> Mapping[str, str]:
    text = one.text("description", default="")
    return {"description": text} if text else {}


def told(given: Fields, key: str, severity: str) -> Told:
    """Return one severity; `false` in its place disables it."""
    if given.get(key) is False:
        return Told(enabled=False)
    inner = given.mapping(key, known="labels annotations")
    return Told({"severity": severity, **inner.texts("labels")}, inner.texts("annotations"))
