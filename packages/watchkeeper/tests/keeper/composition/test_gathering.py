"""What is gathered for the judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper.keeper.asking import Asker
from watchkeeper.keeper.config import parse
from watchkeeper.keeper.findings import Gathering, silence_rules
from watchkeeper.keeper.judge import Contact, Judge, Standing
from watchkeeper.keeper.store import Store, labels_of

NOW = 1_700_000_000.0
CONFIG = parse(
    """
judge:
  silence:
  - {name: frames, metric: last_frame_timestamp_seconds, limit: 5s, what: frame}
  - {name: orders, metric: orders_total, limit: 5s}
"""
)


def contact(bot: str, up: bool | None = True) -> Contact:
    return Contact("job", f"{bot}:1", bot, up, NOW, 1.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, flush_seconds=3600.0, clock=lambda: NOW) as opened:
        yield opened


def gathering(store: Store, started: float = NOW - 100) -> Gathering:
    async def fetch(url: str, timeout: float, limit: int) -> dict[str, object]:
        raise OSError(url)

    return Gathering(CONFIG, silence_rules(CONFIG), store, Asker(fetch, "/health", lambda: NOW), started)


def put(store: Store, name: str, bot: str, points: list[tuple[float, float]]) -> None:
    labels = labels_of({"job": "job", "instance": f"{bot}:1"}, name)
    store.ingest([(labels, int((NOW + at) * 1000), value) for at, value in points])


def states(found: Gathering, contacts: list[Contact], judge: Judge) -> dict[str, str]:
    return {finding.subject: finding.state for finding in found.findings(contacts, judge, NOW)}


def test_only_bots_that_show_the_metric_are_judged_by_it(store: Store) -> None:
    """A rule for one kind of bot says nothing of another kind."""
    put(store, "last_frame_timestamp_seconds", "one", [(-1, NOW - 1)])
    seen = states(gathering(store), [contact("one"), contact("two")], Judge())
    assert seen["silence/one/frames"] == "healthy"
    assert not any("two/frames" in subject for subject in seen)


def test_a_counter_that_stands_still_is_silent(store: Store) -> None:
    """The kind follows from the name: only names of times are times."""
    put(store, "orders_total", "one", [(at, 7.0) for at in range(-8, 1)])
    assert states(gathering(store), [contact("one")], Judge())["silence/one/orders"] == "unhealthy"


def test_a_known_subject_stays_judged_when_its_metric_is_gone(store: Store) -> None:
    """A collector that died is not forgotten."""
    judge = Judge({"silence/one/frames": Standing("silence/one/frames", "healthy", NOW - 50)})
    assert states(gathering(store), [contact("one")], judge)["silence/one/frames"] == "unhealthy"


def test_a_keeper_that_has_just_started_waits_before_it_writes_unknown(store: Store) -> None:
    """A restart of the keeper is not a change of the bots."""
    fresh = gathering(store, started=NOW - 1).findings([contact("one", up=None)], Judge(), NOW)
    later = gathering(store, started=NOW - 100).findings([contact("one", up=None)], Judge(), NOW)
    assert (fresh[0].state, later[0].state) == ("unknown", "unknown")
    assert fresh[0].hold > later[0].hold == 0
