"""Channels of ours in the section `watchkeeper`: what Alertmanager's file has no words for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from watchkeeper.keeper.alerts.alerting import IntegrationSettings, Receiver
from watchkeeper.keeper.alerts.config.channels import OURS, SENDABLE
from watchkeeper.keeper.alerts.config.document import Fields, Raw, fields, mapping, nearest, rows
from watchkeeper.keeper.alerts.errors import AlertingInvalid
from watchkeeper.keeper.alerts.groups import Integration

PATH = "watchkeeper"
SETTINGS: Fields = {"timeout": "length", "rate_limit": "rate"}


def with_ours(receivers: Mapping[str, Receiver], raw: Raw) -> dict[str, Receiver]:
    """Return the receivers with the channels that `watchkeeper.receivers` adds to them.

    A receiver must stand among Alertmanager's own, be it by its name alone: so the file without our
    section stays one that Alertmanager reads. Raise AlertingInvalid naming the field.
    """
    found = dict(receivers)
    for path, item in rows(f"{PATH}.receivers", raw):
        told = mapping(path, item)
        name = str(told.pop("name", None) or "")
        if name not in found:
            hint = nearest(name, found) if found else "there are none"
            raise AlertingInvalid(f"{path}.name", f'undefined receiver "{name}"; {hint}')
        more = [one for key, value in told.items() for one in read_kind(path, key, value)]
        found[name] = extended(found[name], more)
    return found


def extended(receiver: Receiver, more: list[tuple[str, dict[str, Raw]]]) -> Receiver:
    """Return a receiver with more channels, each at the next place of its kind."""
    integrations = list(receiver.integrations)
    for kind, settings in more:
        place = sum(one.integration.kind == kind for one in integrations)
        integration = Integration(kind, place, settings.get("send_resolved", True))
        integrations.append(IntegrationSettings(integration, settings))
    return replace(receiver, integrations=tuple(integrations))


def read_kind(path: str, key: str, raw: Raw) -> list[tuple[str, dict[str, Raw]]]:
    kind = key.removesuffix("_configs")
    if key == kind or kind not in OURS:
        known = [f"{one}_configs" for one in OURS]
        raise AlertingInvalid(f"{path}.{key}", f"unknown field; {nearest(key, known)}")
    return [
        (kind, fields(where, {} if item is None else item, {**OURS[kind], **SETTINGS}))
        for where, item in rows(f"{path}.{key}", raw)
    ]


def read_channels(raw: Raw) -> dict[str, dict[str, Raw]]:
    """Return settings of ours by kind of channel, for each entry that does not say otherwise."""
    found = {}
    for kind, item in mapping(f"{PATH}.channels", {} if raw is None else raw).items():
        path = f"{PATH}.channels.{kind}"
        if kind not in SENDABLE:
            raise AlertingInvalid(path, f"no channel of this kind; {nearest(kind, SENDABLE)}")
        button: Fields = {"acknowledge_button": "flag"} if kind == "telegram" else {}
        found[kind] = fields(path, item, {**SETTINGS, **button})
    return found
