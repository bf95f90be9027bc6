"""/federate: the newest samples of some series, as an exposition that another Prometheus scrapes."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.promql.quoting import general
from watchkeeper.keeper.store import STALE_BITS, Labels, Matcher, Series, Store
from watchkeeper.keeper.web.prometheus.envelope import refusal
from watchkeeper.keeper.web.prometheus.form import Form
from watchkeeper.keeper.web.prometheus.queries import running_of, source_of

KIND = "text/plain; version=0.0.4; charset=utf-8"
LOOKBACK_MS = 300_000
_METRIC = re.compile(r"^\d|[^a-zA-Z0-9_:]")
_LABEL = re.compile(r"^\d|[^a-zA-Z0-9_]")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


async def federate(request: Request) -> Response:
    """Answer the newest sample of each series that a selector matches, not older than five minutes."""
    form, source = await Form.of(request), source_of(request)
    selectors = form.matchers("match[]")
    if not selectors:
        return refusal("bad_data", "no match[] parameter provided")
    now = source.now_ms()

    def work() -> bytes:
        return exposition(newest(source.store, selectors, now), dict(source.external_labels)).encode()

    body = await running_of(request).run(request, None, lambda _: work())
    return Response(body, 200, {"Content-Type": KIND, "Cache-Control": "no-store"})


def newest(store: Store, selectors: Iterable[list[Matcher]], now: int) -> dict[Labels, tuple[int, float]]:
    """Return the newest sample of each series; a series that ended has none."""
    found: dict[Labels, tuple[int, float]] = {}
    for selector in selectors:
        for series in store.select(selector, now - LOOKBACK_MS + 1, now):
            if not ended(series):
                found[series.labels] = int(series.times[-1]), float(series.values[-1])
    return found


def ended(series: Series) -> bool:
    return int(np.ascontiguousarray(series.values[-1:]).view(np.uint64)[0]) == STALE_BITS


def exposition(samples: dict[Labels, tuple[int, float]], external: dict[str, str]) -> str:
    """Write the text format, sorted by name; an absent instance is written as empty.

    What the format cannot hold of a name becomes an underscore. The empty label keeps the
    scraper's own `instance` away where it honours labels.
    Source: Prometheus, web/federate.
    """
    lines, last = [], ""
    for labels, (time_ms, value) in sorted(samples.items(), key=named):
        pairs = {**external, "instance": "", **dict(labels)}
        name = _METRIC.sub("_", pairs.pop("__name__", ""))
        if name != last:
            lines.append(f"# TYPE {name} untyped")
            last = name
        # A label of that very name wins over one that is only written so.
        plain = {_LABEL.sub("_", key): text for key, text in pairs.items()}
        plain |= {key: text for key, text in pairs.items() if key in plain}
        inner = ",".join(f'{key}="{text.translate(_ESCAPES)}"' for key, text in sorted(plain.items()))
        lines.append(f"{name}{{{inner}}} {general(value)} {time_ms}")
    return "".join(f"{line}\n" for line in lines)


def named(sample: tuple[Labels, tuple[int, float]]) -> tuple[str, Labels]:
    """Order by metric, then labels: one metric's lines must stand together."""
    return _METRIC.sub("_", dict(sample[0]).get("__name__", "")), sample[0]
