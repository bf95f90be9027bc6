"""The interpreter as a source of metrics: garbage collection, threads, version; the official names."""

import gc
import sys
import threading

from watchkeeper.agent.metrics.registry import Registry


class RuntimeMetrics:
    """Collections of the garbage collector, Python threads."""

    def __init__(self, registry: Registry) -> None:
        generation = ("generation",)
        self._collections = registry.counter(
            "python_gc_collections_total", "Runs of the collector.", generation
        )
        self._collected = registry.counter(
            "python_gc_objects_collected_total", "Objects collected.", generation
        )
        self._uncollectable = registry.counter(
            "python_gc_objects_uncollectable_total", "Objects found that cannot be collected.", generation
        )
        self._threads = registry.gauge("python_threads", "Living Python threads.")
        info = registry.gauge("python_info", "The interpreter.", ("implementation", "version"))
        info.labels(sys.implementation.name, ".".join(map(str, sys.version_info[:3]))).set(1)

    def refresh(self) -> None:
        """Read everything again."""
        self._threads.set(threading.active_count())
        for generation, counts in enumerate(gc.get_stats()):
            self._collections.labels(str(generation)).raise_to(counts["collections"])
            self._collected.labels(str(generation)).raise_to(counts["collected"])
            self._uncollectable.labels(str(generation)).raise_to(counts["uncollectable"])
