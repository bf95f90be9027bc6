"""Which changes alerts undergo."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import FIRING, RESOLVED, Ledger, notices
from watchkeeper.keeper.alerts.subject import labels_of, summary_of

SUBJECT = "component/bot/feed"
STATES = st.lists(st.sampled_from(["healthy", "degraded", "unhealthy", "unknown"]), max_size=30)


def walk(states: list[str]) -> list[str]:
    """Return the alert's states after each standing, all changes applied."""
    ledger, seen = Ledger(), []
    for state in states:
        for turn in ledger.turns([(SUBJECT, state, "why", "critical")]):
            ledger.apply(turn)
        seen.append(FIRING if SUBJECT in ledger.firing else RESOLVED)
    return seen


@given(STATES)
def test_an_alert_follows_the_last_known_state(states: list[str]) -> None:
    """It fires exactly where the last state that was not unknown is bad."""
    known: list[str] = []
    for state, shown in zip(states, walk(states), strict=True):
        known += [state] if state != "unknown" else []
        assert (shown == FIRING) == (bool(known) and known[-1] == "unhealthy")


def test_a_change_that_was_not_applied_is_found_again() -> None:
    """A crash between looking and writing loses nothing."""
    ledger = Ledger()
    first = ledger.turns([(SUBJECT, "unhealthy", "why", "critical")])
    assert first == ledger.turns([(SUBJECT, "unhealthy", "why", "critical")])
    ledger.apply(first[0])
    assert ledger.turns([(SUBJECT, "unhealthy", "why", "critical")]) == []


def test_a_subject_that_is_gone_resolves_its_alert() -> None:
    """Nothing fires for ever because its subject was removed."""
    ledger = Ledger({SUBJECT: "critical"})
    (turn,) = ledger.turns([])
    assert (turn.before, turn.after, turn.severity) == (FIRING, RESOLVED, "critical")


def test_a_resolved_notice_carries_the_start_and_the_cause() -> None:
    """What is told at the end names when and why it began."""
    rows = [
        (10.0, SUBJECT, FIRING, "no frame", "critical"),
        (15.0, SUBJECT, RESOLVED, "frames again", "critical"),
    ]
    fired, ended = notices(rows)
    assert (fired.alert.starts_at, fired.alert.ends_at) == (10.0, None)
    assert (ended.alert.starts_at, ended.alert.ends_at) == (10.0, 15.0)
    assert dict(ended.alert.annotations)["reason"] == "no frame"
    assert dict(ended.alert.annotations)["resolved_by"] == "frames again"
    assert fired.alert.fingerprint == ended.alert.fingerprint


def test_a_resolved_row_without_its_firing_row_is_still_told() -> None:
    """Rows that have expired cost the start, not the notice."""
    (ended,) = notices([(15.0, SUBJECT, RESOLVED, "well", "critical")])
    assert (ended.status, ended.alert.starts_at) == ("resolved", 15.0)


def test_labels_name_the_parts_of_the_subject() -> None:
    """Each kind of subject has its alert name and its own labels."""
    assert dict(labels_of("component/arb/feed", "critical")) == {
        "alertname": "ComponentUnhealthy",
        "severity": "critical",
        "bot": "arb",
        "component": "feed",
    }
    assert dict(labels_of("target/job/h:1", "warning"))["instance"] == "h:1"
    assert dict(labels_of("silence/arb/frames", "warning"))["alertname"] == "Silence"
    assert "a/b" in summary_of("component/arb/a/b")
