"""The demo's fault script."""

import itertools

import pytest

from fleet.faults import NOTICED_BY, REST, FaultError, names_for, read_faults, seconds_needed
from fleet.wish import BOTS
from localvenues.arbitrum.venue import FAULT_NAMES
from localvenues.polymarket.doors.outages import FAULTS


def test_a_bare_name_gets_a_start_and_a_length() -> None:
    """The one-word form is enough."""
    (fault,) = read_faults("feed_freeze")
    assert fault.name == "feed_freeze"
    assert fault.start > 0 < fault.seconds


def test_all_faults_follow_one_another_with_time_to_recover() -> None:
    """No fault begins before the one before it has ended and rested."""
    plan = read_faults("all")
    assert [row.name for row in plan] == list(NOTICED_BY)
    for before, after in itertools.pairwise(plan):
        assert after.start >= before.start + before.seconds + REST
    assert seconds_needed(plan) >= plan[-1].start + plan[-1].seconds


def test_start_and_length_can_be_given() -> None:
    """name@start+seconds, in any combination."""
    assert read_faults("rpc_429@40+5, feed_gap@60") == [("rpc_429", 40, 5), ("feed_gap", 60, 8)]
    assert read_faults("") == []


@pytest.mark.parametrize(
    "text", ["feed_frozen", "feed_gap@x", "feed_gap+", "@3", "feed_gap@1.2.3", "feed_gap+."]
)
def test_a_wrong_word_is_named_with_the_choices(text: str) -> None:
    """The error repeats the word and lists the names."""
    with pytest.raises(FaultError, match="rpc_down"):
        read_faults(text)


def test_a_bot_alone_has_the_faults_of_its_own_venue_alone() -> None:
    """`all` means those that somebody can notice; another bot's fault is refused."""
    assert [row.name for row in read_faults("all", ["copybot"])] == names_for(["copybot"])
    with pytest.raises(FaultError, match="rtds_freeze"):
        read_faults("feed_freeze", ["copybot"])
    assert set(names_for(["arbbot"])) | set(names_for(["copybot"])) == set(NOTICED_BY)


def test_every_fault_is_one_that_its_venue_knows() -> None:
    """A name that the venue refuses would end the demo."""
    known = {"arbbot": set(FAULT_NAMES), "copybot": set(FAULTS)}
    assert {notice.bot for notice in NOTICED_BY.values()} == set(BOTS)
    for name, notice in NOTICED_BY.items():
        assert name in known[notice.bot]
