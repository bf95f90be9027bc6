"""Silences that somebody may have forgotten."""

from watchkeeper.keeper.alerts import Silence
from watchkeeper.keeper.alerts.matchers import read_matchers
from watchkeeper.keeper.reminders import DAY, reminders

NOW = 100 * DAY


def silence(begun: float, left: float, id: str = "s1") -> Silence:
    matchers = read_matchers('bot="arb"')
    return Silence((matchers,), NOW - begun * DAY, NOW + left * DAY, "eva", "till monday", id)


def test_a_silence_that_has_lasted_long_is_told_of() -> None:
    """By whom, what it mutes, what it holds back, when it ends."""
    (post,) = reminders([silence(8, 2)], [], NOW, 7 * DAY)
    assert post.labels == {"alertname": "SilenceForgotten", "severity": "info", "silence": "s1"}
    assert post.annotations["summary"] == "a silence of eva has lasted 8.0 days"
    for words in ('{bot="arb"}', "nothing at present", "ends in 2.0 days", "till monday"):
        assert words in post.annotations["description"]


def test_young_ended_and_coming_silences_are_no_reminder() -> None:
    """Only one that holds now, and has for long."""
    quiet = [silence(6.9, 1), silence(20, -1), silence(-1, 5)]
    assert reminders(quiet, [], NOW, 7 * DAY) == []


def test_reminders_can_be_switched_off() -> None:
    """With 0."""
    assert reminders([silence(50, 2)], [], NOW, 0) == []
