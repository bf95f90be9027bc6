"""A round of care, cut off at any point, is made good by the next one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.keeper import memory
from watchkeeper.keeper.judge import Contact, Finding, Judge
from watchkeeper.keeper.notify import Cursor, Outbox, Telling
from watchkeeper.keeper.round import Round, owed
from watchkeeper.keeper.store import Flip, Flips, StoreUnwritable

FEED = "component/bot/feed"


class Killed(BaseException):
    """The process dies here."""


class Paper:
    """A channel; dies before or after telling, when asked to."""

    name = "paper"

    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []
        self.die = ""

    async def send(self, telling: Telling) -> None:
        if self.die == "before telling":
            raise Killed
        self.told.append((telling.row, telling.notice.status))
        if self.die == "after telling":
            raise Killed


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


def kind(flip: Flip) -> str:
    return "alert row" if flip.subject.startswith("alert/") else "row"


class Life:
    """One life of the keeper over a folder."""

    def __init__(self, folder: Path, paper: Paper, state: list[str]) -> None:
        self.flips = MortalFlips.open(folder)
        judge, ledger = memory.recalled(self.flips)
        cursor = Cursor.open(folder / "notify.json", [paper.name], memory.last_row(self.flips))
        self.state = state
        outbox = Outbox([paper], cursor, owed(self.flips))
        self.round = Round(self.findings, judge, ledger, self.flips, outbox)

    def findings(self, contacts: list[Contact], judge: Judge, now: float) -> list[Finding]:
        return [Finding(FEED, self.state[0], "why")]

    async def go(self, now: float) -> None:
        await self.round.go([], now, now)


POINTS = ["before row", "after row", "before alert row", "after alert row", "before telling", "after telling"]


@pytest.mark.parametrize("point", POINTS)
async def test_a_kill_at_any_point_loses_no_alert(tmp_path: Path, point: str) -> None:
    """What the dead keeper owed is told by the next; only a kill right after telling tells twice."""
    paper, state = Paper(), ["healthy"]
    first = Life(tmp_path, paper, state)
    await first.go(1)
    state[0] = "unhealthy"
    first.flips.die = paper.die = point
    with pytest.raises(Killed):
        await first.go(2)
    first.flips.close()
    paper.die = ""
    second = Life(tmp_path, paper, state)
    await second.go(3)
    await second.go(4)
    second.flips.close()
    times = 2 if point == "after telling" else 1
    assert [status for _, status in paper.told] == ["firing"] * times
    assert len({row for row, _ in paper.told}) == 1


async def test_a_row_is_written_before_it_is_told(tmp_path: Path) -> None:
    """At the moment of telling the change is on the disk."""
    flips = Flips.open(tmp_path)
    seen: list[str] = []

    class Reader(Paper):
        async def send(self, telling: Telling) -> None:
            seen.append(flips.state()[f"alert/{FEED}"].to_state)

    life = Life(tmp_path, Reader(), ["unhealthy"])
    await life.go(1)
    assert seen == ["firing"]
    life.flips.close()
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
    life.flips.close()


async def test_a_restart_tells_nothing_again(tmp_path: Path) -> None:
    """An alert that fires goes on firing, silently."""
    paper = Paper()
    for now in range(1, 6):
        life = Life(tmp_path, paper, ["unhealthy"])
        await life.go(now)
        life.flips.close()
    assert [status for _, status in paper.told] == ["firing"]


async def test_a_change_while_the_keeper_was_dead_is_told_once(tmp_path: Path) -> None:
    """The first round after the start resolves what has become well."""
    paper = Paper()
    for now, state in enumerate(["unhealthy", "healthy", "healthy"]):
        life = Life(tmp_path, paper, [state])
        await life.go(now)
        life.flips.close()
    assert [status for _, status in paper.told] == ["firing", "resolved"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["healthy", "unhealthy", "unknown", "degraded"]), st.booleans()), max_size=12
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
async def test_what_is_told_alternates_over_any_life(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, bool]]
) -> None:
    """Firing and resolved take turns over any run of states and restarts, and end as the last known state."""
    folder, paper, state = tmp_path_factory.mktemp("life"), Paper(), ["healthy"]
    life = Life(folder, paper, state)
    for now, (wanted, restart) in enumerate(steps):
        if restart:
            life.flips.close()
            life = Life(folder, paper, state)
        state[0] = wanted
        await life.go(now)
    life.flips.close()
    told = [status for _, status in paper.told]
    assert told == [("firing", "resolved")[place % 2] for place in range(len(told))]
    known = [wanted for wanted, _ in steps if wanted != "unknown"]
    assert (told[-1:] == ["firing"]) == (known[-1:] == ["unhealthy"])
