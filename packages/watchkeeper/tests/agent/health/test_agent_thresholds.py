"""The state machine of thresholds: time is an argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper import Outcome, Status, degraded, healthy, unhealthy
from watchkeeper.agent.health.outcome import outcome_of, outcome_of_error, worst
from watchkeeper.agent.health.thresholds import State, Thresholds, stepped, unborn

OUTCOMES = st.sampled_from([healthy(), degraded("slow"), unhealthy("down")])


def walked(outcomes: list[Outcome], thresholds: Thresholds, every: float = 1.0) -> list[State]:
    state, states = unborn(0.0), []
    for number, outcome in enumerate(outcomes):
        state = stepped(state, outcome, number * every, thresholds)
        states.append(state)
    return states


def statuses(outcomes: list[Outcome], thresholds: Thresholds) -> list[str]:
    return [state.outcome.status.value for state in walked(outcomes, thresholds)]


def test_failures_in_a_row_are_needed_and_a_good_one_between_starts_the_count_again() -> None:
    bad, good = unhealthy("down"), healthy()
    run = [good, bad, bad, good, bad, bad, bad]
    assert statuses(run, Thresholds(failures=3)) == ["healthy"] * 6 + ["unhealthy"]


def test_recoveries_in_a_row_are_needed_and_a_bad_one_between_starts_the_count_again() -> None:
    bad, good = unhealthy("down"), healthy()
    run = [bad, good, bad, good, good]
    assert statuses(run, Thresholds(recoveries=2)) == ["unhealthy"] * 4 + ["healthy"]


def test_the_first_good_outcome_ends_not_knowing_at_once() -> None:
    assert statuses([healthy()], Thresholds(failures=3, recoveries=3)) == ["healthy"]


def test_bad_outcomes_during_the_warm_up_count_for_nothing() -> None:
    """Not towards the threshold either."""
    run = [unhealthy("down")] * 7
    states = statuses(run, Thresholds(failures=2, warmup=5.0))
    assert states == ["unknown"] * 6 + ["unhealthy"]


def test_a_good_outcome_during_the_warm_up_is_believed() -> None:
    assert statuses([unhealthy("down"), healthy()], Thresholds(warmup=60)) == ["unknown", "healthy"]


def test_a_run_of_mixed_severity_enters_the_mildest_that_all_of_it_supports() -> None:
    run = [healthy(), unhealthy("down"), degraded("slow"), unhealthy("down"), unhealthy("down")]
    assert statuses(run, Thresholds(failures=2)) == [
        "healthy",
        "healthy",
        "degraded",
        "degraded",
        "unhealthy",
    ]


def test_since_is_the_moment_of_the_change_and_the_reason_stays_fresh() -> None:
    states = walked([healthy(), unhealthy("one"), unhealthy("two")], Thresholds())
    assert [(state.since, state.outcome.reason) for state in states] == [(0, ""), (1, "one"), (1, "two")]


@given(st.lists(OUTCOMES, max_size=40), st.integers(1, 4), st.integers(1, 4))
def test_a_status_changes_only_after_a_whole_run_that_supports_it(
    outcomes: list[Outcome], failures: int, recoveries: int
) -> None:
    """Law: the last k outcomes are all at least as bad, or as good, as the state that they brought."""
    before = Status.UNKNOWN
    for number, state in enumerate(walked(outcomes, Thresholds(failures, recoveries))):
        after = state.outcome.status
        if after is not before:
            worse = after.rank > before.rank
            needed = failures if worse else (1 if before is Status.UNKNOWN else recoveries)
            backing = outcomes[number + 1 - needed : number + 1]
            assert len(backing) == needed
            assert all(
                (one.status.rank >= after.rank) if worse else (one.status.rank <= after.rank)
                for one in backing
            )
        before = after


@given(st.lists(OUTCOMES, min_size=1, max_size=40))
def test_with_thresholds_of_one_the_state_is_the_last_outcome(outcomes: list[Outcome]) -> None:
    assert walked(outcomes, Thresholds())[-1].outcome == outcomes[-1]


@pytest.mark.parametrize("bad", [{"failures": 0}, {"recoveries": 0}, {"warmup": -1}])
def test_thresholds_that_make_no_sense_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        Thresholds(**bad)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, healthy()),
        (True, healthy()),
        (False, unhealthy("the check said no")),
        ("feed frozen", unhealthy("feed frozen")),
        (degraded("slow"), degraded("slow")),
    ],
)
def test_a_checks_answer_is_read_as_documented(answer: object, expected: Outcome) -> None:
    assert outcome_of(answer) == expected


def test_an_answer_of_another_kind_and_an_error_are_unhealthy_with_their_reason() -> None:
    assert outcome_of(1).status is Status.UNHEALTHY
    assert outcome_of_error(TimeoutError("rpc")) == unhealthy("TimeoutError: rpc")
    assert outcome_of_error(KeyError()) == unhealthy("KeyError")


def test_the_worst_of_none_is_healthy_and_of_equals_the_first() -> None:
    assert worst([]) == healthy()
    assert worst([healthy(), degraded("a"), degraded("b")]) == degraded("a")
