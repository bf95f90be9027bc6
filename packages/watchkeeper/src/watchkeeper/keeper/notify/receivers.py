"""From the receivers of a configuration to their senders.

Alerting has read the file and filled in what `global` says; here each entry's settings become a sender.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from watchkeeper.keeper.alerts.alerting import IntegrationSettings, Receiver
from watchkeeper.keeper.notify.channels import (
    apprise,
    discord,
    email,
    pagerduty,
    paper,
    slack,
    telegram,
    webhook,
)
from watchkeeper.keeper.notify.channels.sender import HttpSender, Sender, Vendor, Voice
from watchkeeper.keeper.notify.channels.settings import (
    ChannelSettings,
    Place,
    limit_of,
    pass_of,
    read,
    secret,
    timeout_of,
    wire_of,
)
from watchkeeper.keeper.notify.errors import SettingsInvalid, TextFailed
from watchkeeper.keeper.notify.message import Texts
from watchkeeper.keeper.notify.outbox.parcel import Line
from watchkeeper.keeper.notify.pace import Limit

Raw = Mapping[str, Any]
NOTHING: Mapping[str, Raw] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel: its settings, the class that speaks, its usual pace, its secrets' names.

    direct tells that the class is a sender itself; others speak to a vendor through an HttpSender.
    """

    settings: type[ChannelSettings]
    speaks: Any
    limit: Limit
    secrets: tuple[str, ...] = ()
    direct: bool = False


KINDS: Mapping[str, Kind] = {
    "webhook": Kind(webhook.WebhookSettings, webhook.Webhook, webhook.LIMIT, ("url",)),
    "slack": Kind(slack.SlackSettings, slack.Slack, slack.LIMIT, ("api_url", "app_token")),
    "discord": Kind(discord.DiscordSettings, discord.Discord, discord.LIMIT, ("webhook_url",)),
    "telegram": Kind(telegram.TelegramSettings, telegram.Telegram, telegram.LIMIT, ("bot_token",)),
    "pagerduty": Kind(pagerduty.PagerdutySettings, pagerduty.Pagerduty, pagerduty.LIMIT, ("routing_key",)),
    "email": Kind(
        email.EmailSettings, email.EmailSender, email.LIMIT, ("auth_password", "auth_secret"), direct=True
    ),
    "apprise": Kind(apprise.AppriseSettings, apprise.AppriseSender, apprise.LIMIT, ("url",), direct=True),
    "log": Kind(paper.LogSettings, paper.LogSender, Limit(), direct=True),
    "jsonl": Kind(paper.JsonlSettings, paper.JsonlSender, Limit(), direct=True),
}


def senders(
    receivers: Iterable[Receiver], place: Place, voice: Voice, own: Mapping[str, Raw] = NOTHING
) -> dict[Line, Sender]:
    """Return the senders of all receivers; raises SettingsInvalid naming the field.

    own holds settings of ours by kind (rate_limit, acknowledge_button), for which Alertmanager's file has
    no words; an entry's own settings count before them.
    """
    found: dict[Line, Sender] = {}
    for path, receiver, one in entries(receivers):
        made = sender_or_fault(path, receiver, one, place, voice, own)
        if isinstance(made, SettingsInvalid):
            raise made
        found[Line(receiver.name, one.integration.kind, one.integration.place)] = made
    return found


def faults(
    receivers: Iterable[Receiver], place: Place, voice: Voice, own: Mapping[str, Raw] = NOTHING
) -> list[SettingsInvalid]:
    """Return what is wrong with each entry that cannot be used, in the file's order."""
    found = []
    for path, receiver, one in entries(receivers):
        made = sender_or_fault(path, receiver, one, place, voice, own)
        fault = made if isinstance(made, SettingsInvalid) else undefined(path, receiver, one, voice.texts)
        found += [fault] if fault else []
    return found


def undefined(
    path: str, receiver: Receiver, one: IntegrationSettings, texts: Texts
) -> SettingsInvalid | None:
    """Return the first use of a named template that nobody defines: such a page would go out plain."""
    try:
        check_texts(one.settings, path, texts.check_calls)
    except SettingsInvalid as error:
        return SettingsInvalid(error.field, f'{error.reason} (receiver "{receiver.name}")')
    return None


def entries(receivers: Iterable[Receiver]) -> Iterator[tuple[str, Receiver, IntegrationSettings]]:
    """Yield each entry of each receiver with its path."""
    for number, receiver in enumerate(receivers):
        for one in receiver.integrations:
            yield (
                f"receivers[{number}].{one.integration.kind}_configs[{one.integration.place}]",
                receiver,
                one,
            )


def sender_or_fault(
    path: str,
    receiver: Receiver,
    one: IntegrationSettings,
    place: Place,
    voice: Voice,
    own: Mapping[str, Raw],
) -> Sender | SettingsInvalid:
    """Return an entry's sender, or why there is none: field and receiver are named."""
    kind = one.integration.kind
    try:
        return sender_of(kind, {**own.get(kind, {}), **one.settings}, path, place, voice)
    except SettingsInvalid as error:
        return SettingsInvalid(error.field, f'{error.reason} (receiver "{receiver.name}")')


def sender_of(kind: str, raw: Raw, path: str, place: Place, voice: Voice) -> Sender:
    """Return the sender of one entry; raises SettingsInvalid naming the field (path is the entry's).

    Its secrets become known to the voice's redactor, and its texts are read.
    """
    known = KINDS.get(kind)
    if known is None:
        raise SettingsInvalid(path, f"no channel of the kind {kind!r}; there are: {', '.join(sorted(KINDS))}")
    settings = read(known.settings, raw, path)
    check_texts(raw, path, voice.texts.check)
    voice.redactor.learn(*secrets_in(known, settings, path, place))
    limit, timeout = limit_of(settings, known.limit), timeout_of(settings)
    if known.direct:
        sender: Sender = known.speaks.of(settings, path, place, voice, timeout, limit)
        return sender
    vendor: Vendor = known.speaks.of(settings, path, place)
    width = 1 if limit.per_second else 8
    return HttpSender(vendor, wire_of(settings.http_config, path, place), voice, timeout, limit, width)


def check_texts(value: Any, path: str, check: Callable[[str, str], None]) -> None:
    """Check every text of an entry; raises SettingsInvalid naming the one that is not good."""
    if isinstance(value, str):
        try:
            check(path, value)
        except TextFailed as error:
            raise SettingsInvalid(path, str(error).removeprefix(f"{path}: ")) from None
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            check_texts(inner, f"{path}.{name}", check)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            check_texts(inner, f"{path}[{number}]", check)


def secrets_in(kind: Kind, settings: ChannelSettings, path: str, place: Place) -> list[str]:
    """Return the values that no message may hold; of a URL the whole and its path."""
    values = [secret(settings, name, path, place).peek() for name in kind.secrets]
    return [*values, *pass_of(settings.http_config, path, place).secrets()]


def template_texts(patterns: Iterable[str], folder: Path) -> list[str]:
    """Return the texts of the template files that patterns (`templates/*.tmpl`) name, in order.

    Raises SettingsInvalid naming the file that cannot be read, or whose templates cannot.
    """
    found = []
    for number, pattern in enumerate(patterns):
        for path in map(Path, sorted(glob.glob(str(folder / pattern)))):  # noqa: PTH207 (it may be absolute)
            try:
                text = path.read_text(encoding="utf-8")
                Texts([text])
                found.append(text)
            except (OSError, UnicodeDecodeError, TextFailed) as error:
                raise SettingsInvalid(f"templates[{number}]", f"{path}: {error}") from None
    return found


def texts_of(patterns: Iterable[str], folder: Path) -> Texts:
    """Return the texts of a configuration; raises SettingsInvalid for a template that cannot be read."""
    return Texts(template_texts(patterns, folder))
