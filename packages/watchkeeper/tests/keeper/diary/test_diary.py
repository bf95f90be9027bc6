"""The diary: each row of an alert reaches each of its lines once, in order, over refusals and restarts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import FIRING, RESOLVED, Notification
from watchkeeper.keeper.diary import Diary
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.outbox import Line, Outbox
from watchkeeper.keeper.notify.pace import Limit
from watchkeeper.keeper.store import Flip, Flips

LOG, FILE = Line("diary", "log"), Line("diary", "jsonl")


class Paper:
    """A line that keeps the rows that it is told of and refuses on demand."""

    kind, timeout, limit, width = "paper", 10.0, Limit(), 1

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.refusals = 0

    async def send(self, notification: Notification, key: str) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ChannelError("no")
        self.rows.append(notification.row)


class House:
    """A folder with rows; each life has an outbox and a diary of its own."""

    def __init__(self, folder: Path, *lines: Line) -> None:
        self.folder = folder
        self.now = 0.0
        self.papers = {line: Paper() for line in lines}
        self.flips = Flips.open(folder)
        self.begin()

    def begin(self) -> None:
        self.outbox = Outbox(self.folder / "outbox.db", self.papers, lambda: self.now)
        self.diary = Diary(self.flips, self.papers, self.outbox)

    def again(self, *more: Line) -> None:
        """Begin a new life, with more lines."""
        self.outbox.close()
        self.papers |= {line: Paper() for line in more}
        self.begin()

    def turn(self, place: int, subject: str = "alert/component/bot/feed") -> int:
        states = (FIRING, RESOLVED) if place % 2 else (RESOLVED, FIRING)
        return self.flips.append(Flip(float(place), subject, states[1], states[0], "why", "critical"))

    async def tell(self) -> None:
        await self.diary.follow()
        while await self.outbox.step():
            pass

    def end(self) -> None:
        self.outbox.close()
        self.flips.close()


async def test_every_line_hears_every_row_in_order(tmp_path: Path) -> None:
    """Rows that are no alerts are passed over."""
    house = House(tmp_path, LOG, FILE)
    rows = [house.turn(1), house.turn(2)]
    house.turn(3, "component/bot/feed")
    rows.append(house.turn(4, "alert/target/bot"))
    await house.tell()
    await house.tell()
    assert [paper.rows for paper in house.papers.values()] == [rows, rows]
    house.end()


async def test_a_restart_goes_on_where_the_rows_of_the_outbox_end(tmp_path: Path) -> None:
    """What was told is not told again, what was not is, also what came before anything was ever told."""
    house = House(tmp_path, LOG)
    first = house.turn(1)
    house.again()
    await house.tell()
    second = house.turn(2)
    house.again()
    await house.tell()
    assert house.papers[LOG].rows == [first, second]
    house.end()


async def test_a_new_line_does_not_hear_the_past(tmp_path: Path) -> None:
    """It begins at the row that is the last one when it is added; the others go on."""
    house = House(tmp_path, LOG)
    rows = [house.turn(1), house.turn(2)]
    await house.tell()
    rows.append(house.turn(3))
    house.again(FILE)
    rows.append(house.turn(4))
    await house.tell()
    assert (house.papers[LOG].rows, house.papers[FILE].rows) == (rows, rows[3:])
    house.end()


async def test_rows_that_begin_again_at_one_are_told(tmp_path: Path) -> None:
    """A new file of rows beside an old outbox: nothing waits for the old numbers to come again."""
    house = House(tmp_path, LOG)
    for place in range(1, 6):
        house.turn(place)
    await house.tell()
    house.papers[LOG].rows.clear()
    house.flips.close()
    for path in tmp_path.glob("events.db*"):
        path.unlink()
    house.flips = Flips.open(tmp_path)
    house.again()
    row = house.turn(9)
    await house.tell()
    assert house.papers[LOG].rows == [row] == [1]
    house.end()


async def test_a_row_that_the_disk_refused_is_told_without_a_number(tmp_path: Path) -> None:
    """It does not move the mark of those that have one."""
    house = House(tmp_path, LOG)
    await house.diary.unwritten(Flip(1.0, "alert/component/bot/feed", RESOLVED, FIRING, "why", "critical"))
    row = house.turn(2)
    house.again()
    await house.tell()
    assert sorted(house.papers[LOG].rows) == [0, row]
    house.end()


async def test_a_keeper_without_lines_keeps_still(tmp_path: Path) -> None:
    """Both of `notify` are off."""
    house = House(tmp_path)
    house.turn(1)
    await house.tell()
    assert house.outbox.waiting() == []
    house.end()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.booleans()), max_size=6))
async def test_every_row_arrives_once_and_in_order_whatever_is_refused(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, bool]]
) -> None:
    """For any run of rows, refusals and restarts: no loss, no reordering, no second telling."""
    house = House(tmp_path_factory.mktemp("house"), LOG, FILE)
    rows = []
    for count, refusals, restart in steps:
        house.papers[FILE].refusals = refusals
        rows += [house.turn(len(rows) + 1 + place) for place in range(count)]
        await house.tell()
        house.now += 20
        if restart:
            house.again()
    for _ in range(8):
        house.now += 120
        await house.tell()
    assert [paper.rows for paper in house.papers.values()] == [rows, rows]
    house.end()
