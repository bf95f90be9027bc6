"""The official client's metrics in the same process, served beside ours; it is never imported here."""

import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

from watchkeeper.agent.metrics.readings import sample

LOG = logging.getLogger("watchkeeper.agent")


class WithoutClashes:
    """The official registry less the families whose names are taken here; its writers only call `collect`."""

    def __init__(self, registry: Any, taken: Callable[[str], bool]) -> None:
        self._registry = registry
        self._taken = taken

    def collect(self) -> Iterator[Any]:
        """Yield the official families that clash with none of ours."""
        for metric in self._registry.collect():
            names = {metric.name, *(one.name for one in metric.samples)}
            if not any(self._taken(name) for name in names):
                yield metric


def registry(taken: Callable[[str], bool]) -> WithoutClashes | None:
    """Return the official client's default registry, filtered; None where the client is not in use."""
    client = sys.modules.get("prometheus_client")
    official = getattr(client, "REGISTRY", None)
    return None if official is None else WithoutClashes(official, taken)


def text(taken: Callable[[str], bool]) -> bytes:
    """Return the official metrics in the text format; empty when there are none or they fail."""
    return _written("prometheus_client.exposition", taken)


def openmetrics(taken: Callable[[str], bool]) -> bytes:
    """Return the official metrics in OpenMetrics without the closing `# EOF`."""
    return _written("prometheus_client.openmetrics.exposition", taken).removesuffix(b"# EOF\n")


def documents(taken: Callable[[str], bool]) -> list[dict[str, object]]:
    """Return the official metrics as documents; empty when there are none or they fail."""
    found = registry(taken)
    try:
        return [_document(metric) for metric in found.collect()] if found else []
    except Exception:
        LOG.exception("the metrics of prometheus_client could not be read")
        return []


def _written(module: str, taken: Callable[[str], bool]) -> bytes:
    found = registry(taken)
    writer = getattr(sys.modules.get(module), "generate_latest", None)
    if found is None or writer is None:
        return b""
    try:
        return bytes(writer(found))
    except Exception:
        LOG.exception("the metrics of prometheus_client could not be written")
        return b""


def _document(metric: Any) -> dict[str, object]:
    return {
        "name": metric.name,
        "type": metric.type,
        "help": metric.documentation,
        "unit": metric.unit,
        "samples": [sample(one.name, dict(one.labels), one.value) for one in metric.samples],
    }
