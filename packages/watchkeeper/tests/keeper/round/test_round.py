"""A round of care, cut off at any point, is made good by the next one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.keeper import memory
from watchkeeper.keeper.alerts import Notification
from watchkeeper.keeper.diary import Diary
from watchkeeper.keeper.judge import Contact, Finding, Judge
from watchkeeper.keeper.notify.outbox import Line, Outbox
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.round import Round
from watchkeeper.keeper.store import Flip, Flips, StoreUnwritable

FEED = "component/bot/feed"
PAPER = Line("diary", "paper")


class Killed(BaseException):
    """The process dies here."""


class Paper:
    """A channel that keeps what it is told."""

    kind, timeout, limit, width = "paper", 10.0, Limit(), 1

    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []

    async def send(self, notification: Notification, key: str) -> None:
        self.told.append((notification.row, notification.status))


class MortalFlips(Flips):
    """Rows; the process dies before or after one is written, or the disk refuses it."""

    die = ""

    def append(self, flip: Flip) -> int:
        if self.die == f"before {kind(flip)}":
            raise Killed
        if self.die == "disk full":
            raise StoreUnwritable("no space left")
        row = super().append(flip)
        if self.die == f"after {kind(flip)}":
            raise Killed
        return row


class MortalDiary(Diary):
    """The diary; the process dies before or after the outbox has taken what is new."""

    die = ""

    async def follow(self) -> None:
        if self.die == "before the outbox":
            raise Killed
        await super().follow()
        if self.die == "after the outbox":
            raise Killed


def kind(flip: Flip) -> str:
    return "alert row" if flip.subject.startswith("alert/") else "row"


class Life:
    """One life of the keeper over a folder."""

    def __init__(self, folder: Path, paper: Paper, state: list[str]) -> None:
        self.flips = MortalFlips.open(folder)
        judge, ledger = memory.recalled(self.flips)
        self.state = state
        self.outbox = Outbox(folder / "outbox.db", {PAPER: paper}, lambda: 0.0)
        self.diary = MortalDiary(self.flips, [PAPER], self.outbox)
        self.round = Round(self.findings, judge, ledger, self.flips, self.diary)

    def findings(self, contacts: list[Contact], judge: Judge, now: float) -> list[Finding]:
        return [Finding(FEED, self.state[0], "why")]

    async def go(self, now: float) -> None:
        await self.round.go([], now)
        while await self.outbox.step():
            pass

    def end(self) -> None:
        self.outbox.close()
        self.flips.close()


POINTS = [
    *("before row", "after row", "before alert row", "after alert row"),
    *("before the outbox", "after the outbox"),
]


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_at_any_point_loses_no_alert_and_doubles_none(tmp_path: Path, point: str) -> None:
    """What the dead keeper owed is told by the next, once. (Kills within a send are the outbox's matter.)"""
    paper, state = Paper(), ["healthy"]
    first = Life(tmp_path, paper, state)
    await first.go(1)
    state[0] = "unhealthy"
    first.flips.die = first.diary.die = point
    with pytest.raises(Killed):
        await first.go(2)
    first.end()
    second = Life(tmp_path, paper, state)
    await second.go(3)
    await second.go(4)
    second.end()
    assert [status for _, status in paper.told] == ["firing"]


async def test_a_row_is_written_before_it_is_told(tmp_path: Path) -> None:
    """At the moment of telling the change is on the disk."""
    flips = Flips.open(tmp_path)
    seen: list[str] = []

    class Reader(Paper):
        async def send(self, notification: Notification, key: str) -> None:
            seen.append(flips.state()[f"alert/{FEED}"].to_state)

    life = Life(tmp_path, Reader(), ["unhealthy"])
    await life.go(1)
    assert seen == ["firing"]
    life.end()
    flips.close()


async def test_a_full_disk_does_not_silence_the_alarm(tmp_path: Path) -> None:
    """Where the row is refused the alert is told all the same, once, and the failure is counted."""
    paper = Paper()
    life = Life(tmp_path, paper, ["unhealthy"])
    life.flips.die = "disk full"
    await life.go(1)
    await life.go(2)
    assert paper.told == [(0, "firing")]
    assert life.round.tally.unwritten == 2
    life.end()


async def test_a_restart_tells_nothing_again(tmp_path: Path) -> None:
    """An alert that fires goes on firing, silently."""
    paper = Paper()
    for now in range(1, 6):
        life = Life(tmp_path, paper, ["unhealthy"])
        await life.go(now)
        life.end()
    assert [status for _, status in paper.told] == ["firing"]


async def test_a_change_while_the_keeper_was_dead_is_told_once(tmp_path: Path) -> None:
    """The first round after the start resolves what has become well."""
    paper = Paper()
    for now, state in enumerate(["unhealthy", "healthy", "healthy"]):
        life = Life(tmp_path, paper, [state])
        await life.go(now)
        life.end()
    assert [status for _, status in paper.told] == ["firing", "resolved"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["healthy", "unhealthy", "unknown", "degraded"]), st.booleans()), max_size=12
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
async def test_what_is_told_alternates_over_any_life(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool]]
) -> None:
    """Firing and resolved take turns over any run of states and restarts, and end as the last known state."""
    folder, paper, state = tmp_path_factory.mktemp("life"), Paper(), ["healthy"]
    life = Life(folder, paper, state)
    for now, (wanted, restart) in enumerate(steps):
        if restart:
            life.end()
            life = Life(folder, paper, state)
        state[0] = wanted
        await life.go(now)
    life.end()
    told = [status for _, status in paper.told]
    assert told == [("firing", "resolved")[place % 2] for place in range(len(told))]
    known = [wanted for wanted, _ in steps if wanted != "unknown"]
    assert (told[-1:] == ["firing"]) == (known[-1:] == ["unhealthy"])
