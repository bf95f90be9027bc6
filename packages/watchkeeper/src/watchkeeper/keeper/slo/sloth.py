"""Sloth's files: `version: prometheus/v1`, and the resource `PrometheusServiceLevel` of Kubernetes.

Source: https://sloth.dev, specs prometheus/v1 and sloth.slok.dev/v1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from watchkeeper.keeper.slo.errors import SliUnknown, WindowsInvalid
from watchkeeper.keeper.slo.fields import Fields
from watchkeeper.keeper.slo.indicator import Events, Indicator, Share
from watchkeeper.keeper.slo.objective import Alerting, Objective, Told
from watchkeeper.keeper.slo.windows import MONTH, AlertWindows, BurnWindow

PLAIN: Final = "prometheus/v1"
RESOURCE: Final = "sloth.slok.dev/v1"
SLO_KEYS: Final = "name objective description labels sli alerting plugins interval"
INTERVALS: Final = "all default slierror sliError metadata alert"


@dataclass(frozen=True, slots=True)
class Service:
    """What all objectives of a file share."""

    name: str
    labels: Mapping[str, str]
    plugins: tuple[Fields, ...]
    spec: str
    period: int


def sloth_objectives(
    raw: Any, templates: Mapping[str, Mapping[str, str]], period: int = MONTH
) -> Iterator[Objective]:
    """Yield the objectives of one document; templates are indicator plugins by their id.

    Raise ObjectiveInvalid naming the place, SliUnknown for a plugin without a template.
    """
    top = Fields(raw, "")
    spec = PLAIN if "version" in top else RESOURCE
    body = top if spec == PLAIN else top.mapping("spec")
    chain = tuple(body.mapping("slo_plugins", "sloPlugins").mappings("chain"))
    service = Service(body.text("service"), body.texts("labels"), chain, spec, period)
    for one in body.mappings("slos", SLO_KEYS):
        yield extended(objective(one, service, templates), one, service)


def objective(one: Fields, service: Service, templates: Mapping[str, Mapping[str, str]]) -> Objective:
    paces = one.mapping("interval", known=INTERVALS)
    return Objective(
        service=service.name,
        name=one.text("name"),
        target=one.share("objective", 100),
        indicator=indicator(one.mapping("sli"), templates),
        description=one.text("description", default=""),
        period=service.period,
        labels={**service.labels, **one.texts("labels")},
        alerting=alerting(one.mapping("alerting")),
        spec=service.spec,
        interval=pace(paces, "all"),
        intervals=paces_of(paces),
    )


def pace(paces: Fields, *keys: str) -> str:
    """Return how often rules are looked at, as it is written; nothing where it is not told."""
    for key in keys:
        paces.length(key, 0)
    return paces.text(*keys, default="")


def paces_of(paces: Fields) -> dict[str, str]:
    """Return how often the rules of each kind of group are looked at."""
    return {
        "sli-recordings": pace(paces, "slierror", "sliError"),
        "meta-recordings": pace(paces, "metadata"),
        "alerts": pace(paces, "alert"),
    }


def indicator(sli: Fields, templates: Mapping[str, Mapping[str, str]]) -> Indicator:
    """Return the indicator of an `sli` mapping."""
    if "events" in sli:
        events = sli.mapping("events")
        return Events(events.text("error_query", "errorQuery"), events.text("total_query", "totalQuery"))
    if "raw" in sli:
        return Share(sli.mapping("raw").text("error_ratio_query", "errorRatioQuery"))
    if "plugin" in sli:
        return templated(sli.mapping("plugin"), templates)
    raise sli.wrong("events", "expected events, raw or plugin")


def templated(plugin: Fields, templates: Mapping[str, Mapping[str, str]]) -> Indicator:
    """Return the indicator of a plugin: its template with `{{.options.NAME}}` filled in."""
    name = plugin.text("id")
    if name not in templates:
        raise SliUnknown(
            f"{plugin.at('id')}: no indicator plugin {name!r}; Sloth's are Go programs, so give its queries "
            f"in a file of indicators: {name}: {{error_query: ..., total_query: ...}}"
        )
    options = plugin.texts("options")

    def query(key: str) -> str:
        text = Fields(templates[name], f"indicator {name}").text(key)
        for option, value in options.items():
            text = text.replace(f"{{{{.options.{option}}}}}", value)
        return text

    if "error_ratio_query" in templates[name]:
        return Share(query("error_ratio_query"))
    return Events(query("error_query"), query("total_query"))


def alerting(one: Fields) -> Alerting:
    return Alerting(
        name=one.text("name", default=""),
        labels=one.texts("labels"),
        annotations=one.texts("annotations"),
        page=told(one.mapping("page_alert", "pageAlert")),
        ticket=told(one.mapping("ticket_alert", "ticketAlert")),
    )


def told(one: Fields) -> Told:
    return Told(one.texts("labels"), one.texts("annotations"), not one.flag("disable"))


def extended(found: Objective, one: Fields, service: Service) -> Objective:
    """Return the objective as its chain of plugins changes it; those that only print change nothing."""
    chain = [*service.plugins, *one.mapping("plugins").mappings("chain")]
    for plugin in sorted(chain, key=lambda each: each.get("priority") or 0):
        found = changed(found, plugin.text("id"), plugin.mapping("config"))
    return found


def changed(found: Objective, plugin: str, config: Fields) -> Objective:
    """Return the objective as one plugin changes it; raise SliUnknown for one that is not known."""
    match plugin.removeprefix("sloth.dev/"):
        case "contrib/info_labels/v1":
            return replace(found, info={**found.info, **config.texts("labels")})
        case "contrib/rule_intervals/v1":
            paces = config.mapping("interval", known=INTERVALS)
            return replace(found, interval=pace(paces, "default", "all"), intervals=paces_of(paces))
        case "contrib/denominator_corrected_rules/v1":
            return replace(found, correction=True)
        case "contrib/validate_victoria_metrics/v1":
            return replace(found, checked=False)  # its expressions are MetricsQL, which is more than PromQL
        case "core/sli_rules/v1" | "core/metadata_rules/v1" | "core/alert_rules/v1" | "core/validate/v1":
            return found
        case "core/debug/v1" | "core/noop/v1":
            return found
    raise SliUnknown(f"no rule plugin {plugin!r}")


def alert_windows(raw: Any) -> AlertWindows:
    """Return the windows of a document of the kind AlertWindows; raise WindowsInvalid."""
    top = Fields(raw, "")
    if top.get("kind") != "AlertWindows":
        raise WindowsInvalid(f"expected a document of the kind AlertWindows, got {top.get('kind')!r}")
    spec = top.mapping("spec", known="sloPeriod page ticket")
    period = spec.length("sloPeriod", 0)
    if not period:
        raise WindowsInvalid("spec.sloPeriod: expected a length such as 30d")
    return AlertWindows(period, pair(spec.mapping("page"), period), pair(spec.mapping("ticket"), period))


def pair(one: Fields, period: int) -> tuple[BurnWindow, BurnWindow]:
    return burn_window(one.mapping("quick"), period), burn_window(one.mapping("slow"), period)


def burn_window(one: Fields, period: int) -> BurnWindow:
    percent = one.share("errorBudgetPercent", 100.001)
    short, long = one.length("shortWindow", 0), one.length("longWindow", 0)
    if not 0 < short < long <= period:
        raise WindowsInvalid(f"{one.place}: expected shortWindow below longWindow, within the period")
    return BurnWindow(percent, short, long)
