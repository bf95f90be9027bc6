"""From the text of a rule file to its groups, or to everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from watchkeeper.keeper.promql import Expr, Labels, PromqlError, parse
from watchkeeper.keeper.promql.labels import of as labels_of

from . import template
from .document import Document, whole
from .errors import Problem, RuleFileError
from .rule import AlertingRule, Group, Lint, RecordingRule, Rule, RuleFile, Text, label_identity

_GROUP = ("name", "interval", "query_offset", "limit", "labels", "rules")
_RULE = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")


def load(path: Path, *, ignore_unknown: bool = False) -> RuleFile:
    """Read a rule file. Raises RuleFileError with every problem, each with its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError([Problem(str(path), 0, f"cannot be read: {error}")]) from None
    return read(text, str(path), ignore_unknown=ignore_unknown)


def read(text: str, file: str = "rules", *, ignore_unknown: bool = False) -> RuleFile:
    """Read the text of a rule file. Raises RuleFileError with every problem, each with its line."""
    document = Document(file, ignore_unknown)
    groups: list[Group] = []
    for root in document.roots(text):
        keys = document.mapping(root, ("groups",), "the file")
        groups += _groups(document, keys.get("groups"), {group.name for group in groups})
    if document.problems:
        raise RuleFileError(document.problems)
    return RuleFile(file, tuple(groups), tuple(_duplicates(groups)))


def _groups(document: Document, node: yaml.Node | None, known: set[str]) -> list[Group]:
    groups = []
    for item in document.sequence(node, "groups"):
        group = _group(document, item)
        if not group.name:
            document.wrong(item, "groupname must not be empty")
        elif group.name in known:
            document.wrong(item, f'groupname: "{group.name}" is repeated in the same file')
        known.add(group.name)
        groups.append(group)
    return groups


def _group(document: Document, node: yaml.Node) -> Group:
    keys = document.mapping(node, _GROUP, "group")
    name = document.text(keys.get("name"), "group.name")
    what = f'group "{name}"'
    shared = _plain_labels(document, keys.get("labels"), what)
    rules = []
    for place, item in enumerate(document.sequence(keys.get("rules"), f"{what}.rules"), 1):
        rule = _rule(document, item, f"{what}, rule {place}", shared)
        rules += [] if rule is None else [rule]
    return Group(
        name,
        document.file,
        document.duration(keys.get("interval"), f"{what}.interval") or None,
        document.duration(keys.get("query_offset"), f"{what}.query_offset"),
        document.parsed(keys.get("limit"), f"{what}.limit", whole, 0),
        tuple(rules),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """A rule being read: its place, its keys, and what is known of it."""

    document: Document
    node: yaml.Node
    keys: Mapping[str, yaml.Node]
    shared: Mapping[str, str]
    what: str

    def wrong(self, at: yaml.Node | int, text: str) -> None:
        self.document.wrong(at, f"{self.what}: {text}")

    @property
    def line(self) -> int:
        return self.node.start_mark.line + 1


def _rule(document: Document, node: yaml.Node, what: str, shared: dict[str, str]) -> Rule | None:
    keys = document.mapping(node, _RULE, what)
    record, alert = (document.text(keys.get(kind), f"{what}.{kind}") for kind in ("record", "alert"))
    if bool(record) == bool(alert):
        words = "only one of 'record' and 'alert'" if record else "one of 'record' or 'alert'"
        document.wrong(node, f"{what}: {words} must be set")
        return None
    draft = _Draft(document, node, keys, shared, f'{what}, "{record or alert}"')
    return _recording(draft, record) if record else _alerting(draft, alert)


def _query(draft: _Draft) -> tuple[str, Expr | None]:
    node = draft.keys.get("expr", draft.node)
    text = draft.document.text(draft.keys.get("expr"), f"{draft.what}.expr")
    if not text:
        draft.wrong(node, "field 'expr' must be set in rule")
        return text, None
    try:
        return text, parse(text)
    except PromqlError as error:
        draft.wrong(node, f"could not parse expression: {error}")
        return text, None


def _recording(draft: _Draft, name: str) -> RecordingRule | None:
    for key in ("annotations", "for", "keep_firing_for"):
        if key in draft.keys:
            draft.wrong(draft.keys[key], f"invalid field '{key}' in recording rule")
    if not _METRIC.match(name):
        draft.wrong(draft.node, f"invalid recording rule name: {name}")
    own = _plain_labels(draft.document, draft.keys.get("labels"), draft.what)
    text, query = _query(draft)
    if query is None:
        return None
    return RecordingRule(name, text, query, labels_of({**draft.shared, **own}), draft.line)


def _plain_labels(document: Document, node: yaml.Node | None, what: str) -> dict[str, str]:
    found = document.texts(node, f"{what}.labels")
    for name, (_, line) in found.items():
        if not _is_label(name):
            document.wrong(line, f"{what}: invalid label name: {name}")
    return {name: text for name, (text, _) in found.items()}


def _is_label(name: str) -> bool:
    return _LABEL.match(name) is not None and name != "__name__"


def _alerting(draft: _Draft, name: str) -> AlertingRule | None:
    document, keys = draft.document, draft.keys
    hold = document.duration(keys.get("for"), f"{draft.what}.for") or 0
    keep = document.duration(keys.get("keep_firing_for"), f"{draft.what}.keep_firing_for") or 0
    labels = _templates(draft, "label", {name: (text, draft.line) for name, text in draft.shared.items()})
    annotations = _templates(draft, "annotation", {})
    text, query = _query(draft)
    if query is None:
        return None
    return AlertingRule(name, text, query, hold, keep, labels, annotations, draft.line)


def _templates(draft: _Draft, kind: str, shared: dict[str, tuple[str, int]]) -> tuple[Text, ...]:
    """Check names and read templates; they are expanded in the order of their names."""
    texts = shared | draft.document.texts(draft.keys.get(f"{kind}s"), f"{draft.what}.{kind}s")
    out = []
    for name, (text, line) in sorted(texts.items()):
        if not (_is_label(name) if kind == "label" else _LABEL.match(name)):
            draft.wrong(line, f"invalid {kind} name: {name}")
        out.append(Text(name, text, _template(draft, text, line, f"{kind} {name!r}")))
    return tuple(out)


def _template(draft: _Draft, text: str, line: int, what: str) -> template.Template | None:
    if "{{" not in text:
        return None
    try:
        return template.parse(text, template.FUNCTIONS, template.VARIABLES)
    except template.TemplateError as error:
        draft.wrong(line, f"{what}: could not parse template: {error}")
        return None


def _duplicates(groups: Iterable[Group]) -> list[Lint]:
    """Find rules that share name and labels, as promtool's lint does, over all groups of a file."""
    seen: dict[tuple[str, Labels], int] = {}
    found = []
    for group in groups:
        for rule in group.rules:
            first = seen.setdefault(label_identity(rule), rule.line)
            if first != rule.line:
                text = f'duplicate rule: "{rule.name}" with the same labels is also at line {first}'
                found.append(Lint("duplicate-rules", rule.line, text))
    return found
