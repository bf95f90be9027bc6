"""The steps of a policy in words."""

from typing import get_args

import pytest

from watchkeeper.keeper.alerts.escalation import (
    Between,
    IfMore,
    NotifyChannel,
    NotifyNext,
    NotifyPeople,
    NotifySchedule,
    NotifyTeam,
    Repeat,
    Resolve,
    Step,
    Wait,
    Webhook,
)
from watchkeeper.keeper.alerts.escalation.wording import step_words

WORDS = [
    (Wait(90), "wait 1 m 30 s"),
    (Wait(0.5), "wait 0.5 s"),
    (NotifyPeople(("ann", "bob", "cyd"), "important"), "tell ann, bob and cyd, important"),
    (NotifyTeam("trading"), "tell the team trading"),
    (NotifySchedule("primary"), "tell who is on call in primary"),
    (NotifyNext(("ann", "bob")), "tell the next of ann or bob"),
    (NotifyChannel("chat"), "tell chat"),
    (Webhook("hook"), "call the webhook hook"),
    (Between(()), "go on within the hours that are set"),
    (IfMore(5, 600), "go on once more than 5 alerts began within 10 m"),
    (Resolve(), "end the alerts"),
    (Repeat(3), "begin anew, at most 3 times"),
]


@pytest.mark.parametrize(("step", "words"), WORDS)
def test_a_step_says_what_it_does(step: Step, words: str) -> None:
    assert step_words(step) == words


def test_no_kind_of_step_is_without_words() -> None:
    assert {type(step) for step, _ in WORDS} == set(get_args(Step))
