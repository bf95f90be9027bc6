"""Targets and what they say about their metrics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.scrape import Family, TargetStatus
from watchkeeper.keeper.store.index import acceptor
from watchkeeper.keeper.web.prometheus.envelope import BadData, success
from watchkeeper.keeper.web.prometheus.form import Form
from watchkeeper.keeper.web.prometheus.queries import source_of

NEVER = "0001-01-01T00:00:00Z"


async def targets(request: Request) -> Response:
    """Answer the targets; what relabelling dropped is not kept, so none are shown as dropped."""
    form, source = await Form.of(request), source_of(request)
    state, pool = (form.text("state") or "any").lower(), form.text("scrapePool")
    found = [one for one in source.targets() if not pool or one.job == pool]
    active = [target_row(one) for one in found] if state != "dropped" else []
    counts = dict.fromkeys(sorted({one.job for one in source.targets()}), 0)
    return success({"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": counts})


def target_row(status: TargetStatus) -> dict[str, Any]:
    """Return one active target in Prometheus' form."""
    return {
        "discoveredLabels": dict(status.discovered),
        "labels": dict(status.labels),
        "scrapePool": status.job,
        "scrapeUrl": status.url,
        "globalUrl": status.url,
        "lastError": status.last_error,
        "lastScrape": stamp(status.last_scrape) if status.health != "unknown" else NEVER,
        "lastScrapeDuration": status.last_duration,
        "health": status.health,
        "scrapeInterval": f"{status.interval:g}s",
        "scrapeTimeout": f"{status.timeout:g}s",
    }


def stamp(at: float) -> str:
    """Return a Unix time as RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def metadata(request: Request) -> Response:
    """Answer type, help and unit of each metric, each different saying once."""
    form, told = await Form.of(request), source_of(request).metadata()
    limit, each = whole(form, "limit"), whole(form, "limit_per_metric")
    name = form.text("metric")
    chosen = {name: told[name]} if name in told else {} if name else dict(sorted(told.items()))
    rows = list(chosen.items())[: limit if limit >= 0 else None]
    return success({metric: sayings(families, each) for metric, families in rows})


async def targets_metadata(request: Request) -> Response:
    """Answer what each target that matches says about a metric, or about all of its metrics."""
    form, source = await Form.of(request), source_of(request)
    limit, name, chosen = whole(form, "limit"), form.text("metric"), form.matchers("match_target")
    accepted = [(matcher.name, acceptor(matcher)) for matcher in (chosen[0] if chosen else ())]
    rows = [
        told_by(labels, metric, family, named=not name)
        for labels, families in source.sayings()
        if all(accepts(dict(labels).get(label, "")) for label, accepts in accepted)
        for metric, family in families.items()
        if not name or metric == name
    ]
    return success(rows[: limit if limit >= 0 else None])


def told_by(
    labels: tuple[tuple[str, str], ...], metric: str, family: Family, *, named: bool
) -> dict[str, Any]:
    about = {"type": family.type, "help": family.help, "unit": family.unit}
    return {"target": dict(labels), **({"metric": metric} if named else {}), **about}


def sayings(families: list[Family], most: int) -> list[dict[str, str]]:
    some = families[:most] if most > 0 else families
    return [{"type": one.type, "help": one.help, "unit": one.unit} for one in some]


def whole(form: Form, name: str) -> int:
    """Return a whole number, -1 where it is not given; raises BadData."""
    given = form.text(name)
    if not given:
        return -1
    if not (given.isascii() and given.lstrip("-").isdecimal() and len(given) < 19):
        raise BadData(f"{name} must be a number")
    return int(given)
