"""A small keeper in memory: a store, an engine and groups from a text."""

from collections.abc import Callable, Sequence

import pytest

from watchkeeper.keeper.promql import Engine, Sample
from watchkeeper.keeper.promql.labels import of as labels_of
from watchkeeper.keeper.promql.testing import MemoryStore
from watchkeeper.keeper.rules import GroupMemory, Origin, Outcome, Setting, evaluate, read

MINUTE = 60_000


class Keeper:
    """Groups over a store in memory; `at` evaluates all of them at a minute."""

    def __init__(self, text: str, store: MemoryStore | None = None, **more: object) -> None:
        self.store = store or MemoryStore()
        self.setting = Setting(Engine(), self.store, self.append, Origin({"site": "x"}, "http://k"), **more)  # type: ignore[arg-type]
        self.memories = [GroupMemory.of(group) for group in read(text, "f").groups]

    def append(self, samples: Sequence[Sample]) -> None:
        for sample in samples:
            self.store.add(sample.labels, [(sample.time, sample.value)])

    def put(self, minute: float, value: float, name: str = "m", **labels: str) -> None:
        """Store one sample."""
        self.store.add(labels_of({"__name__": name, **labels}), [(int(minute * MINUTE), value)])

    def at(self, minute: float) -> Outcome:
        """Evaluate the first group, after all others."""
        outcomes = [evaluate(memory, self.setting, int(minute * MINUTE)) for memory in self.memories]
        return outcomes[0]


@pytest.fixture
def keeper() -> Callable[..., Keeper]:
    """Return what makes a small keeper."""
    return Keeper
