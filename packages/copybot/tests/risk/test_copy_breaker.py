"""The breaker pauses, can be resumed, and never ends the bot."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copybot.risk import Breaker, day_at, loss_of, status_of


def breaker() -> Breaker:
    return Breaker(failures=5, success_rate=0.8, pause_seconds=60)


def test_failures_in_a_row_pause_and_calm_resumes() -> None:
    """Five failures pause; a minute later, with the venue answering again, it resumes by itself."""
    one = breaker()
    for at in range(5):
        one.called(at, False)
    assert one.judge(5) and one.paused
    one.called(50, True)
    assert not one.judge(64)  # answering for 14 s only
    one.called(70, True)
    assert one.judge(81) and not one.paused


def test_it_does_not_resume_while_the_venue_fails() -> None:
    """A pause does not end because time passed."""
    one = breaker()
    for at in range(5):
        one.called(at, False)
    one.judge(5)
    for at in range(5, 300, 10):
        one.called(at, False)
        assert not one.judge(at) and one.paused


def test_without_a_call_nothing_trips() -> None:
    """A breaker must not fire with no trades."""
    one = breaker()
    assert not any(one.judge(at) for at in range(0, 10_000, 100))


def test_a_low_rate_of_success_trips() -> None:
    """Every third call fails: never five in a row, yet below 80 %."""
    one = breaker()
    for at in range(60):
        one.called(at / 10, at % 3 != 0)
    assert one.judge(6) and one.pause is not None and one.pause.cause == "api_success_rate"


def test_a_pause_by_hand_ends_by_hand_alone() -> None:
    """Calm does not undo a person's word."""
    one = breaker()
    one.trip("manual", 0, "x")
    for at in range(1000):
        one.called(at, True)
        assert not one.judge(at)
    assert one.resume() and not one.resume()


@given(st.lists(st.tuples(st.sampled_from(["ok", "bad", "judge", "trip", "resume"]), st.floats(0, 100))))
def test_no_history_breaks_it(events: list[tuple[str, float]]) -> None:
    """Known failure: a breaker that crashes the bot. Whatever happens, this one answers."""
    one, now = breaker(), 0.0
    for kind, step in events:
        now += step
        if kind in ("ok", "bad"):
            one.called(now, kind == "ok")
        elif kind == "judge":
            one.judge(now)
        elif kind == "trip":
            one.trip("daily_loss", now, "x")
        else:
            one.resume()
        assert 0 <= one.rate(now) <= 1


def test_the_day_warns_and_stops_at_its_thresholds() -> None:
    """12 % warns, 15 % is critical, counted from the day's opening; a new day begins anew."""
    day = day_at(None, 86_400 * 3 + 5, 1_000)
    for equity, status in ((1_100, "ok"), (881, "ok"), (880, "warning"), (851, "warning"), (850, "critical")):
        assert status_of(loss_of(day, equity), 120_000, 150_000) == status
    assert day_at(day, 86_400 * 4 - 1, 500) == day
    assert day_at(day, 86_400 * 4, 500).opening == 500
