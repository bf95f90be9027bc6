"""What the recent past says about each component."""

from hypothesis import given
from hypothesis import strategies as st

from arbbot.vitals import ExecutorVitals, FeedVitals, PoolVitals, Recent, RpcVitals


@given(st.lists(st.floats(0, 100), max_size=50).map(sorted), st.floats(0, 120))
def test_recent_counts_what_lies_in_the_window(times: list[float], later: float) -> None:
    """The window is open at its old end and closed at now."""
    recent = Recent(window=5.0)
    for at in times:
        recent.note(at)
    now = max([later, *times])
    assert recent.count(now) == sum(now - 5.0 < at <= now for at in times)


def test_a_frozen_feed_is_unhealthy_though_its_socket_is_open() -> None:
    """Silence is told with its length and its limit."""
    feed = FeedVitals(silence=3.0)
    assert feed.verdict(0.0)[0] == "unhealthy"
    feed.connected, feed.last_frame = True, 10.0
    assert feed.verdict(12.0) == ("healthy", "")
    status, reason = feed.verdict(14.5)
    assert status == "unhealthy"
    assert reason == "no frame for 4.5 s (limit 3 s)"


def test_gaps_repeats_and_broken_frames_degrade_the_feed_for_a_while() -> None:
    """Each has its own words, and passes."""
    for name, word in (("gaps", "gaps"), ("broken", "malformed"), ("duplicates", "repeated")):
        feed = FeedVitals(silence=100.0)
        feed.connected, feed.last_frame = True, 10.0
        getattr(feed, name).note(10.0)
        assert feed.verdict(11.0)[0] == "degraded"
        assert word in feed.verdict(11.0)[1]
        assert feed.verdict(15.1) == ("healthy", "")


def test_the_rpc_degrades_on_one_failure_and_fails_on_three_in_a_row() -> None:
    """A refusal by the node is an answer; one good answer ends the row."""
    rpc = RpcVitals(slow=0.5, failures=3)
    rpc.called(0.0, 0.01, "refused")
    assert rpc.verdict(0.0) == ("healthy", "")
    rpc.called(0.0, 0.01, "timeout")
    assert rpc.verdict(0.0)[0] == "degraded"
    rpc.called(0.0, 0.01, "timeout")
    rpc.called(0.0, 0.01, "rate_limited")
    assert rpc.verdict(0.0) == ("unhealthy", "3 calls in a row failed: rate_limited")
    rpc.called(0.1, 0.01, None)
    assert rpc.verdict(0.2)[0] == "degraded"
    assert rpc.verdict(6.0) == ("healthy", "")
    rpc.called(7.0, 0.9, None)
    assert "longer than 0.5 s" in rpc.verdict(7.1)[1]


def test_pools_are_unhealthy_until_loaded_and_when_the_chain_has_not_confirmed_them() -> None:
    """Each reason is its own."""
    pools = PoolVitals(stale=5.0)
    assert pools.verdict(0.0) == ("unhealthy", "no pool loaded")
    pools.tracked = 3
    assert pools.verdict(0.0) == ("unhealthy", "not yet reconciled with the chain")
    pools.reconciled = 10.0
    assert pools.verdict(15.0) == ("healthy", "")
    assert pools.verdict(15.1)[0] == "unhealthy"


def test_executions_that_fail_in_a_row_degrade_the_executor() -> None:
    """One success ends the row."""
    executor = ExecutorVitals(limit=2)
    executor.settled("reverted")
    assert executor.verdict(0.0) == ("healthy", "")
    executor.settled("reverted")
    assert executor.verdict(0.0)[0] == "degraded"
    executor.settled(None)
    assert executor.verdict(0.0) == ("healthy", "")
