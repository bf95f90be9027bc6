"""What a keeper opens to tell people: from a configuration of alerting to an outbox at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.keeper.alerts.alerting import Alerting
from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.channels.sender import Sender, Voice
from watchkeeper.keeper.notify.channels.settings import Place, read, secret, wire_of
from watchkeeper.keeper.notify.channels.telegram import Listener, TelegramSettings
from watchkeeper.keeper.notify.channels.telegram.listener import OnPress
from watchkeeper.keeper.notify.errors import SettingsInvalid
from watchkeeper.keeper.notify.outbox import Line
from watchkeeper.keeper.notify.receivers import NOTHING, Raw, faults, senders, texts_of
from watchkeeper.keeper.notify.redaction import Redactor
from watchkeeper.keeper.notify.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Speech:
    """The senders of a configuration, how they speak, and the key of their buttons."""

    senders: Mapping[Line, Sender]
    voice: Voice
    tokens: Tokens


def speech_of(
    alerting: Alerting,
    place: Place,
    external_url: str,
    clock: Callable[[], float],
    own: Mapping[str, Raw] = NOTHING,
) -> Speech:
    """Return how a keeper tells people; own holds settings by kind, over those of the section `watchkeeper`.

    Raises SettingsInvalid naming the field of a receiver or template that cannot be used, OSError where
    the key of the buttons cannot be kept in the data folder.
    """
    tokens = Tokens.open(place.data / "ack.key")

    def token(one: Notification) -> str:
        return tokens.sign(one.group_key, clock())

    texts = texts_of(alerting.templates, place.folder)
    voice = Voice(texts, Redactor(), external_url, token)
    settings = settings_of(alerting, own)
    return Speech(senders(alerting.receivers.values(), place, voice, settings), voice, tokens)


def faults_of(alerting: Alerting, place: Place) -> list[SettingsInvalid]:
    """Return what is wrong with the channels of a configuration and their texts; nothing is opened."""
    try:
        voice = Voice(texts_of(alerting.templates, place.folder), Redactor())
    except SettingsInvalid as error:
        return [error]
    return faults(alerting.receivers.values(), place, voice, settings_of(alerting))


def settings_of(alerting: Alerting, own: Mapping[str, Raw] = NOTHING) -> dict[str, Raw]:
    """Return the settings of ours by kind of channel: those of the file, under those given."""
    told = alerting.additions.channels
    return {kind: {**told.get(kind, {}), **own.get(kind, {})} for kind in {*told, *own}}


def listeners(
    alerting: Alerting, place: Place, voice: Voice, on_press: OnPress, own: Mapping[str, Raw] = NOTHING
) -> list[Listener]:
    """Return one listener for every Telegram bot whose messages have buttons; raises SettingsInvalid.

    Telegram gives each press to one listener only, so a bot that several receivers use has one.
    """
    found: dict[tuple[str, str, Path | None], Listener] = {}
    ours = settings_of(alerting, own).get("telegram", {})
    for receiver in alerting.receivers.values():
        for one in receiver.integrations:
            if one.integration.kind != "telegram":
                continue
            settings = read(TelegramSettings, {**ours, **one.settings}, receiver.name)
            token = secret(settings, "bot_token", receiver.name, place)
            wire = wire_of(settings.http_config, receiver.name, place)
            if settings.acknowledge_button:
                made = Listener(settings.api_url, token, on_press, wire, voice.redactor)
                found.setdefault((settings.api_url, token.value, token.file), made)
    return list(found.values())
