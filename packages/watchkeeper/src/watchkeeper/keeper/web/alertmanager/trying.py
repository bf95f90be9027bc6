"""POST /api/v2/alerting/test: a test message through the channels of a receiver, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alerts import Alert, Notification, Slot, fingerprint
from watchkeeper.keeper.notify.channels.sender import Sender
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.outbox import Line
from watchkeeper.keeper.web.alertmanager.bodies import body_of, decoded
from watchkeeper.keeper.web.alertmanager.errors import Refused, answer
from watchkeeper.keeper.web.alertmanager.words import name_of

Senders = Mapping[Line, Sender]
# Where a page stays open until it is said to be over.
KEEPERS = frozenset({"pagerduty"})


class Try(msgspec.Struct, forbid_unknown_fields=True):
    """The receiver, or one channel of it as `receiver/kind[0]`; who asks."""

    channel: str = ""
    who: str = ""


async def post_test(request: Request) -> Response:
    """Send to every channel meant, side by side; 404 where there is none, 502 where one refuses."""
    senders: Senders = request.app.state.senders
    given = decoded(await body_of(request, "test", 65_536), Try, "test")
    lines = meant(given.channel, senders)
    who = name_of(request) or given.who.strip() or "somebody"
    now: float = request.app.state.alerting.now()
    outcomes = await asyncio.gather(*(tried(line, senders[line], who, now) for line in lines))
    told = [{"channel": str(line), "error": error} for line, error in zip(lines, outcomes, strict=True)]
    return answer({"channels": told}, 502 if any(outcomes) else 200)


def meant(channel: str, senders: Senders) -> list[Line]:
    """Return the lines that a name means; raise Refused where it means none."""
    found = [line for line in senders if channel in (line.receiver, str(line))]
    if not found:
        known = ", ".join(sorted({*map(str, senders)})) or "none"
        raise Refused(404, f"no channel {channel!r}; known: {known}")
    return found


async def tried(line: Line, sender: Sender, who: str, now: float) -> str:
    """Send a test message; return what went wrong, empty for nothing."""
    key = f"test-{line.channel}-{int(now * 1000)}"
    try:
        async with asyncio.timeout(sender.timeout):
            message = trial(line, who, now)
            await sender.send(message, key)
            if line.channel in KEEPERS:
                await sender.send(over(message), f"{key}-end")
    except ChannelError as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {sender.timeout:g} s"
    return ""


def trial(line: Line, who: str, now: float) -> Notification:
    """Return the notification of an alert that says that it is a test; nobody keeps it."""
    labels = (("alertname", "TestMessage"), ("severity", "info"))
    summary = f"{who} tests this channel: nothing is wrong"
    alert = Alert(labels, (("summary", summary),), now)
    slot = Slot('{}:{alertname="TestMessage"}', line.receiver, line.channel, line.place)
    firing = frozenset({fingerprint(labels)})
    return Notification(now, slot, labels[:1], (alert,), firing, frozenset(), "first")


def over(message: Notification) -> Notification:
    """Return the end of a test message."""
    alerts = tuple(replace(one, ends_at=message.at) for one in message.alerts)
    return replace(message, alerts=alerts, firing=frozenset(), resolved=message.firing, reason="resolved")
