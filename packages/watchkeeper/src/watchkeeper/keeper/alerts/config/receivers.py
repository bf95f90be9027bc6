"""The section `receivers`."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.keeper.alerts.alerting import IntegrationSettings, Receiver
from watchkeeper.keeper.alerts.config.channels import KINDS, Kind
from watchkeeper.keeper.alerts.config.document import Raw, fields, mapping, nearest, rows, text_map
from watchkeeper.keeper.alerts.config.globals import check_pairs
from watchkeeper.keeper.alerts.errors import AlertingInvalid
from watchkeeper.keeper.alerts.groups import Integration
from watchkeeper.keeper.alerts.labels import labelset

Globals = Mapping[str, Raw]
Told = tuple[str, str, dict[str, Raw]]
POST_MESSAGE = "https://slack.com/api/chat.postMessage"
SLACK_TOKENS = ("app_token", "app_token_file")
SLACK_ADDRESSES = ("api_url", "api_url_file")
WECHAT_TYPES = ("", "text", "markdown")
PARSE_MODES = ("", "Markdown", "MarkdownV2", "HTML")


def read_receiver(path: str, raw: Raw) -> tuple[str, dict[str, str], list[Told]]:
    """Return name, labels and (path, kind, fields as told) of a receiver; raise AlertingInvalid."""
    found = mapping(path, raw)
    name = found.pop("name", None)
    if not name:
        raise AlertingInvalid(f"{path}.name", "missing name in receiver")
    labels = text_map(f"{path}.labels", found.pop("labels", None) or {})
    if labels.get("name", name) != name:
        reason = f'receiver label "name" must match receiver name "{name}", got "{labels["name"]}"'
        raise AlertingInvalid(f"{path}.labels.name", reason)
    told = [one for key, value in found.items() for one in read_kind(path, key, value)]
    return str(name), labels, told


def read_kind(path: str, key: str, raw: Raw) -> list[Told]:
    kind = key.removesuffix("_configs")
    if key == kind or kind not in KINDS:
        known = [f"{one}_configs" for one in KINDS]
        raise AlertingInvalid(f"{path}.{key}", f"unknown field; {nearest(key, known)}")
    found = []
    for where, item in rows(f"{path}.{key}", raw):
        settings = fields(where, {} if item is None else item, KINDS[kind].fields)
        check_told(where, kind, settings)
        found.append((where, kind, settings))
    return found


def check_told(path: str, kind: str, told: Mapping[str, Raw]) -> None:
    """Refuse what is wrong whatever `global` says."""
    if kind != "email":
        check_pairs(path, told)
    if kind == "slack" and told.get("update_message") and told.get("api_url", POST_MESSAGE) != POST_MESSAGE:
        reason = f"update_message can only be used with bot tokens. api_url must be set to {POST_MESSAGE}"
        raise AlertingInvalid(f"{path}.update_message", reason)
    if kind == "telegram" and told.get("parse_mode", "HTML") not in PARSE_MODES:
        reason = "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string"
        raise AlertingInvalid(f"{path}.parse_mode", reason)
    if kind == "pushover" and told.get("html") and told.get("monospace"):
        raise AlertingInvalid(f"{path}.html", "at most one of monospace & html must be configured")
    if kind == "wechat" and told.get("message_type", "") not in WECHAT_TYPES:
        reason = f'weChat message type "{told["message_type"]}" does not match valid options text|markdown'
        raise AlertingInvalid(f"{path}.message_type", reason)


def receiver_of(name: str, labels: Mapping[str, str], told: list[Told], found: Globals) -> Receiver:
    """Return a receiver with what `global` says filled in; raise AlertingInvalid."""
    places: dict[str, int] = {}
    integrations = []
    for path, kind, settings in told:
        place = places[kind] = places.get(kind, -1) + 1
        send_resolved = settings.get("send_resolved", KINDS[kind].send_resolved)
        filled = fill(path, KINDS[kind], settings, found)
        integrations.append(IntegrationSettings(Integration(kind, place, send_resolved), filled))
    return Receiver(name, tuple(integrations), labelset(labels))


def fill(path: str, kind: Kind, told: Mapping[str, Raw], found: Globals) -> dict[str, Raw]:
    """Let `global` stand in for what an integration does not tell, and refuse what is lacking then."""
    filled = dict(told)
    if "http_config" in kind.fields and "http_config" in found:
        filled.setdefault("http_config", found["http_config"])
    for name, source in stand_ins(kind, told, found):
        if not told_already(name, told, kind) and found.get(source) not in (None, ""):
            filled[name] = found[source]
    for names, reason in kind.needs:
        if not any(filled.get(name) for name in names):
            raise AlertingInvalid(f"{path}.{names[0]}", reason)
    return filled


def stand_ins(kind: Kind, told: Mapping[str, Raw], found: Globals) -> tuple[tuple[str, str], ...]:
    """Return the fields of `global` that may stand in; of Slack's either its token or its address.

    A token goes before an address, and after an Authorization header of the entry's own.
    """
    if "app_token" not in kind.fields:
        return kind.globals
    own = bool((told.get("http_config") or {}).get("authorization"))
    token = not own and any(found.get(f"slack_{name}") for name in SLACK_TOKENS)
    out = SLACK_ADDRESSES if token else SLACK_TOKENS
    return tuple(pair for pair in kind.globals if pair[0] not in out)


def told_already(name: str, told: Mapping[str, Raw], kind: Kind) -> bool:
    """Return whether a field or another way to tell the same is told."""
    for names, _ in kind.needs:
        if name in names and any(told.get(one) not in (None, "") for one in names):
            return True
    plain = name.removesuffix("_file")
    return any(told.get(one) not in (None, "") for one in (plain, f"{plain}_file"))
