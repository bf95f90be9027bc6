"""Rules over the keeper's own store, through a restart."""

from collections.abc import Sequence
from pathlib import Path

from watchkeeper.keeper.promql import Engine, Sample
from watchkeeper.keeper.rules import GroupMemory, Outcome, Setting, evaluate, read, restore
from watchkeeper.keeper.store import Store, labels_of

MINUTE = 60_000
BEGAN = 1_800_000_000_000
TEXT = """
groups:
  - name: g
    rules:
      - {record: total, expr: sum(m)}
      - {alert: Low, expr: m < 5, for: 2m, labels: {severity: page}, annotations: {text: "{{ $value }}"}}
"""


def minute(store: Store, memory: GroupMemory, number: int, value: float | None) -> Outcome:
    """Store a sample (or none) and evaluate at a minute."""

    def append(samples: Sequence[Sample]) -> None:
        store.ingest((sample.labels, sample.time, sample.value) for sample in samples)

    now = BEGAN + number * MINUTE
    if value is not None:
        store.append(labels_of({"job": "j"}, "m"), now, value)
    return evaluate(memory, Setting(Engine(), store, append), now)


def test_alerts_live_through_a_restart_of_the_store(tmp_path: Path) -> None:
    """What fired before the end fires after the start, since the same time, and is resolved once."""
    clock = BEGAN / 1000 + 3600
    states = []
    with Store.open(tmp_path, clock=lambda: clock) as store:
        memory = GroupMemory.of(read(TEXT).groups[0])
        for number in range(4):
            states += [alert.state for alert in minute(store, memory, number, 1.0).alerts]
    assert states == ["pending", "pending", "firing", "firing"]
    with Store.open(tmp_path, clock=lambda: clock) as store:
        memory = GroupMemory.of(read(TEXT).groups[0])
        assert restore(memory, store, BEGAN + 8 * MINUTE) == 1
        after = [minute(store, memory, number, 1.0 if number < 10 else 9.0) for number in range(8, 12)]
        assert [outcome.alerts[0].state for outcome in after] == ["firing", "firing", "resolved", "resolved"]
        assert {outcome.alerts[0].active_at for outcome in after} == {BEGAN}
        assert Engine().instant(store, "ALERTS", BEGAN + 11 * MINUTE).samples == []
        assert [sample.value for sample in Engine().instant(store, "total", BEGAN + 9 * MINUTE).samples] == [
            1.0
        ]
