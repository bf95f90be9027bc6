"""Delivery: at least once, in order, whatever fails."""

import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import FIRING, RESOLVED, notices
from watchkeeper.keeper.notify import ChannelError, Cursor, JsonlChannel, LogChannel, Outbox, Telling

SUBJECT = "component/bot/feed"


def telling(row: int, after: str = FIRING) -> Telling:
    return Telling(row, notices([(float(row), SUBJECT, after, f"reason {row}", "critical")])[0])


class Recorder:
    """A channel that keeps what it is told and refuses on demand."""

    def __init__(self, name: str = "recorder") -> None:
        self.name = name
        self.rows: list[int] = []
        self.refuse: list[Exception] = []

    async def send(self, telling: Telling) -> None:
        if self.refuse:
            raise self.refuse.pop(0)
        self.rows.append(telling.row)


class Rows:
    """Rows as the flips table has them."""

    def __init__(self, count: int) -> None:
        self.count = count

    def owed(self, after: int, most: int) -> tuple[list[Telling], int]:
        rows = range(after + 1, min(self.count, after + most) + 1)
        return [telling(row) for row in rows], rows[-1] if rows else after


def outbox(channel: Recorder, rows: Rows, folder: Path) -> Outbox:
    return Outbox([channel], Cursor.open(folder / "notify.json", [channel.name], 0), rows.owed)


async def test_a_refused_row_is_tried_again_later_and_in_order(tmp_path: Path) -> None:
    """Nothing overtakes a row that a channel has not taken; the pause grows."""
    channel, rows = Recorder(), Rows(3)
    box = outbox(channel, rows, tmp_path)
    channel.refuse = [ChannelError("full"), ChannelError("full")]
    assert [d.error for d in await box.deliver(0)] == ["full"]
    assert await box.deliver(0.5) == []
    assert [d.error for d in await box.deliver(1)] == ["full"]
    assert await box.deliver(2.5) == []
    await box.deliver(3)
    assert channel.rows == [1, 2, 3]


async def test_a_broken_channel_stops_neither_the_others_nor_its_later_rows(tmp_path: Path) -> None:
    """What cannot be told by trying again is passed over and counted."""
    bad, good = Recorder("bad"), Recorder("good")
    bad.refuse = [ValueError("bug"), ChannelError("gone", retryable=False)]
    cursor = Cursor.open(tmp_path / "notify.json", ["bad", "good"], 0)
    tries = await Outbox([bad, good], cursor, Rows(3).owed).deliver(0)
    assert (bad.rows, good.rows) == ([3], [1, 2, 3])
    assert [(d.channel, d.error) for d in tries if d.error] == [("bad", "bug"), ("bad", "gone")]


async def test_a_restart_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """What was told is not told again, what was not is."""
    channel, rows = Recorder(), Rows(2)
    await outbox(channel, rows, tmp_path).deliver(0)
    rows.count = 4
    again = Recorder()
    await Outbox([again], Cursor.open(tmp_path / "notify.json", ["recorder"], 4), rows.owed).deliver(0)
    assert (channel.rows, again.rows) == ([1, 2], [3, 4])


def test_a_new_channel_does_not_hear_the_past(tmp_path: Path) -> None:
    """A channel begins at the row that is the last one when it is added."""
    path = tmp_path / "notify.json"
    Cursor.open(path, ["log"], 7).advance("log", 9)
    cursor = Cursor.open(path, ["log", "jsonl"], 12)
    assert (cursor.of("log"), cursor.of("jsonl")) == (9, 12)


def test_a_cursor_beyond_the_rows_starts_at_their_end(tmp_path: Path) -> None:
    """Rows that begin again at one (a new data folder) are told."""
    path = tmp_path / "notify.json"
    Cursor.open(path, ["log"], 7).advance("log", 90)
    assert Cursor.open(path, ["log"], 3).of("log") == 3


def test_a_broken_cursor_file_is_begun_anew(tmp_path: Path) -> None:
    """A torn file is not a reason to stay silent."""
    path = tmp_path / "notify.json"
    path.write_text("{")
    assert Cursor.open(path, ["log"], 3).of("log") == 3


async def test_a_line_holds_all_that_was_told(tmp_path: Path) -> None:
    """One JSON object per line: status, identity, labels, annotations, times."""
    channel = JsonlChannel(tmp_path / "alerts.jsonl")
    await channel.send(telling(1))
    await channel.send(telling(2, RESOLVED))
    first, second = [json.loads(line) for line in channel.path.read_text().splitlines()]
    assert (first["status"], second["status"]) == ("firing", "resolved")
    assert first["fingerprint"] == second["fingerprint"]
    assert first["labels"]["alertname"] == "ComponentUnhealthy"
    assert first["annotations"]["reason"] == "reason 1"
    assert (first["time"], first["endsAt"], second["endsAt"]) == (
        "1970-01-01T00:00:01.000Z",
        None,
        "1970-01-01T00:00:02.000Z",
    )


async def test_a_torn_last_line_costs_only_itself(tmp_path: Path) -> None:
    """After a crash in the middle of a line the next one begins on its own."""
    channel = JsonlChannel(tmp_path / "alerts.jsonl")
    channel.path.write_text('{"half')
    await channel.send(telling(1))
    torn, whole = channel.path.read_text().splitlines()
    assert torn == '{"half' and json.loads(whole)["row"] == 1


@pytest.mark.parametrize("keep", [1, 3])
async def test_files_rotate_by_size_and_the_oldest_goes(tmp_path: Path, keep: int) -> None:
    """No file passes the limit, no more than `keep` old ones stay, the newest lines survive."""
    channel = JsonlChannel(tmp_path / "alerts.jsonl", max_bytes=1000, keep=keep)
    for row in range(1, 21):
        await channel.send(telling(row))
    files = sorted(tmp_path.glob("alerts.jsonl*"))
    assert len(files) == keep + 1
    assert all(path.stat().st_size <= 1000 for path in files)
    rows = [json.loads(line)["row"] for path in files for line in path.read_text().splitlines()]
    assert sorted(rows) == list(range(21 - len(rows), 21))


async def test_a_path_that_cannot_be_written_is_an_error_to_retry(tmp_path: Path) -> None:
    """A full or absent disk is never a crash."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ChannelError) as caught:
        await JsonlChannel(tmp_path / "file" / "alerts.jsonl").send(telling(1))
    assert caught.value.retryable


async def test_the_log_names_status_summary_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    """A person reads one line and knows."""
    with caplog.at_level(logging.INFO, "watchkeeper.alerts"):
        await LogChannel().send(telling(1))
    assert caplog.messages == ["alert firing: bot: component feed is unhealthy: reason 1"]


@given(st.lists(st.booleans(), max_size=20), st.integers(1, 6))
async def test_every_row_arrives_in_order_whatever_is_refused(refusals: list[bool], count: int) -> None:
    """For any run of refusals: no loss, no reordering, no second telling without a crash."""
    channel, box_rows = Recorder(), Rows(count)
    cursor = MemoryCursor()
    box = Outbox([channel], cursor, box_rows.owed)
    now = 0.0
    for refuse in [*refusals, False]:
        channel.refuse = [ChannelError("no")] if refuse else []
        await box.deliver(now)
        now += 120
    assert channel.rows == list(range(1, count + 1))


class MemoryCursor(Cursor):
    """A cursor without a file."""

    def __init__(self) -> None:
        super().__init__(Path("unused"), {"recorder": 0})

    def _write(self) -> None:
        pass
