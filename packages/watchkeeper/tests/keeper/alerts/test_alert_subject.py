"""From a subject and its row to the labels of its alert."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import notices
from watchkeeper.keeper.alerts.subject import annotations_of, bot_of, with_bot

TARGET = "target/job/h:1"
COMPONENT = "component/arb/feed"


@given(st.text(), st.text(min_size=1))
def test_the_row_of_a_target_gives_its_bot_back_and_one_line_of_reason(reason: str, bot: str) -> None:
    """Whatever the words of the error are."""
    row = with_bot(TARGET, reason, bot)
    assert bot_of(TARGET, row) == bot
    assert annotations_of(TARGET, row)["reason"] == " ".join(reason.splitlines())


@given(st.text())
def test_no_words_of_an_error_pass_for_a_bot(reason: str) -> None:
    """A target without one has none, and a row that was written another way is read all the same."""
    assert bot_of(TARGET, with_bot(TARGET, reason, "")) == ""
    assert with_bot(COMPONENT, reason, "arb") == reason
    assert bot_of(COMPONENT, reason) == ""
    assert bot_of(TARGET, f"refused\n[{reason}") == ""


def test_the_end_of_a_targets_alert_has_the_labels_of_its_beginning() -> None:
    """Although its own row does not name the bot: the fingerprint stays."""
    begun = (100.0, TARGET, "firing", with_bot(TARGET, "refused", "arb"), "critical")
    ended = (130.0, TARGET, "resolved", "", "critical")
    first, last = notices([begun, ended])
    assert dict(first.alert.labels)["bot"] == "arb"
    assert first.alert.fingerprint == last.alert.fingerprint
