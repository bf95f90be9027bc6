"""From a judged subject to the words of its alert.

A subject is `kind/owner/name`: `target/<job>/<instance>`, `component/<bot>/<name>`,
`silence/<bot>/<judge>`, `ping/<bot>/heartbeat`, `guard/keeper/breaker`. An alert of a rule is
`rule/<alert name>/<all its labels as JSON>`, and its reason is a line, then its annotations as JSON.
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


def split(subject: str) -> tuple[str, str, str]:
    """Return kind, owner and name of a subject; the name may hold slashes."""
    kind, _, rest = subject.partition("/")
    owner, _, name = rest.partition("/")
    return kind, owner, name


def labels_of(subject: str, severity: str) -> Pairs:
    """Return the labels of the alert of a subject, sorted by name."""
    kind, owner, name = split(subject)
    if kind == "rule":
        return tuple(sorted(json.loads(name).items()))
    alertname, owner_label, name_label = KINDS.get(kind, (kind.title(), "owner", "name"))
    pairs = {"alertname": alertname, "severity": severity, owner_label: owner, name_label: name}
    return tuple(sorted(pairs.items()))


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
