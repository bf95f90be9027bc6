"""The keeper's state as Prometheus shows its own: build, run, flags, configuration, store."""

from __future__ import annotations

import os
import platform
import threading
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.store import Labels, Store
from watchkeeper.keeper.web.prometheus.browsing import counted
from watchkeeper.keeper.web.prometheus.envelope import success
from watchkeeper.keeper.web.prometheus.form import Form
from watchkeeper.keeper.web.prometheus.inspecting import stamp, whole
from watchkeeper.keeper.web.prometheus.queries import running_of, source_of

# Clients (Grafana among them) take the version for that of the API, which is Prometheus' own here.
API_VERSION = "2.55.0"
MOST_ROWS = 10


async def buildinfo(request: Request) -> Response:
    """Answer the version: that of Prometheus whose API this is, and ours as the revision."""
    return success(
        {
            "version": API_VERSION,
            "revision": f"watchkeeper-{source_of(request).version}",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": f"python{platform.python_version()}",
        }
    )


async def runtimeinfo(request: Request) -> Response:
    """Answer how the keeper runs."""
    source, stats = source_of(request), source_of(request).store.stats()
    return success(
        {
            "startTime": stamp(source.started),
            "CWD": os.getcwd(),  # noqa: PTH109 (a text for people)
            "reloadConfigSuccess": True,
            "lastConfigTime": stamp(source.started),
            "corruptionCount": stats.corrupt_chunks,
            "goroutineCount": threading.active_count(),
            "GOMAXPROCS": os.cpu_count() or 1,
            "GOGC": "",
            "GODEBUG": "",
            "storageRetention": source.retention,
        }
    )


async def flags(request: Request) -> Response:
    """Answer the settings that matter to queries."""
    return success(source_of(request).flags())


async def config(request: Request) -> Response:
    """Answer the configuration as YAML; it holds no secrets, only the names of their files."""
    return success({"yaml": source_of(request).config()})


async def tsdb(request: Request) -> Response:
    """Answer what the store holds and which names and labels hold most of it."""
    form, store = await Form.of(request), source_of(request).store
    given = whole(form, "limit")
    most = given if given > 0 else MOST_ROWS

    return success(await running_of(request).run(request, None, lambda _: state_of(store, most)))


def state_of(store: Store, most: int) -> dict[str, Any]:
    """Return what a store holds, in Prometheus' form, and our own figures."""
    rows = cardinality([labels for _, labels in store.known()], most)
    stats = store.stats()
    head = {
        "numSeries": stats.series,
        "numLabelPairs": rows.pop("pairs"),
        "chunkCount": stats.chunks,
        "minTime": stats.oldest or 0,
        "maxTime": stats.newest or 0,
    }
    own = {"samples": stats.samples, "bytes": stats.bytes, "unflushedSamples": stats.unflushed_samples}
    return {"headStats": head, **rows, "watchkeeper": own}


def cardinality(series: list[Labels], most: int) -> dict[str, Any]:
    """Count series by name and by pair, values and bytes by label."""
    pairs = Counter(pair for labels in series for pair in labels)
    names, sizes = Counter[str](), Counter[str]()
    for name, value in pairs:
        names[name] += 1
        sizes[name] += len(value.encode()) * pairs[name, value]
    metrics = ((value, count) for (name, value), count in pairs.items() if name == "__name__")
    return {
        "pairs": len(pairs),
        "seriesCountByMetricName": counted(metrics, most),
        "labelValueCountByLabelName": counted(names.items(), most),
        "memoryInBytesByLabelName": counted(sizes.items(), most),
        "seriesCountByLabelValuePair": counted(((f"{n}={v}", c) for (n, v), c in pairs.items()), most),
    }
