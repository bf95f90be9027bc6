"""From objectives to groups of rules, and to the text of a rule file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from watchkeeper.keeper.promql import PromqlError, parse
from watchkeeper.keeper.slo.alerting import alerts
from watchkeeper.keeper.slo.errors import ObjectiveInvalid
from watchkeeper.keeper.slo.lengths import seconds
from watchkeeper.keeper.slo.objective import Objective
from watchkeeper.keeper.slo.recording import HOUR, indicator_rules, meta_rules
from watchkeeper.keeper.slo.rules import Alert, Recording, RuleGroup
from watchkeeper.keeper.slo.windows import AlertWindows, windows_for

HEAD = "# Compiled by `watchkeeper slo`; change the objectives, not this file.\n"
# Windows of more than an hour move by less than two percent in two minutes; a longer pause would come
# near the lookback of five, after which a series is gone. The others are looked at as Prometheus does.
OFTEN, SELDOM = "1m", "2m"


def compiled(objective: Objective, custom: AlertWindows | None = None) -> list[RuleGroup]:
    """Return the groups of an objective: ratios, what is told of it, alerts where there are any.

    Raise ObjectiveInvalid where an expression is not PromQL, WindowsInvalid for a period too short.
    """
    windows = windows_for(objective.period, custom)
    often, seldom = (OFTEN, SELDOM) if objective.lean else ("", "")
    *ratios, period = indicator_rules(objective, windows)
    if objective.lean:
        long = [rule for rule in ratios if is_long(rule)]
        short = [rule for rule in ratios if not is_long(rule)]
        groups = [
            group(objective, "sli-recordings", short, often),
            *([group(objective, "long-recordings", long, seldom)] if long else []),
            group(objective, "period-recordings", [period], often),
        ]
    else:
        groups = [group(objective, "sli-recordings", [*ratios, period])]
    groups.append(group(objective, "meta-recordings", meta_rules(objective, windows), often))
    told = alerts(objective, windows)
    groups += [group(objective, "alerts", told, often)] if told else []
    if objective.checked:
        check(objective, groups)
    return groups


def is_long(rule: Recording) -> bool:
    """Tell whether a rule is about a window of more than an hour."""
    return seconds(rule.labels["sloth_window"]) > HOUR


def group(
    objective: Objective, kind: str, rules: Iterable[Recording | Alert], interval: str = ""
) -> RuleGroup:
    told = objective.intervals.get(kind) or objective.interval
    return RuleGroup(f"sloth-slo-{kind}-{objective.id}", tuple(rules), told or interval)


def check(objective: Objective, groups: Iterable[RuleGroup]) -> None:
    """Raise ObjectiveInvalid where an expression cannot be read."""
    for rule in (rule for one in groups for rule in one.rules):
        try:
            parse(rule.expr)
        except PromqlError as error:
            raise ObjectiveInvalid(f"{objective.id}: not PromQL: {error}: {rule.expr.strip()}") from None


def rule_file(groups: Iterable[RuleGroup]) -> str:
    """Return the text of a Prometheus rule file."""
    document = {"groups": [written_group(one) for one in groups]}
    return HEAD + yaml.dump(
        document, Dumper=Dumper, sort_keys=False, default_flow_style=False, width=1000, allow_unicode=True
    )


def custom_resource(groups: Iterable[RuleGroup], name: str, namespace: str = "") -> str:
    """Return the text of a PrometheusRule for the operator of Kubernetes."""
    metadata = {"name": name, "labels": {"app.kubernetes.io/component": "SLO"}}
    document = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {**metadata, "namespace": namespace} if namespace else metadata,
        "spec": {"groups": [written_group(one) for one in groups]},
    }
    return HEAD + yaml.dump(document, Dumper=Dumper, sort_keys=False, width=1000, allow_unicode=True)


def written_group(one: RuleGroup) -> dict[str, Any]:
    interval = {"interval": one.interval} if one.interval else {}
    return {"name": one.name, **interval, "rules": [written_rule(rule) for rule in one.rules]}


def written_rule(rule: Recording | Alert) -> dict[str, Any]:
    labels = {"labels": tidy(rule.labels)} if rule.labels else {}
    if isinstance(rule, Recording):
        return {"record": rule.record, "expr": rule.expr, **labels}
    hold = {"for": rule.hold} if rule.hold else {}
    return {"alert": rule.alert, "expr": rule.expr, **hold, **labels, "annotations": tidy(rule.annotations)}


def tidy(pairs: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(pairs.items()))


class Dumper(yaml.SafeDumper):
    """YAML whose texts of several lines stay readable."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, Dumper.represent_text)
