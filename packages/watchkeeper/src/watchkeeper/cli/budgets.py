"""Read error budgets from the recorded series of any engine that evaluates the rules."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from watchkeeper.cli.asking import Refused, ask

DAY = 86_400
POINTS = 24
STEPS = 500
OWN = ("__name__", "sloth_id", "sloth_service", "sloth_slo", "sloth_window")


def read(url: str, history: str | None) -> list[dict[str, Any]]:
    """Return every budget; raise Refused and Unanswered.

    Each is {id, service, slo, labels, target, days, remaining, burn, exhausted_at}, where remaining and
    burn are None before the first events; with a history, points of (time, share left).
    """
    targets = {row["sloth_id"]: value for row, value in vector(url, "slo:objective:ratio")}
    days = {row["sloth_id"]: value for row, value in vector(url, "slo:time_period:days")}
    burns = {key(row): value for row, value in vector(url, "slo:current_burn_rate:ratio")}
    left = {key(row): (row, value) for row, value in vector(url, "slo:period_error_budget_remaining:ratio")}
    shared = {row["sloth_id"]: row for row, _ in vector(url, "slo:objective:ratio")}
    missing = {key(row): (row, None) for name, row in shared.items() if not any(k[0] == name for k in left)}
    stories = told(url, history) if history else {}
    aligned = calendar_stories(url, targets)
    rows = []
    for name, (row, value) in sorted({**left, **missing}.items()):
        base, story = shared.get(row["sloth_id"], {}), stories.get(name, [])
        if name in aligned:
            story = aligned[name]
            value = story[-1][1] if story else None
        found = budget(row, base, targets[name[0]], days.get(name[0], 30.0), value, burns.get(name))
        rows.append({**found, "history": story} if history else found)
    return rows


def calendar_stories(url: str, targets: dict[str, float]) -> dict[tuple[str, ...], list[tuple[str, float]]]:
    """Return the budgets that follow the calendar, point by point since their period began."""
    from watchkeeper.keeper.slo.budget import history
    from watchkeeper.keeper.slo.calendar import period_start

    now = time.time()
    found: dict[tuple[str, ...], list[tuple[str, float]]] = {}
    for info, _ in vector(url, 'sloth_slo_info{slo_calendar!=""}'):
        start = period_start(info["slo_calendar"], info["slo_zone"], now)
        name = json.dumps(info["sloth_id"], ensure_ascii=False)
        # The shortest window is recorded under different names; one of them exists.
        query = f'{{__name__=~"slo:sli_error:ratio_rate(1|2|3|4|5|6|10|15|20)m", sloth_id={name}}}'
        for metric, points in curves(url, query, start, now, STEPS):
            allowed = 1 - targets[info["sloth_id"]]
            story = [(moment(at), share) for at, share in history(points, allowed, start)]
            found.setdefault(key(metric), story)
    return found


def curves(
    url: str, query: str, start: float, end: float, steps: int
) -> list[tuple[dict[str, str], list[tuple[float, float]]]]:
    """Return labels and points of each series of a range query."""
    step = max(1, int((end - start) // steps))
    fields = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": str(step)}
    data = ask(f"/api/v1/query_range?{urlencode(fields)}", url)["data"]["result"]
    return [
        (series["metric"], [(float(at), float(value)) for at, value in series["values"]]) for series in data
    ]


def budget(
    row: dict[str, str],
    base: dict[str, str],
    target: float,
    days: float,
    left: float | None,
    burn: float | None,
) -> dict[str, Any]:
    from watchkeeper.keeper.slo import Budget

    end = None
    if left is not None and burn is not None:
        now = time.time()
        at = Budget(1 - target, (1 - left) * (1 - target), burn, int(days * DAY), now).exhausted_at()
        end = moment(at) if at is not None and at < now + days * DAY else None
    return {
        "id": row["sloth_id"],
        "service": row["sloth_service"],
        "slo": row["sloth_slo"],
        "labels": {name: text for name, text in row.items() if name not in OWN and name not in base},
        "target": round(100 * target, 10),
        "days": days,
        "remaining": left,
        "burn": burn,
        "exhausted_at": end,
    }


def told(url: str, history: str) -> dict[tuple[str, ...], list[tuple[str, float]]]:
    """Return the points of each budget over a length of time that ends now; raise Refused."""
    from watchkeeper.keeper.slo.lengths import seconds

    try:
        length = seconds(history)
    except ValueError as error:
        raise Refused(f"--history: {error}") from None
    now = time.time()
    found = curves(url, "slo:period_error_budget_remaining:ratio", now - length, now, POINTS)
    return {key(metric): [(moment(at), value) for at, value in points] for metric, points in found}


def vector(url: str, query: str) -> Iterator[tuple[dict[str, str], float]]:
    """Yield labels and value of each series of an instant query, without those that are not numbers."""
    for one in ask(f"/api/v1/query?{urlencode({'query': query})}", url)["data"]["result"]:
        value = float(one["value"][1])
        if value == value:
            yield one["metric"], value


def key(row: dict[str, str]) -> tuple[str, ...]:
    rest = sorted(f"{name}={text}" for name, text in row.items() if name not in OWN)
    return (row["sloth_id"], *rest)


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
