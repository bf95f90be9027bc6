"""The outbox: written before it is sent, in order, at least once, and over restarts."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.errors import ChannelError, OutboxUnwritable
from watchkeeper.keeper.notify.outbox import Line, Outbox, key_of
from watchkeeper.keeper.notify.outbox.backoff import FIRST, LONGEST, backoff, interruption
from watchkeeper.keeper.notify.pace import Limit, Pace

LINE = Line("team", "webhook", 0)
Notify = Callable[..., Notification]
MakeAlert = Callable[..., object]


class Clock:
    """A clock that goes when it is told."""

    def __init__(self, now: float = 10_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Sink:
    """A sender that keeps what it is told and refuses on demand."""

    kind = "webhook"
    timeout = 5.0
    limit = Limit()
    width = 4

    def __init__(self, *refusals: ChannelError | Exception | None) -> None:
        self.told: list[Notification] = []
        self.keys: list[str] = []
        self.refusals = list(refusals)

    async def send(self, notification: Notification, key: str) -> None:
        refusal = self.refusals.pop(0) if self.refusals else None
        if refusal is not None:
            raise refusal
        self.told.append(notification)
        self.keys.append(key)


class Crash(BaseException):
    """The process ends here."""


def opened(folder: Path, sink: Sink, clock: Clock, told: object = None) -> Outbox:
    more = {"told": told} if told else {}
    return Outbox(folder / "outbox.db", {LINE: sink}, clock, chance=lambda: 0.5, **more)  # type: ignore[arg-type]


async def drained(outbox: Outbox, clock: Clock) -> None:
    """Send until nothing is owed, letting the clock go as far as it must."""
    for _ in range(200):
        await outbox.step()
        if not outbox.waiting():
            return
        clock.now += LONGEST * 2
    raise AssertionError("pages are still owed")


async def test_a_page_is_on_the_disk_before_it_is_sent(tmp_path: Path, notify: Notify) -> None:
    """What put has returned from is sent by the next life, though this one never sent anything."""
    clock, first, second = Clock(), Sink(), Sink()
    outbox = opened(tmp_path, first, clock)
    await outbox.put([notify(group="a"), notify(group="b")])
    outbox.close()
    again = opened(tmp_path, second, clock)
    await drained(again, clock)
    again.close()
    assert first.told == []
    assert [one.group_key for one in second.told] == [notify(group=g).group_key for g in "ab"]


async def test_a_notification_comes_back_from_the_disk_as_it_was(tmp_path: Path, notify: Notify) -> None:
    """Every field survives: alerts, sets, people, urgency."""
    clock, sink = Clock(), Sink()
    whole = notify(
        people=("ana", "bo"), urgency="important", route_labels=(("a", "b"),), reason="escalation step 1"
    )
    outbox = opened(tmp_path, Sink(), clock)
    await outbox.put([whole])
    outbox.close()
    again = opened(tmp_path, sink, clock)
    await drained(again, clock)
    again.close()
    assert sink.told == [whole] and sink.keys == [key_of(whole)]


async def test_what_was_sent_is_not_sent_again(tmp_path: Path, notify: Notify) -> None:
    """Neither by a restart nor by a second put of the same telling."""
    clock, sink = Clock(), Sink()
    for _ in range(2):
        outbox = opened(tmp_path, sink, clock)
        await outbox.put([notify()])
        await drained(outbox, clock)
        outbox.close()
    assert len(sink.told) == 1


async def test_a_page_that_cannot_be_written_goes_out_all_the_same(tmp_path: Path, notify: Notify) -> None:
    """A disk that refuses is counted; silence would be worse."""
    clock, sink = Clock(), Sink()
    outbox = opened(tmp_path, sink, clock)
    await outbox._commits.do(lambda db: db.execute("PRAGMA query_only=ON"))
    await outbox.put([notify()])
    await drained(outbox, clock)
    outbox.close()
    assert (len(sink.told), outbox.tally.unwritten) == (1, 1)


async def test_a_refused_page_waits_longer_each_time_and_asks_no_sooner_than_told(
    tmp_path: Path, notify: Notify
) -> None:
    """Backoff doubles, Retry-After counts where it is longer, and the row says when the next try is."""
    clock = Clock(0.0)
    refusal = ChannelError("full", reason="rateLimited", retry_after=30.0)
    sink = Sink(ChannelError("down"), ChannelError("down"), refusal)
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify()])
    waits = []
    while outbox.waiting():
        await outbox.step()
        if outbox.waiting():
            due = outbox.waiting()[0].not_before
            waits.append(due - clock.now)
            clock.now = due - 0.01
            assert await outbox.step() == 0
            clock.now = due
    outbox.close()
    assert waits == [FIRST, 2 * FIRST, 30.0]
    assert sum(outbox.tally.failed.values()) == 3


async def test_the_pause_survives_a_restart(tmp_path: Path, notify: Notify) -> None:
    """A keeper that restarts does not hammer a channel that asked for a minute."""
    clock, sink = Clock(), Sink(ChannelError("slow down", retry_after=60.0))
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify()])
    await outbox.step()
    outbox.close()
    clock.now += 30
    again = opened(tmp_path, sink, clock)
    assert await again.step() == 0
    clock.now += 31
    assert await again.step() == 1
    again.close()
    assert len(sink.told) == 1


async def test_a_clock_set_back_does_not_hold_a_page_for_days(tmp_path: Path, notify: Notify) -> None:
    """The pause of a row counts for an hour at most after a start."""
    clock, sink = Clock(1e9), Sink(ChannelError("down"))
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify(at=1e9)])
    await outbox.step()
    outbox.close()
    clock.now = 1e6
    again = opened(tmp_path, sink, clock)
    clock.now += 3601
    await again.step()
    again.close()
    assert len(sink.told) == 1


async def test_a_refusal_is_heard_and_tried_again_seldom(
    tmp_path: Path, notify: Notify, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong key may be put right: the page stands in the log, and goes out later, restart or not."""
    clock, heard = Clock(), []
    sink = Sink(ChannelError("bad key", retryable=False), ValueError("bug"))
    outbox = opened(tmp_path, sink, clock, lambda one, error: heard.append(str(error)))
    await outbox.put([notify()])
    await outbox.step()
    assert "Down" in caplog.text and "bad key" in caplog.text
    clock.now += 299
    assert await outbox.step() == 0
    clock.now += 2
    assert await outbox.step() == 1
    outbox.close()
    again = opened(tmp_path, sink, clock, lambda one, error: heard.append(str(error)))
    assert [one.refused for one in again.waiting()] == [True]
    clock.now += 601
    await again.step()
    again.close()
    assert heard == ["bad key", "ValueError: bug", "None"] and len(sink.told) == 1


async def test_a_refused_page_holds_up_no_later_one_and_does_not_follow_it(
    tmp_path: Path, notify: Notify, alert: MakeAlert
) -> None:
    """The next page of the group goes out at once; the old one would say what is true no more."""
    clock, sink = Clock(), Sink(ChannelError("bad form", retryable=False))
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify(at=1.0), notify(alert(end=1100.0), at=2.0, reason="resolved")])
    await outbox.step()
    await outbox.step()
    assert [one.at for one in sink.told] == [2.0] and outbox.waiting() == []
    assert {row[4]: row[3] for row in await outbox.recent(5)} == {1.0: "dropped", 2.0: "sent"}
    outbox.close()


async def test_a_channel_that_hangs_is_given_up_after_its_time(tmp_path: Path, notify: Notify) -> None:
    """A send is bounded; the page stays owed."""

    class Hanging(Sink):
        timeout = 0.01

        async def send(self, notification: Notification, key: str) -> None:
            await asyncio.Event().wait()

    clock = Clock()
    outbox = opened(tmp_path, Hanging(), clock)
    await outbox.put([notify()])
    await outbox.step()
    assert "no answer" in outbox.waiting()[0].error
    assert list(outbox.failing()) == [LINE]
    outbox.close()


async def test_a_newer_page_takes_the_place_of_what_it_says_all_of(
    tmp_path: Path, notify: Notify, alert: MakeAlert
) -> None:
    """Repeats of a group do not pile up while a channel is down; a resolved page replaces no firing one."""
    clock, sink = Clock(), Sink(ChannelError("down"))
    outbox = opened(tmp_path, sink, clock)
    a, b, over = alert("A"), alert("B"), alert("A", end=1100.0)
    await outbox.put([notify(a, at=1.0)])
    await outbox.step()
    await outbox.put([notify(a, b, at=2.0)])
    await outbox.put([notify(a, b, at=3.0, reason="repeat")])
    await outbox.put([notify(over, at=4.0, reason="resolved")])
    await drained(outbox, clock)
    rows = {at: state for _, _, _, state, at, _, _ in await outbox.recent(10)}
    outbox.close()
    assert [one.at for one in sink.told] == [3.0, 4.0]
    assert rows == {1.0: "replaced", 2.0: "replaced", 3.0: "sent", 4.0: "sent"}


async def test_groups_do_not_wait_for_each_other_and_keep_their_own_order(
    tmp_path: Path, notify: Notify
) -> None:
    """One group's second page never overtakes its first; another group's page may."""

    class Slow(Sink):
        def __init__(self) -> None:
            super().__init__()
            self.gate = asyncio.Event()
            self.more = asyncio.Event()

        async def send(self, notification: Notification, key: str) -> None:
            if notification.at == 1.0:
                await self.gate.wait()
            await super().send(notification, key)
            self.more.set()

        async def reached(self, count: int) -> None:
            while len(self.told) < count:
                self.more.clear()
                await self.more.wait()

    clock, sink = Clock(), Slow()
    outbox = opened(tmp_path, sink, clock)
    first, second = notify(group="a", at=1.0), notify(group="a", at=2.0, people=("x",))
    await outbox.put([first, second, notify(group="b", at=3.0)])
    running = asyncio.create_task(outbox.run())
    await sink.reached(1)
    assert [one.at for one in sink.told] == [3.0]
    sink.gate.set()
    await sink.reached(3)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    outbox.close()
    assert [one.at for one in sink.told] == [3.0, 1.0, 2.0]


async def test_a_restart_knows_what_was_told_or_is_owed(
    tmp_path: Path, notify: Notify, alert: MakeAlert
) -> None:
    """A dispatcher that begins with these words does not ask for the same page again."""
    clock = Clock()
    outbox = opened(tmp_path, Sink(), clock)
    await outbox.put([notify(group="a", at=5.0)])
    await outbox.step()
    await outbox.put([notify(group="b", at=6.0)])
    outbox.close()
    again = opened(tmp_path, Sink(), clock)
    words = {slot.group_key: (entry.at, entry.firing) for slot, entry in again.last_words().items()}
    again.close()
    firing = notify().firing
    assert words == {notify(group=g).group_key: (at, firing) for g, at in (("a", 5.0), ("b", 6.0))}


async def test_old_rows_go_and_the_last_of_a_slot_stays(tmp_path: Path, notify: Notify) -> None:
    """The file does not grow for ever, and a restart still knows what was told last."""
    clock = Clock()
    outbox = opened(tmp_path, Sink(), clock)
    for at in (1.0, 2.0, 3.0):
        await outbox.put([notify(at=at)])
        await outbox.step()
    clock.now += 121 * 3600
    assert await outbox.forget() == 2
    assert [row[4] for row in await outbox.recent(10)] == [3.0]
    outbox.close()


async def test_a_line_that_is_gone_loses_nothing_silently(
    tmp_path: Path, notify: Notify, caplog: pytest.LogCaptureFixture
) -> None:
    """A page for a channel that is configured no longer is named, and goes out when it comes back."""
    clock, sink = Clock(), Sink()
    outbox = opened(tmp_path, Sink(), clock)
    await outbox.put([notify()])
    await outbox.put([notify(kind="slack")])
    outbox.close()
    assert "no channel team/slack[0]" in caplog.text
    Outbox(tmp_path / "outbox.db", {}, clock).close()
    assert "no longer configured" in caplog.text
    again = opened(tmp_path, sink, clock)
    await drained(again, clock)
    again.close()
    assert len(sink.told) == 1


async def test_a_file_that_cannot_be_opened_is_an_error_by_name(tmp_path: Path) -> None:
    """A keeper finds out at its start, not at its first alarm."""
    (tmp_path / "outbox.db").write_bytes(b"this is no database at all, whatever its name says" * 40)
    with pytest.raises(OutboxUnwritable, match=r"outbox\.db"):
        opened(tmp_path, Sink(), Clock())


@given(
    st.lists(st.sampled_from(["put", "ok", "refuse", "crash before", "crash after", "restart"]), max_size=25),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_page_is_lost_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, notify: Notify, events: list[str]
) -> None:
    """For any run of puts, refusals and crashes around a send: every page arrives.

    No more repeats than crashes after a send, one key each, and each group in its own order.
    """
    folder, clock, sink = tmp_path_factory.mktemp("outbox"), Clock(), Sink()
    outbox, put, crashes = opened(folder, sink, clock), 0, 0
    for event in [*events, "restart"]:
        clock.now += LONGEST * 2
        if event == "put":
            put += 1
            await outbox.put([notify(group=f"g{put % 3}", at=float(put), people=(str(put),))])
        elif event == "ok":
            await outbox.step()
        elif event == "refuse":
            sink.refusals = [ChannelError("down")]
            await outbox.step()
        else:
            crashes += await crashed(outbox, sink, event)
            outbox = opened(folder, sink, clock)
    await drained(outbox, clock)
    outbox.close()
    assert {one.at for one in sink.told} == set(map(float, range(1, put + 1)))
    assert len(sink.keys) - len(set(sink.keys)) <= crashes
    for group in range(3):
        first = list(dict.fromkeys(one.at for one in sink.told if one.at % 3 == group))
        assert first == sorted(first)


async def crashed(outbox: Outbox, sink: Sink, event: str) -> int:
    """End a life at a point; return how many pages had been sent and not been noted."""
    unnoted = 0
    sink.refusals = []
    if event == "crash after" and (waiting := outbox.waiting()):
        # Sent, and the process ends before the row says so.
        await sink.send(waiting[0].notification, waiting[0].key)
        unnoted = 1
    outbox.close()
    return unnoted


@given(st.integers(1, 10_000), st.floats(0, 0.999), st.one_of(st.none(), st.floats(0, 3600)))
def test_a_pause_grows_and_keeps_its_bounds(tries: int, chance: float, asked: float | None) -> None:
    """Between a half and one and a half of the doubled pause, and never sooner than asked."""
    pause = backoff(tries, chance, asked)
    assert pause >= (asked or 0)
    assert FIRST / 2 <= pause <= max(1.5 * LONGEST, asked or 0)
    assert backoff(tries + 1, chance) >= backoff(tries, chance)


def test_a_crash_loop_repeats_ever_more_seldom() -> None:
    """The first repeat comes at once, the following ones do not."""
    assert [interruption(times) for times in (0, 1, 2, 3)] == [0, 0, 4, 8]


@given(st.floats(0.1, 50), st.integers(1, 10), st.lists(st.floats(0, 5), min_size=1, max_size=60))
def test_a_pace_is_kept_over_any_span(per_second: float, burst: int, steps: list[float]) -> None:
    """However the asking goes, no span sees more than its burst and its share."""
    pace, now, sent = Pace(Limit(per_second, burst)), 0.0, 0
    for step in steps:
        now += step
        while pace.delay(now) == 0:
            pace.take(now)
            sent += 1
    assert sent <= burst + now * per_second + 1e-3
    assert pace.delay(now) > 0 and pace.delay(now + pace.delay(now) + 1e-6) == 0


async def test_a_page_that_was_silenced_while_it_waited_is_not_sent(tmp_path: Path, notify: Notify) -> None:
    """A silence that somebody makes while a channel is down counts; before the first try nobody is asked."""
    clock, sink, silenced = Clock(), Sink(ChannelError("down"), ChannelError("down")), set[str]()
    muted = lambda one: one.group_key in silenced  # noqa: E731
    outbox = Outbox(tmp_path / "outbox.db", {LINE: sink}, clock, muted=muted)
    one, other = notify(group="a"), notify(group="b")
    await outbox.put([one, other])
    silenced.add(one.group_key)
    await drained(outbox, clock)
    assert sorted((row[2], row[3]) for row in await outbox.recent(5)) == [
        (one.group_key, "muted"),
        (other.group_key, "sent"),
    ]
    outbox.close()


async def test_what_was_noted_as_sent_is_not_sent_again(tmp_path: Path, notify: Notify) -> None:
    """A crash right after the note, before the mark in the rows, makes no repeat; a torn note is none."""
    clock, sink = Clock(), Sink()
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify(group="a"), notify(group="b")])
    outbox.close()
    (tmp_path / "outbox.flight").write_bytes(b"+1\n+2\n=1\n=")
    again = opened(tmp_path, sink, clock)
    await drained(again, clock)
    again.close()
    assert [one.group_key for one in sink.told] == [notify(group="b").group_key]


async def test_who_was_told_hears_of_an_acknowledgement_and_the_log_does_not(
    tmp_path: Path, notify: Notify, alert: MakeAlert
) -> None:
    """Of a group and its escalation, where they fire; what was told of the alerts stays as it was."""
    clock, sink = Clock(), Sink()
    outbox = opened(tmp_path, sink, clock)
    paged = notify(at=1.0)
    escalated = replace(paged, at=2.0, slot=replace(paged.slot, group_key=f"{paged.group_key}/escalation"))
    await outbox.put([paged, escalated, notify(alert(end=1100.0), group="over", at=3.0)])
    await outbox.step()
    assert await outbox.acknowledged(escalated.group_key, "ana") == 2
    assert await outbox.acknowledged(notify(group="over").group_key, "ana") == 0
    await outbox.step()
    outbox.close()
    assert [(one.reason, one.people) for one in sink.told[3:]] == [("acknowledged", ("ana",))] * 2
    again = opened(tmp_path, sink, clock)
    assert {entry.at for entry in again.last_words().values()} == {1.0, 2.0, 3.0}
    again.close()


async def test_a_crash_loop_neither_loses_a_page_nor_sends_it_at_every_start(
    tmp_path: Path, notify: Notify
) -> None:
    """A keeper that dies in every send, and a second after each start, sends again, ever more seldom."""

    class Deadly(Sink):
        async def send(self, notification: Notification, key: str) -> None:
            self.keys.append(key)
            raise Crash

    clock, sink = Clock(), Deadly()
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify()])
    outbox.close()
    for _ in range(100):
        outbox = opened(tmp_path, sink, clock)
        await outbox.step()
        outbox.close()
        clock.now += 1
    assert 5 <= len(sink.keys) <= 8


async def test_a_clock_that_is_set_back_holds_no_page_up(tmp_path: Path, notify: Notify) -> None:
    """An hour back while a page waits for its next try: it is tried after its pause."""
    clock, sink = Clock(), Sink(ChannelError("not now", retryable=True))
    outbox = opened(tmp_path, sink, clock)
    await outbox.put([notify()])
    await outbox.step()
    assert sink.told == []
    clock.now -= 3600
    await outbox.step()
    clock.now += FIRST
    await outbox.step()
    assert len(sink.told) == 1
    outbox.close()
