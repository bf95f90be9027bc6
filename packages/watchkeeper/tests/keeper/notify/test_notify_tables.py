"""Alertmanager's own tables: which status is tried again, and how texts are cut."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.notify import truncation
from watchkeeper.keeper.notify.http import Answer
from watchkeeper.keeper.notify.verdict import LONGEST_PAUSE, pause_of, reason_of, refusal, retry_after_of

Table = Callable[[str], Any]


def test_a_status_is_tried_again_as_alertmanager_does(table: Table) -> None:
    """Every case of the recorded table: whether to try again, and the error's words."""
    cases = table("alertmanager/retry_policy.json")["cases"]
    for case in cases:
        body = case.get("body", "").replace("<unreadable>", "")
        error = refusal(case["status"], body, case.get("extra_retry_codes", ()))
        assert (None if error is None else str(error)) == case["error"], case
        assert bool(error and error.retryable) is case["retry"], case
    print(f"{len(cases)} recorded cases of the retry policy hold")


def test_a_status_has_alertmanagers_reason(table: Table) -> None:
    """Every case of the recorded table: the word for the kind of failure."""
    reasons = table("alertmanager/retry_policy.json")["failure_reason"]
    assert {status: reason_of(int(status)) for status in reasons} == reasons
    print(f"{len(reasons)} recorded reasons hold")


def test_texts_are_cut_as_alertmanager_does(table: Table) -> None:
    """Every case of the recorded table, in runes and in bytes."""
    cases = table("alertmanager/truncate.json")["cases"]
    for case in cases:
        for name, cut in (("runes", truncation.runes), ("bytes", truncation.octets)):
            expected = case[name]["out"], case[name]["truncated"]
            assert cut(case["in"], case["n"]) == expected, (name, case)
    print(f"{2 * len(cases)} recorded cases of truncation hold")


@given(st.text(), st.integers(0, 50))
def test_no_cut_text_is_longer_than_its_limit(text: str, most: int) -> None:
    """In its own measure each cut keeps its limit, and leaves what fits as it is."""
    assert len(truncation.runes(text, most)[0]) <= most
    assert len(truncation.octets(text, most)[0].encode("utf-8", "replace")) <= most
    if most:
        assert len(truncation.utf16(text, most)[0].encode("utf-16-le", "replace")) <= 2 * most
    assert truncation.runes(text, len(text)) == (text, False)


def test_a_retry_after_is_seconds_a_date_or_nothing() -> None:
    """Both forms of the header count, within an hour; what is neither is none."""
    assert pause_of("2.5", 0) == 2.5
    assert pause_of("Thu, 01 Jan 1970 00:00:30 GMT", 10) == 20
    assert pause_of("99999999", 0) == LONGEST_PAUSE
    assert (pause_of("-3", 0), pause_of("soon", 0), pause_of("nan", 0)) == (0, None, None)


def test_chats_ask_for_a_pause_in_their_bodies() -> None:
    """Discord and Telegram say it in JSON; a header counts before it."""
    assert retry_after_of(Answer(429, (), b'{"retry_after": 0.3}')) == 0.3
    assert retry_after_of(Answer(429, (), b'{"parameters": {"retry_after": 5}}')) == 5
    assert retry_after_of(Answer(429, (("retry-after", "7"),), b'{"retry_after": 0.3}')) == 7
    assert retry_after_of(Answer(429, (), b"[]")) is None
