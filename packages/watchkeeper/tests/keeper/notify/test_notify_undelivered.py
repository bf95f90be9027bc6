"""What did not get through is listed with its fate, and sent again by somebody's word."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.errors import ChannelError, OutboxUnreadable, Undeliverable
from watchkeeper.keeper.notify.outbox import Line, Outbox, key_of
from watchkeeper.keeper.notify.pace import Limit

LINE = Line("team", "webhook", 0)
DAYS = 6 * 86_400.0
DOWN = ChannelError("connection refused", reason="connection")
WRONG_KEY = ChannelError("401: bad key", retryable=False, reason="authError")
Notify = Callable[..., Notification]


class Clock:
    """A clock that goes when it is told."""

    def __init__(self, now: float = 2_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Sink:
    """A sender that keeps what it is told, and refuses while it is told to."""

    kind = "webhook"
    timeout = 5.0
    limit = Limit()
    width = 4

    def __init__(self, refusal: ChannelError | None = None) -> None:
        self.refusal = refusal
        self.keys: list[str] = []

    async def send(self, notification: Notification, key: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.keys.append(key)


def opened(folder: Path, sink: Sink, clock: Clock, line: Line = LINE) -> Outbox:
    return Outbox(folder / "outbox.db", {line: sink}, clock, chance=lambda: 0.5)


async def fates(outbox: Outbox) -> list[tuple[int, str, int, str]]:
    return [(one.row, one.fate, one.tries, one.error) for one in await outbox.undelivered()]


async def test_what_is_delivered_or_on_its_way_is_not_listed(tmp_path: Path, notify: Notify) -> None:
    """A list of what needs a person holds nothing that needs none."""
    clock, sink = Clock(), Sink()
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify()])
    assert await fates(outbox) == []
    await outbox.step()
    assert await fates(outbox) == [] and len(sink.keys) == 1
    outbox.close()


async def test_a_channel_that_is_down_lists_all_that_waits_for_it(tmp_path: Path, notify: Notify) -> None:
    """The one that was tried and those behind it; each with the reason, until it comes back."""
    clock, sink = Clock(), Sink(DOWN)
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify(group="a")])
    await outbox.step()
    await outbox.put([notify(group="b")])
    assert await fates(outbox) == [(2, "waiting", 0, str(DOWN)), (1, "waiting", 1, str(DOWN))]
    assert [one.next_try for one in await outbox.undelivered()] == [0.0, clock.now + 0.5]
    sink.refusal = None
    clock.now += 60
    await outbox.flush(5)
    assert await fates(outbox) == [] and len(sink.keys) == 2
    outbox.close()


async def test_a_refused_page_is_sent_again_at_once_by_a_word(tmp_path: Path, notify: Notify) -> None:
    """Not after the five minutes that it would wait by itself; under the same key."""
    clock, sink, page = Clock(), Sink(WRONG_KEY), notify()
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([page])
    await outbox.step()
    assert await fates(outbox) == [(1, "refused", 1, str(WRONG_KEY))]
    sink.refusal = None
    assert await outbox.step() == 0, "it is not due"
    await outbox.again(1)
    assert await outbox.step() == 1
    assert sink.keys == [key_of(page)] and await fates(outbox) == []
    outbox.close()


async def test_a_word_goes_before_the_pause_of_a_channel_that_fails(tmp_path: Path, notify: Notify) -> None:
    """What stands before it in its group goes first."""
    clock, sink = Clock(), Sink(DOWN)
    outbox = opened(tmp_path, sink, clock)
    first, second = notify(), notify(at=1300.0, reason="escalation", people=("ana",))
    await outbox.put([first, second])
    await outbox.step()
    sink.refusal = None
    await outbox.again(2)
    while await outbox.step():
        pass
    assert sink.keys == [key_of(first), key_of(second)]
    outbox.close()


async def given_up(folder: Path, sink: Sink, clock: Clock, page: Notification) -> Outbox:
    """Return an outbox that has given a page up."""
    outbox = opened(folder, sink, clock)
    await outbox.put([page])
    clock.now = page.at + DAYS
    await outbox.step()
    assert outbox.waiting() == []
    return outbox


async def test_a_page_that_was_given_up_stays_listed_and_is_sent_by_a_word(
    tmp_path: Path, notify: Notify
) -> None:
    """Over a restart, too; once it is taken it is listed no more, and not sent twice."""
    clock, sink, page = Clock(), Sink(DOWN), notify()
    (await given_up(tmp_path, sink, clock, page)).close()
    outbox = opened(tmp_path, sink, clock)
    assert await fates(outbox) == [(1, "given up", 0, str(DOWN))]
    assert (await outbox.undelivered())[0].done_at == clock.now
    sink.refusal = None
    assert await outbox.step() == 0
    await outbox.again(1)
    await outbox.flush(5)
    assert sink.keys == [key_of(page)] and await fates(outbox) == []
    with pytest.raises(Undeliverable) as told:
        await outbox.again(1)
    assert not told.value.known
    outbox.close()


async def test_a_page_that_fails_once_more_is_given_up_once_more(tmp_path: Path, notify: Notify) -> None:
    """It is as old as it was: one try by each word."""
    clock, sink = Clock(), Sink(DOWN)
    outbox = await given_up(tmp_path, sink, clock, notify())
    sink.refusal = WRONG_KEY
    await outbox.again(1)
    await outbox.flush(5)
    assert await fates(outbox) == [(1, "given up", 0, str(WRONG_KEY))]
    outbox.close()


async def test_two_words_at_the_same_time_send_once(tmp_path: Path, notify: Notify) -> None:
    """Two operators press the same button."""
    clock, sink = Clock(), Sink(DOWN)
    outbox = await given_up(tmp_path, sink, clock, notify())
    sink.refusal = None
    await asyncio.gather(outbox.again(1), outbox.again(1))
    await outbox.flush(5)
    assert len(sink.keys) == 1
    outbox.close()


async def test_a_word_is_on_the_disk_before_it_is_acted_on(tmp_path: Path, notify: Notify) -> None:
    """The keeper ends right after it: the next life sends."""
    clock, sink = Clock(), Sink(DOWN)
    outbox = await given_up(tmp_path, sink, clock, notify())
    await outbox.again(1)
    outbox.close()
    sink.refusal = None
    outbox = opened(tmp_path, sink, clock)
    await outbox.flush(5)
    assert len(sink.keys) == 1
    outbox.close()


async def test_a_page_of_a_channel_that_is_gone_waits_for_its_return(tmp_path: Path, notify: Notify) -> None:
    """It is listed as stranded, cannot be sent, and goes out when the channel is configured again."""
    clock, sink = Clock(), Sink()
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify()])
    outbox.close()
    outbox = opened(tmp_path, sink, clock, Line("others", "webhook", 0))
    assert await fates(outbox) == [(1, "stranded", 0, "")]
    with pytest.raises(Undeliverable, match="no longer configured") as told:
        await outbox.again(1)
    assert told.value.known
    outbox.close()
    outbox = opened(tmp_path, sink, clock)
    await outbox.flush(5)
    assert len(sink.keys) == 1
    outbox.close()


@pytest.mark.parametrize("row", [0, 1, 99, 2**62])
async def test_a_row_that_was_delivered_or_never_was_is_told_apart(
    tmp_path: Path, notify: Notify, row: int
) -> None:
    outbox = opened(tmp_path, Sink(), Clock())
    await outbox.put([notify()])
    await outbox.step()
    with pytest.raises(Undeliverable) as told:
        await outbox.again(row)
    assert not told.value.known
    outbox.close()


async def test_rows_that_cannot_be_read_are_an_error_of_their_own(tmp_path: Path) -> None:
    """A file that is gone is not an empty list."""
    outbox = opened(tmp_path, Sink(), Clock())
    outbox._path = tmp_path / "absent.db"
    with pytest.raises(OutboxUnreadable):
        await outbox.undelivered()
    outbox.close()
