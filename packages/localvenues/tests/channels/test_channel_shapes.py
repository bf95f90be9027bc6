"""The local channels refuse what their vendors would, and answer as they are told."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localvenues.channels import shapes
from localvenues.channels.errors import MessageRefused, ScriptError
from localvenues.channels.script import KINDS, Scripts, Step, steps_of

EVENT = {
    "routing_key": "k", "event_action": "trigger", "dedup_key": "d",
    "payload": {"summary": "s", "source": "x", "severity": "critical"},
}  # fmt: skip
CHAT = {"chat_id": 1, "text": "<b>x</b> &lt;", "parse_mode": "HTML"}
GOOD: list[tuple[Callable[[Any], None], Mapping[str, Any]]] = [
    (shapes.check_slack, {"text": "x"}),
    (shapes.check_slack, {"attachments": [{"title": "x"}]}),
    (shapes.check_discord, {"content": "x" * 2000}),
    (shapes.check_discord, {"embeds": [{"title": "x" * 256, "description": "y" * 4096, "color": 1}]}),
    (shapes.check_telegram, CHAT),
    (shapes.check_pagerduty, EVENT),
    (shapes.check_pagerduty, {"routing_key": "k", "event_action": "resolve", "dedup_key": "d"}),
]
BAD: list[tuple[Callable[[Any], None], Mapping[str, Any]]] = [
    (shapes.check_slack, {}),
    (shapes.check_slack, {"attachments": ["x"]}),
    (shapes.check_discord, {}),
    (shapes.check_discord, {"content": "x" * 2001}),
    (shapes.check_discord, {"embeds": [{"title": "x" * 257}]}),
    (shapes.check_discord, {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}),
    (shapes.check_discord, {"embeds": [{"title": "x", "color": 1 << 24}]}),
    (shapes.check_telegram, {**CHAT, "text": "x" * 4097}),
    (shapes.check_telegram, {**CHAT, "text": "😀" * 2049}),
    (shapes.check_telegram, {**CHAT, "text": "<b>x"}),
    (shapes.check_telegram, {**CHAT, "text": "<table>x</table>"}),
    (shapes.check_telegram, {**CHAT, "text": "  "}),
    (shapes.check_telegram, {**CHAT, "reply_markup": {"inline_keyboard": [[{"callback_data": "x" * 65}]]}}),
    (shapes.check_pagerduty, {**EVENT, "routing_key": ""}),
    (shapes.check_pagerduty, {**EVENT, "event_action": "shout"}),
    (
        shapes.check_pagerduty,
        {**EVENT, "payload": {"summary": "s" * 1025, "source": "x", "severity": "info"}},
    ),
    (shapes.check_pagerduty, {**EVENT, "payload": {"summary": "s", "source": "x", "severity": "page"}}),
    (shapes.check_webhook, {"version": "3"}),
]


@pytest.mark.parametrize(("check", "body"), GOOD)
def test_a_right_message_is_taken(check: Callable[[Any], None], body: Mapping[str, Any]) -> None:
    """What is within the vendor's rules passes, up to the last sign."""
    check(body)


@pytest.mark.parametrize(("check", "body"), BAD)
def test_a_wrong_message_is_refused(check: Callable[[Any], None], body: Mapping[str, Any]) -> None:
    """What the vendor would refuse is refused here."""
    with pytest.raises(MessageRefused):
        check(body)


def test_steps_are_used_up_in_order_and_then_all_is_well() -> None:
    """Each channel has its own steps."""
    scripts = Scripts(["a", "b"])
    scripts.add("a", steps_of("429:2.5, 500,hang,slow:0.1"))
    assert scripts.next("b") == Step()
    told = [scripts.next("a") for _ in range(5)]
    assert [(one.kind, one.status, one.seconds) for one in told] == [
        ("status", 429, 2.5), ("status", 500, 0.0), ("hang", 200, 0.0), ("slow", 200, 0.1), ("ok", 200, 0.0),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["42", "hung", "429:", "600", "ok ok"])
def test_a_script_that_cannot_be_read_says_so(text: str) -> None:
    """The error names the step."""
    with pytest.raises(ScriptError, match=text):
        steps_of(text)


@given(st.text(max_size=20))
def test_any_text_is_steps_or_refused(text: str) -> None:
    """Nothing but ScriptError comes of a text, and every step has a kind that is known."""
    try:
        assert all(step.kind in KINDS for step in steps_of(text))
    except ScriptError:
        pass
