"""The section `watchkeeper`: what Alertmanager's configuration has no words for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from watchkeeper.keeper.alerts.alerting import Additions, Environments
from watchkeeper.keeper.alerts.config.document import Raw, fields, rows
from watchkeeper.keeper.alerts.config.ours import read_channels
from watchkeeper.keeper.alerts.config.policies import read_policy, read_roster
from watchkeeper.keeper.alerts.config.routing import read_conditions
from watchkeeper.keeper.alerts.errors import AlertingInvalid
from watchkeeper.keeper.alerts.escalation import Policy
from watchkeeper.keeper.alerts.groups import Pace
from watchkeeper.keeper.alerts.incidents import Correlation, Dependency
from watchkeeper.keeper.alerts.matchers import Matchers

KEY = "watchkeeper"
FIELDS = {
    "dedup_window": "length",
    "cooldown": "length",
    "acknowledge_for": "length",
    "channels": "any",
    "receivers": "any",
    "environments": "any",
    "incidents": "any",
    "people": "any",
    "teams": "any",
    "schedules": "any",
    "policies": "any",
    "escalate": "any",
}


def read_additions(raw: Raw, receivers: Collection[str]) -> Additions:
    """Read our own section; receivers are the names that may be used. Raise AlertingInvalid."""
    found = {} if raw is None else fields(KEY, raw, FIELDS)
    roster = read_roster(KEY, found, receivers)
    policies = dict(
        read_policy(path, item, roster, receivers)
        for path, item in rows(f"{KEY}.policies", found.get("policies"))
    )
    return Additions(
        pace=Pace(found.get("dedup_window", 0.0), found.get("cooldown", 0.0)),
        roster=roster,
        policies=policies,
        escalate=tuple(
            read_escalate(path, item, policies)
            for path, item in rows(f"{KEY}.escalate", found.get("escalate"))
        ),
        correlation=read_incidents(found.get("incidents")),
        environments=read_environments(found.get("environments"), receivers),
        acknowledge_for=found.get("acknowledge_for"),
        channels=read_channels(found.get("channels")),
    )


def read_escalate(path: str, raw: Raw, policies: Mapping[str, Policy]) -> tuple[Matchers, str]:
    known = {"match": "any", "match_re": "any", "matchers": "any", "policy": "text"}
    found = fields(path, raw, known)
    name = found.get("policy", "")
    if name not in policies:
        raise AlertingInvalid(f"{path}.policy", f'undefined policy "{name}"')
    return read_conditions(path, found, ("match", "match_re", "matchers")), name


def read_incidents(raw: Raw) -> Correlation:
    path = f"{KEY}.incidents"
    known = {"labels": "texts", "within": "length", "dependencies": "any"}
    found = {} if raw is None else fields(path, raw, known)
    dependencies = rows(f"{path}.dependencies", found.get("dependencies"))
    return Correlation(
        labels=found.get("labels", ()),
        dependencies=tuple(read_dependency(where, item) for where, item in dependencies),
        within=found.get("within", 900.0),
    )


def read_dependency(path: str, raw: Raw) -> Dependency:
    found = fields(path, raw, {"cause": "any", "effect": "any", "equal": "texts"})
    keys = ("", "", "matchers")
    cause = read_conditions(f"{path}.cause", {"matchers": found.get("cause")}, keys)
    effect = read_conditions(f"{path}.effect", {"matchers": found.get("effect")}, keys)
    if not cause or not effect:
        raise AlertingInvalid(path, "both cause and effect must have matchers")
    return Dependency(cause, effect, found.get("equal", ()))


def read_environments(raw: Raw, receivers: Collection[str]) -> Environments:
    path = f"{KEY}.environments"
    known = {"label": "text", "production": "texts", "elsewhere": "text"}
    found = {} if raw is None else fields(path, raw, known)
    elsewhere = found.get("elsewhere", "")
    if elsewhere and elsewhere not in receivers:
        raise AlertingInvalid(f"{path}.elsewhere", f'undefined receiver "{elsewhere}"')
    production = frozenset(found.get("production", ()))
    return Environments(found.get("label", "environment"), production, elsewhere)
