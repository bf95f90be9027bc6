"""People are told for real: every channel over its own wire, whatever the other side does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from localvenues.channels.script import steps_of
from localvenues.channels.venue import Channels, Settings
from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.groups import Notification, Slot
from watchkeeper.keeper.notify.channels.sender import Sender, Voice
from watchkeeper.keeper.notify.channels.settings import Place, Secret
from watchkeeper.keeper.notify.channels.telegram import Listener, Press
from watchkeeper.keeper.notify.http import Wire
from watchkeeper.keeper.notify.message import Texts
from watchkeeper.keeper.notify.outbox import Line, Outbox
from watchkeeper.keeper.notify.receivers import sender_of
from watchkeeper.keeper.notify.tokens import Tokens, group_name

KINDS = ("webhook", "slack", "discord", "telegram", "pagerduty", "email")
RECEIVED = {"email": "smtp"}
TOKENS = Tokens(b"k" * 32)
GROUP = '{}:{alertname="FeedSilent"}'
LOOP = '{{ define "loop" }}{{ template "loop" . }}{{ end }}{{ template "loop" . }}'


class Clock:
    """A clock by hand: pauses between tries take no time here."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def page(kind: str, *, over: bool = False, at: float = 1_700_000_000.0, **more: Any) -> Notification:
    """Return a page about a silent feed."""
    labels = (("alertname", "FeedSilent"), ("bot", "arb"), ("severity", "critical"))
    notes = (("summary", "the feed is silent"), ("reason", "no frame for 12s, api_key=abc123"))
    alert = Alert(labels, notes, 1_699_999_000.0, 1_699_999_900.0 if over else None)
    firing = frozenset() if over else frozenset({alert.fingerprint})
    resolved = frozenset({alert.fingerprint}) - firing
    reason = more.pop("reason", "resolved" if over else "first")
    slot = Slot(GROUP, "team", kind, 0)
    return Notification(at, slot, labels[:1], (alert,), firing, resolved, reason, **more)


@pytest.fixture
async def channels(tmp_path: Path) -> AsyncIterator[Channels]:
    """All channels on loopback; the mail server asks for a user and a password."""
    opened = Channels(Settings(tmp_path / "channels", login=("keeper", "geheim")))
    await opened.open()
    yield opened
    await opened.close()


class Desk:
    """A keeper's telling end to end: settings, senders, outbox, with the clock by hand."""

    def __init__(self, channels: Channels, folder: Path, **more: Mapping[str, Any]) -> None:
        self.channels, self.clock = channels, Clock()
        self.voice = Voice(Texts(), external_url="http://keeper:8080", ack_token=self._token)
        place = Place(folder, folder, {"MAIL_PASSWORD": "geheim"})
        senders = {Line("team", kind, 0): self._sender(kind, place, more.get(kind, {})) for kind in KINDS}
        self.outbox = Outbox(folder / "outbox.db", senders, self.clock, chance=lambda: 0.5)

    def _token(self, one: Notification) -> str:
        return TOKENS.sign(one.group_key, self.clock())

    def _sender(self, kind: str, place: Place, more: Mapping[str, Any]) -> Sender:
        return sender_of(kind, {**settings(self.channels, kind), **more}, kind, place, self.voice)

    async def tell(self, *pages: Notification, tries: int = 12) -> None:
        """Send pages, and let the clock go until nothing is owed."""
        await self.outbox.put(pages)
        for _ in range(tries):
            await self.outbox.step()
            if not self.outbox.waiting():
                return
            self.clock.now += 120
        raise AssertionError(f"still owed: {[(p.line, p.error) for p in self.outbox.waiting()]}")

    def taken(self, kind: str) -> list[Any]:
        return [one.body for one in self.channels.received.of(RECEIVED.get(kind, kind), taken=True)]

    def script(self, kind: str, steps: str) -> None:
        self.channels.scripts.add(RECEIVED.get(kind, kind), steps_of(steps))


def settings(channels: Channels, kind: str) -> dict[str, Any]:
    """Return the settings of a receiver's entry for a local channel."""
    told = channels.told
    if kind != "email":
        own = dict(told[kind])
        own.pop("app_url", None)
        return {**own, "timeout": 5.0}
    return {
        "to": "ops@example.org, boss@example.org",
        "from": "Watchkeeper <keeper@example.org>",
        "smarthost": told["smtp"]["smarthost"],
        "tls_config": {"ca_file": told["smtp"]["ca_file"]},
        "auth_username": "keeper",
        "auth_password_file": "$MAIL_PASSWORD",
        "timeout": 5.0,
    }


@pytest.fixture
async def desk(channels: Channels, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk over all channels."""
    made = Desk(channels, tmp_path)
    yield made
    made.outbox.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_page_and_its_end_arrive_without_secrets(desk: Desk, kind: str) -> None:
    """Firing, then resolved, in order; what looks like a key stays here."""
    await desk.tell(page(kind))
    await desk.tell(page(kind, over=True))
    first, second = map(str, desk.taken(kind))
    assert "FeedSilent" in first and "FIRING" in first.upper()
    assert "RESOLVED" in second.upper() or "resolve" in second
    assert "abc123" not in first + second


async def test_mail_goes_over_tls_and_says_who_we_are(desk: Desk) -> None:
    """STARTTLS with the server's certificate checked, the password from the environment, two recipients."""
    await desk.tell(page("email"))
    message = desk.channels.received.of("smtp")[0]
    assert message.body["user"] == "keeper"
    assert message.to == "ops@example.org, boss@example.org"
    assert message.body["headers"]["Subject"] == "[FIRING:1] FeedSilent (arb critical)"
    assert "the feed is silent" in message.body["text"] and "<h4>Firing</h4>" in message.body["html"]
    assert message.body["headers"]["Message-ID"].endswith("@watchkeeper>")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", ["500,503", "429:30", "reset", "half-close"])
async def test_a_page_outlives_what_the_other_side_does(desk: Desk, kind: str, steps: str) -> None:
    """Refusals for a while, broken connections: tried again until taken; only a lost answer repeats."""
    if kind == "email":
        steps = steps.replace("500,503", "451,421").replace("429:30", "452")
    desk.script(kind, steps)
    await desk.tell(page(kind))
    taken = desk.channels.received.of(RECEIVED.get(kind, kind), taken=True)
    assert len(taken) == (2 if steps == "half-close" else 1)
    assert len({one.key for one in taken}) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_channel_that_hangs_holds_up_no_other(channels: Channels, tmp_path: Path, kind: str) -> None:
    """The send ends after its timeout and is tried again; another channel has its page meanwhile."""
    desk = Desk(channels, tmp_path, **{kind: {"timeout": 0.3}})
    desk.script(kind, "hang")
    other = "slack" if kind != "slack" else "discord"
    await desk.tell(page(kind), page(other))
    assert desk.taken(other) and desk.taken(kind)
    assert desk.outbox.tally.failed == {(Line("team", kind, 0), "timeout"): 1}
    desk.outbox.close()


async def test_retry_after_is_honoured(desk: Desk) -> None:
    """429 with a header or a body: not asked again before."""
    for kind in ("slack", "discord", "telegram", "pagerduty"):
        desk.script(kind, "429:33")
    await desk.outbox.put([page(kind) for kind in ("slack", "discord", "telegram", "pagerduty")])
    await desk.outbox.step()
    assert [round(one.not_before - desk.clock.now, 3) for one in desk.outbox.waiting()] == [33.0] * 4


async def test_a_mail_server_that_dies_in_the_middle_gets_the_message_again(desk: Desk) -> None:
    """Nothing was taken the first time, all of it the second time."""
    desk.script("email", "die")
    await desk.tell(page("email"))
    assert len(desk.taken("email")) == 1


async def test_mail_without_tls_keeps_the_password_here(channels: Channels, tmp_path: Path) -> None:
    """A server whose certificate is not known gets nothing, and the page stays owed."""
    desk = Desk(channels, tmp_path, email={"tls_config": {}})
    await desk.outbox.put([page("email")])
    await desk.outbox.step()
    assert "certificate verify failed" in desk.outbox.waiting()[0].error
    assert desk.taken("email") == []
    desk.outbox.close()


async def test_a_wrong_password_is_said_and_not_hammered(channels: Channels, tmp_path: Path) -> None:
    """A refusal: one try for now, an error by name, no secret in it."""
    desk = Desk(channels, tmp_path, email={"auth_password_file": None, "auth_password": "falsch99"})
    await desk.outbox.put([page("email")])
    assert [await desk.outbox.step() for _ in range(3)] == [1, 0, 0]
    row = (await desk.outbox.recent(1))[0]
    assert row[3] == "refused" and "535" in row[6] and "falsch99" not in row[6]
    desk.outbox.close()


TEXTS = {
    "slack": "title",
    "discord": "message",
    "telegram": "message",
    "pagerduty": "description",
    "email": "html",
}


@pytest.mark.parametrize(("kind", "field"), TEXTS.items())
@pytest.mark.parametrize("text", [LOOP, "{{ index .Alerts 9 }}"])
async def test_a_template_that_loops_or_fails_still_pages(
    channels: Channels, tmp_path: Path, kind: str, field: str, text: str
) -> None:
    """The alert goes out plain, with the error named."""
    desk = Desk(channels, tmp_path, **{kind: {field: text}})
    await desk.tell(page(kind))
    told = str(desk.taken(kind)[0])
    assert "the feed is silent" in told
    assert f"{field}: " in told and ("nested" in told or "out of range" in told)
    desk.outbox.close()


async def test_what_a_vendor_cannot_read_goes_out_plain(channels: Channels, tmp_path: Path) -> None:
    """Telegram refuses broken markup with 400; the page arrives without it, and says why."""
    desk = Desk(channels, tmp_path, telegram={"message": "<nosuch>{{ .Status }}</nosuch>"})
    await desk.tell(page("telegram"))
    told = desk.taken("telegram")
    assert len(told) == 1 and "parse_mode" not in told[0]
    assert "the feed is silent" in told[0]["text"] and "unsupported start tag" in told[0]["text"]
    desk.outbox.close()


async def test_a_press_in_telegram_acknowledges_at_pagerduty(desk: Desk) -> None:
    """Page, press, acknowledge, resolve: one incident goes through all its states."""
    presses: list[Press] = []

    async def on_press(press: Press) -> str:
        presses.append(press)
        assert TOKENS.read(press.token, desk.clock()) == group_name(GROUP)
        return "acknowledged"

    await desk.tell(page("telegram"), page("pagerduty"))
    incidents = desk.channels.vendors.incidents
    assert list(incidents.values()) == ["triggered"]
    told = desk.channels.told["telegram"]
    listener = Listener(told["api_url"], Secret(told["bot_token"]), on_press, Wire())
    assert desk.channels.vendors.press("ana")
    assert await listener.listen(0) == 1 and await listener.listen(0) == 0
    assert [press.who for press in presses] == ["ana (Telegram)"]
    assert await desk.outbox.acknowledged(GROUP, presses[0].who) == 2
    await desk.tell()
    assert list(incidents.values()) == ["acknowledged"]
    assert "Acknowledged by ana (Telegram)" in desk.taken("telegram")[-1]["text"]
    await desk.tell(page("pagerduty", over=True))
    assert list(incidents.values()) == ["resolved"]
    answered = desk.channels.received.of("telegram-answer")
    assert answered[0].body["text"] == "acknowledged"


async def test_every_channel_hears_of_an_acknowledgement_or_keeps_still(desk: Desk) -> None:
    """Chats and the mailbox name who took it; a webhook, which has no word for it, gets nothing."""
    for kind in KINDS:
        await desk.tell(page(kind, reason="acknowledged", people=("ana",)))
    assert desk.taken("webhook") == []
    for kind in ("slack", "discord", "telegram", "email"):
        assert "Acknowledged by ana" in str(desk.taken(kind)[0]), kind
