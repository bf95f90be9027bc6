"""How findings settle into standings."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.judge import Finding, Judge, Standing, overall

SUBJECT = "component/bot/feed"


def look(judge: Judge, now: float, *findings: Finding) -> list[tuple[str, str]]:
    """Look, apply, and return (before, after) of each flip."""
    flips = judge.look(now, findings)
    for flip in flips:
        judge.apply(flip)
    return [(flip.before, flip.after) for flip in flips]


def test_a_bad_state_counts_only_after_its_hold() -> None:
    """One failed look is not a fault; a lasting one is."""
    judge = Judge({SUBJECT: Standing(SUBJECT, "healthy", 0)})
    bad = Finding(SUBJECT, "unhealthy", "why", hold=2)
    assert look(judge, 10, bad) == []
    assert look(judge, 11.9, bad) == []
    assert look(judge, 12, bad) == [("healthy", "unhealthy")]


def test_a_good_look_starts_the_hold_again() -> None:
    """A flapping subject that is well in between never lasts."""
    judge = Judge({SUBJECT: Standing(SUBJECT, "healthy", 0)})
    bad, good = Finding(SUBJECT, "unhealthy", hold=2), Finding(SUBJECT, "healthy")
    for now in range(10, 30):
        assert look(judge, now, bad if now % 2 else good) == []


def test_recovery_counts_at_once() -> None:
    """Nobody waits to hear that all is well."""
    judge = Judge({SUBJECT: Standing(SUBJECT, "unhealthy", 0)})
    assert look(judge, 1, Finding(SUBJECT, "healthy", hold=60)) == [("unhealthy", "healthy")]


def test_a_clock_set_back_starts_the_hold_again() -> None:
    """An hour back neither raises nor hides an alarm for an hour."""
    judge = Judge({SUBJECT: Standing(SUBJECT, "healthy", 0)})
    bad = Finding(SUBJECT, "unhealthy", hold=2)
    assert look(judge, 5000, bad) == []
    assert look(judge, 1400, bad) == []
    assert look(judge, 1402, bad) == [("healthy", "unhealthy")]


def test_a_flip_that_was_not_written_is_found_again() -> None:
    """Only `apply` moves a standing."""
    judge = Judge()
    first = judge.look(1, [Finding(SUBJECT, "healthy")])
    assert first and judge.look(2, [Finding(SUBJECT, "healthy")])[0].after == "healthy"
    assert judge.standings == {}


def test_a_subject_without_finding_is_gone() -> None:
    """What is no longer watched leaves with a row."""
    judge = Judge({SUBJECT: Standing(SUBJECT, "healthy", 0)})
    assert look(judge, 1) == [("healthy", "gone")]
    assert judge.standings == {}


def test_a_restart_shows_unknown_before_the_first_look() -> None:
    """What the rows say is not what is now."""
    judge = Judge({SUBJECT: Standing(SUBJECT, "healthy", 0)})
    assert [one.state for one in judge.shown(100)] == ["unknown"]
    look(judge, 101, Finding(SUBJECT, "healthy"))
    assert [one.state for one in judge.shown(101)] == ["healthy"]


def test_not_knowing_is_shown_before_it_is_written() -> None:
    """An unknown look shows at once, its row waits for the hold."""
    judge = Judge({SUBJECT: Standing(SUBJECT, "healthy", 0)})
    assert look(judge, 10, Finding(SUBJECT, "unknown", "no answer", hold=5)) == []
    (shown,) = judge.shown(10)
    assert (shown.state, shown.reason) == ("unknown", "no answer")


STATE = st.sampled_from(["healthy", "degraded", "unhealthy", "unknown"])
SEVERITY = st.sampled_from(["critical", "warning"])


@given(st.lists(st.tuples(STATE, SEVERITY), max_size=6))
def test_overall_is_the_worst_and_never_well_by_ignorance(rows: list[tuple[str, str]]) -> None:
    """Healthy only where every subject is; unhealthy exactly where a critical subject is."""
    standings = [Standing(f"component/bot/{n}", s, 0, "", v) for n, (s, v) in enumerate(rows)]
    found = overall(standings, 9)
    assert found.state == expected(rows)
    assert bool(found.reason) == (found.state != "healthy")


def expected(rows: list[tuple[str, str]]) -> str:
    if not rows or (("unknown", "critical") in rows and ("unhealthy", "critical") not in rows):
        return "unknown"
    if ("unhealthy", "critical") in rows:
        return "unhealthy"
    return "healthy" if all(state == "healthy" for state, _ in rows) else "degraded"


def test_a_target_that_is_down_is_the_reason_before_its_parts() -> None:
    """The cause is named, not one of its consequences."""
    standings = [
        Standing("component/bot/feed", "unhealthy", 1, "no frame"),
        Standing("target/bot/h:1", "down", 2, "connection refused"),
    ]
    found = overall(standings, 9)
    assert (found.subject, found.reason) == ("target/bot/h:1", "bot is down: connection refused (and 1 more)")
