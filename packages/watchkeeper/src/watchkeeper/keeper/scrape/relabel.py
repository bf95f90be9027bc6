"""Relabelling: rules that rewrite, keep or drop label sets (Prometheus, model/relabel)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchkeeper.keeper.scrape.errors import JobError

Labelset = dict[str, str]

_REFERENCE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_KEYS = ("source_labels", "separator", "regex", "modulus", "target_label", "replacement", "action")
_NEED_TARGET = ("replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; the regex matches the whole of the source labels' values, joined by the separator."""

    source_labels: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    modulus: int = 0
    target_label: str = ""
    replacement: str = "$1"
    action: str = "replace"
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.action not in _ACTIONS:
            raise JobError(f"relabel action {self.action!r} is unknown; known: {', '.join(_ACTIONS)}")
        if self.action in _NEED_TARGET and not self.target_label:
            raise JobError(f"relabel action {self.action!r} needs a target_label")
        if self.action == "hashmod" and self.modulus <= 0:
            raise JobError("relabel action 'hashmod' needs a modulus above zero")
        try:
            pattern = re.compile(self.regex, re.DOTALL)
        except (re.error, OverflowError, RecursionError) as error:
            raise JobError(f"relabel regex {self.regex!r}: {error}") from error
        object.__setattr__(self, "pattern", pattern)


def rule_from(mapping: Mapping[str, Any]) -> Rule:
    """Make a rule from Prometheus' configuration form; raises JobError."""
    for key in mapping:
        if key not in _KEYS:
            raise JobError(f"unknown relabel setting {key!r}; known: {', '.join(_KEYS)}")
    given = dict(mapping)
    given["source_labels"] = tuple(given.get("source_labels") or ())
    given["action"] = str(given.get("action", "replace")).lower()
    return Rule(**given)


def relabelled(labels: Mapping[str, str], rules: Iterable[Rule]) -> Labelset | None:
    """Return the labels after all rules, without empty ones, or None when a rule drops them."""
    result = dict(labels)
    for rule in rules:
        source = rule.separator.join(result.get(name, "") for name in rule.source_labels)
        if not _ACTIONS[rule.action](rule, source, result):
            return None
    return {name: value for name, value in result.items() if value}


def _replace(rule: Rule, source: str, labels: Labelset) -> bool:
    match = rule.pattern.fullmatch(source)
    if match is None:
        return True
    target = _expanded(rule.target_label, match)
    if not _LABEL.fullmatch(target):
        return True  # Prometheus leaves the labels alone, too
    value = _expanded(rule.replacement, match)
    if value:
        labels[target] = value
    else:
        labels.pop(target, None)
    return True


def _keep(rule: Rule, source: str, labels: Labelset) -> bool:
    return rule.pattern.fullmatch(source) is not None


def _drop(rule: Rule, source: str, labels: Labelset) -> bool:
    return rule.pattern.fullmatch(source) is None


def _keepequal(rule: Rule, source: str, labels: Labelset) -> bool:
    return labels.get(rule.target_label, "") == source


def _dropequal(rule: Rule, source: str, labels: Labelset) -> bool:
    return labels.get(rule.target_label, "") != source


def _hashmod(rule: Rule, source: str, labels: Labelset) -> bool:
    # The last 8 bytes of the MD5, as in Prometheus, so that shards agree between the two.
    digest = hashlib.md5(source.encode(), usedforsecurity=False).digest()
    labels[rule.target_label] = str(int.from_bytes(digest[8:], "big") % rule.modulus)
    return True


def _lowercase(rule: Rule, source: str, labels: Labelset) -> bool:
    labels[rule.target_label] = source.lower()
    return True


def _uppercase(rule: Rule, source: str, labels: Labelset) -> bool:
    labels[rule.target_label] = source.upper()
    return True


def _labelmap(rule: Rule, source: str, labels: Labelset) -> bool:
    for name, value in list(labels.items()):
        if match := rule.pattern.fullmatch(name):
            labels[_expanded(rule.replacement, match)] = value
    return True


def _labeldrop(rule: Rule, source: str, labels: Labelset) -> bool:
    for name in [name for name in labels if rule.pattern.fullmatch(name)]:
        del labels[name]
    return True


def _labelkeep(rule: Rule, source: str, labels: Labelset) -> bool:
    for name in [name for name in labels if not rule.pattern.fullmatch(name)]:
        del labels[name]
    return True


_ACTIONS: dict[str, Callable[[Rule, str, Labelset], bool]] = {
    "replace": _replace,
    "keep": _keep,
    "drop": _drop,
    "keepequal": _keepequal,
    "dropequal": _dropequal,
    "hashmod": _hashmod,
    "lowercase": _lowercase,
    "uppercase": _uppercase,
    "labelmap": _labelmap,
    "labeldrop": _labeldrop,
    "labelkeep": _labelkeep,
}


def _expanded(template: str, match: re.Match[str]) -> str:
    """Fill `$1`, `${1}`, `$name` and `$$` as Go's regexp does: an unknown group is empty."""
    if "$" not in template:
        return template

    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        if name is None:
            return "$"
        try:
            return match[int(name) if name.isdecimal() else name] or ""
        except (IndexError, KeyError):
            return ""

    return _REFERENCE.sub(group, template)
