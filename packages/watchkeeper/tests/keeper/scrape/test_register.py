"""Targets that announce themselves: taken in, renewed, kept over a restart, forgotten when time is over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.keeper.scrape import JobError, Register, ScrapeJob, Scraper
from watchkeeper.keeper.store import Store

JOBS = [ScrapeJob("bots", interval=1.0, timeout=1.0), ScrapeJob("others", interval=1.0, timeout=1.0)]


@dataclass
class Scene:
    """One data folder and a clock; `start` is a start of the keeper."""

    folder: Path
    store: Store
    now: float = 1_000.0

    def start(self) -> tuple[Register, Callable[[], list[tuple[str, str]]]]:
        scraper = Scraper(JOBS, self.store, clock=lambda: self.now)
        register = Register(scraper, self.folder / "targets.json", lambda: self.now)
        register.restore()

        def targets() -> list[tuple[str, str]]:
            found = [target for job in JOBS for target in scraper._found(job)]
            return [(dict(target.labels)["instance"], dict(target.labels).get("bot", "")) for target in found]

        return register, targets


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A store of its own for each test."""
    store = Store.open(tmp_path / "data")
    yield Scene(tmp_path, store)
    store.close()


def test_an_announced_target_stays_until_its_time_is_over(scene: Scene) -> None:
    register, targets = scene.start()
    register.announce("bots", "127.0.0.1:9090", {"bot": "arb"}, 60.0)
    assert targets() == [("127.0.0.1:9090", "arb")]
    scene.now += 59.0
    assert targets()
    scene.now += 2.0
    assert not targets()


def test_a_restart_of_the_keeper_forgets_nobody(scene: Scene) -> None:
    """A bot that died while the keeper was down is still a target, so its death is told."""
    scene.start()[0].announce("bots", "127.0.0.1:9090", {"bot": "arb"}, 60.0)
    scene.now += 10.0
    register, targets = scene.start()
    assert targets() == [("127.0.0.1:9090", "arb")]
    scene.now += 51.0
    assert not targets() and not scene.start()[1]()
    register.announce("bots", "127.0.0.1:9091", {}, 60.0)
    assert [row["address"] for row in json.loads((scene.folder / "targets.json").read_text())] == [
        "127.0.0.1:9091"
    ]


def test_a_target_that_is_renewed_each_few_seconds_is_still_there_after_a_restart(scene: Scene) -> None:
    """Renewals are written seldom, but never so seldom that a living target would be lost."""
    register, _ = scene.start()
    for _ in range(100):
        register.announce("bots", "127.0.0.1:9090", {}, 60.0)
        assert scene.start()[1]() == [("127.0.0.1:9090", "")]
        scene.now += 15.0


def test_new_labels_take_the_place_of_the_old_ones(scene: Scene) -> None:
    """One bot is one target, whatever it was called before."""
    register, targets = scene.start()
    register.announce("bots", "127.0.0.1:9090", {"bot": "old"})
    register.announce("bots", "127.0.0.1:9090", {"bot": "new"})
    assert targets() == [("127.0.0.1:9090", "new")]
    assert scene.start()[1]() == [("127.0.0.1:9090", "new")]


def test_what_was_withdrawn_is_gone_also_after_a_restart(scene: Scene) -> None:
    register, targets = scene.start()
    register.announce("bots", "127.0.0.1:9090", {})
    register.announce("others", "127.0.0.1:9090", {})
    assert register.withdraw("bots", "127.0.0.1:9090")
    assert not register.withdraw("bots", "127.0.0.1:9090")
    assert len(targets()) == len(scene.start()[1]()) == 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown job": ({"job": "ghosts"}, "known: bots, others"),
    "no address": ({"address": "a b:1"}, "no http or https URL"),
    "time too long": ({"ttl": 1e12}, "ttl must be"),
    "no time": ({"ttl": float("nan")}, "ttl must be"),
    "job as a label": ({"labels": {"job": "x"}}, "no label that a target may give"),
    "inner label": ({"labels": {"__address__": "x:1"}}, "no label that a target may give"),
    "too many labels": ({"labels": {f"l{n}": "" for n in range(40)}}, "more than 32 labels"),
}


@pytest.mark.parametrize(("change", "told"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_is_refused_and_nothing_kept(
    scene: Scene, change: dict[str, Any], told: str
) -> None:
    """A target cannot pose as another job, nor reach inside the scraper by its labels."""
    register, targets = scene.start()
    word = {"job": "bots", "address": "127.0.0.1:9090", "labels": {}, "ttl": 60.0, **change}
    with pytest.raises(JobError, match=told):
        register.announce(**word)
    assert not targets() and not scene.start()[1]()


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"job": "bots"}]', "[" * 100_000, "null"])
def test_a_broken_file_is_told_and_the_keeper_starts(
    scene: Scene, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Bots announce themselves anew; a keeper that does not start would watch nobody."""
    (scene.folder / "targets.json").write_text(text)
    _, targets = scene.start()
    assert not targets()
    assert "cannot be read" in caplog.text


def test_a_disk_that_refuses_costs_no_target(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    register, targets = scene.start()
    (scene.folder / "targets.new").mkdir()
    register.announce("bots", "127.0.0.1:9090", {})
    assert targets() and "cannot be written" in caplog.text
