"""The channels that reach no network: lines of the keeper's log and of a file."""

import json
import logging
from pathlib import Path

import pytest

from watchkeeper.keeper.alerts import FIRING, RESOLVED, Notification, notices
from watchkeeper.keeper.diary import notification_of
from watchkeeper.keeper.notify import ChannelError
from watchkeeper.keeper.notify.channels.paper import JsonlSender, LogSender
from watchkeeper.keeper.notify.channels.sender import Voice
from watchkeeper.keeper.notify.outbox import Line

SUBJECT = "component/bot/feed"
LINE = Line("diary", "jsonl")


def telling(row: int, after: str = FIRING, reason: str = "") -> Notification:
    (notice,) = notices([(float(row), SUBJECT, after, reason or f"reason {row}", "critical")])
    return notification_of(LINE, row, notice)


def sender(path: Path, max_bytes: int = 16 << 20, keep: int = 4) -> JsonlSender:
    return JsonlSender(Voice(), path, max_bytes, keep)


async def test_a_line_holds_all_that_was_told(tmp_path: Path) -> None:
    """One JSON object per line: these fields in this order, for programs that read the file."""
    path = tmp_path / "alerts.jsonl"
    channel = sender(path)
    await channel.send(telling(1), "a")
    await channel.send(telling(2, RESOLVED), "b")
    first, second = [json.loads(line) for line in path.read_text().splitlines()]
    fields = "time status fingerprint labels annotations startsAt endsAt row"
    assert list(first) == list(second) == fields.split()
    assert (first["status"], second["status"]) == ("firing", "resolved")
    assert first["fingerprint"] == second["fingerprint"]
    assert first["labels"]["alertname"] == "ComponentUnhealthy"
    assert first["annotations"]["reason"] == "reason 1"
    assert (first["time"], first["endsAt"], second["endsAt"]) == (
        "1970-01-01T00:00:01.000Z",
        None,
        "1970-01-01T00:00:02.000Z",
    )
    assert (first["row"], second["row"]) == (1, 2)


async def test_a_line_holds_no_secret(tmp_path: Path) -> None:
    """A reason may hold what a library put into its error; the file is read by many."""
    path = tmp_path / "alerts.jsonl"
    await sender(path).send(telling(1, reason="refused: password=hunter22 at once"), "a")
    assert "hunter22" not in path.read_text() and "refused" in path.read_text()


async def test_a_torn_last_line_costs_only_itself(tmp_path: Path) -> None:
    """After a crash in the middle of a line the next one begins on its own."""
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"half')
    await sender(path).send(telling(1), "a")
    torn, whole = path.read_text().splitlines()
    assert torn == '{"half' and json.loads(whole)["row"] == 1


@pytest.mark.parametrize("keep", [1, 3])
async def test_files_rotate_by_size_and_the_oldest_goes(tmp_path: Path, keep: int) -> None:
    """No file passes the limit, no more than `keep` old ones stay, the newest lines survive."""
    channel = sender(tmp_path / "alerts.jsonl", max_bytes=1000, keep=keep)
    for row in range(1, 21):
        await channel.send(telling(row), str(row))
    files = sorted(tmp_path.glob("alerts.jsonl*"))
    assert len(files) == keep + 1
    assert all(path.stat().st_size <= 1000 for path in files)
    rows = [json.loads(line)["row"] for path in files for line in path.read_text().splitlines()]
    assert sorted(rows) == list(range(21 - len(rows), 21))


async def test_a_path_that_cannot_be_written_is_an_error_to_retry(tmp_path: Path) -> None:
    """A full or absent disk is never a crash."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ChannelError) as caught:
        await sender(tmp_path / "file" / "alerts.jsonl").send(telling(1), "a")
    assert caught.value.retryable


async def test_the_log_names_status_summary_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    """A person reads one line and knows."""
    with caplog.at_level(logging.INFO, "watchkeeper.alerts"):
        await LogSender(Voice()).send(telling(1), "a")
    assert caplog.messages == [
        "alert firing ComponentUnhealthy: bot: component feed is unhealthy: reason 1"
        " (since 1970-01-01T00:00:01Z)"
    ]
