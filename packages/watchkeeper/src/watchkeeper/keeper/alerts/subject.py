"""From a judged subject to the words of its alert.

A subject is `kind/owner/name`: `target/<job>/<instance>`, `component/<bot>/<name>`,
`silence/<bot>/<judge>`, `ping/<bot>/heartbeat`, `guard/keeper/breaker`. An alert of a rule is
`rule/<alert name>/<all its labels as JSON>`, and its reason is a line, then its annotations as JSON. The
row of a target's alert has the bot that the target is labelled with behind its reason in the same way, so
that its end has the labels of its beginning.
"""

from __future__ import annotations

import json

from watchkeeper.keeper.alerts.labels import Pairs

# kind: alert name, label of the owner, label of the name
KINDS = {
    "target": ("TargetDown", "job", "instance"),
    "component": ("ComponentUnhealthy", "bot", "component"),
    "silence": ("Silence", "bot", "judge"),
    "ping": ("PingMissing", "bot", "ping"),
    "guard": ("StressBreakerLocked", "service", "guard"),
}

RULE = "rule/"
TARGET = "target/"


def split(subject: str) -> tuple[str, str, str]:
    """Return kind, owner and name of a subject; the name may hold slashes."""
    kind, _, rest = subject.partition("/")
    owner, _, name = rest.partition("/")
    return kind, owner, name


def labels_of(subject: str, severity: str, bot: str = "") -> Pairs:
    """Return the labels of the alert of a subject, sorted by name; bot is that of a target, if it has one."""
    kind, owner, name = split(subject)
    if kind == "rule":
        return tuple(sorted(json.loads(name).items()))
    alertname, owner_label, name_label = KINDS.get(kind, (kind.title(), "owner", "name"))
    pairs = {"alertname": alertname, "severity": severity, owner_label: owner, name_label: name}
    if bot and kind == "target":
        pairs["bot"] = bot
    return tuple(sorted(pairs.items()))


def with_bot(subject: str, reason: str, bot: str) -> str:
    """Return a reason as the row of a target's alert holds it; any other stays as it is."""
    if not subject.startswith(TARGET):
        return reason
    line = " ".join(reason.splitlines())
    return f"{line}\n{json.dumps({'bot': bot})}" if bot else line


def bot_of(subject: str, reason: str) -> str:
    """Return the bot that the row of a target's alert names, empty without one."""
    rest = reason.partition("\n")[2] if subject.startswith(TARGET) else ""
    try:
        found = json.loads(rest) if rest else {}
    except ValueError:  # the words of an error that had several lines
        return ""
    return str(found.get("bot", "")) if isinstance(found, dict) else ""


def summary_of(subject: str) -> str:
    """Return one plain line that says what is wrong with a subject whose alert fires."""
    kind, owner, name = split(subject)
    if kind == "target":
        return f"{owner}: target {name} is down"
    if kind == "component":
        return f"{owner}: component {name} is unhealthy"
    if kind == "silence":
        return f"{owner}: {name} is silent"
    if kind == "rule":
        return f"{owner} fires"
    if kind == "ping":
        return f"{owner}: no ping"
    if kind == "guard":
        return f"{owner}: the stress breaker needs a person to reset it"
    return f"{subject} is unhealthy"


def annotations_of(subject: str, reason: str) -> dict[str, str]:
    """Return the annotations of the alert of a subject that fires for a reason."""
    first, _, rest = reason.partition("\n")
    told = {"summary": summary_of(subject), "reason": first}
    return {**told, **json.loads(rest)} if rest and subject.startswith(RULE) else told
