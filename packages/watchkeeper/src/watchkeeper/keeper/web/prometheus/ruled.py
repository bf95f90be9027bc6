"""Rules and their alerts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.promql.syntax import Matcher
from watchkeeper.keeper.rules import GroupMemory, views
from watchkeeper.keeper.web.prometheus.envelope import BadData, success
from watchkeeper.keeper.web.prometheus.form import Form, conditions
from watchkeeper.keeper.web.prometheus.queries import source_of

KINDS = {"": ("alerting", "recording"), "alert": ("alerting",), "record": ("recording",)}


async def rules(request: Request) -> Response:
    """Answer the groups with their rules and alerts."""
    form, source = await Form.of(request), source_of(request)
    kind = form.text("type").lower()
    if kind not in KINDS:
        raise BadData.of("type", f'not supported value "{form.text("type")}"')
    memories = [memory for memory in source.rules.memories if chosen(memory, form)]
    groups = views.rules(memories, source.rules.interval_ms)["groups"]
    names = set(form.texts("rule_name[]", "rule_name"))
    labelled = [conditions(text) for text in form.texts("match[]")]
    bare = form.text("exclude_alerts").lower() in ("1", "t", "true")
    rows = [[row for row in group["rules"] if meets(row["labels"], labelled)] for group in groups]
    shown = [
        dict(group, rules=kept(some, KINDS[kind], names, bare))
        for group, some in zip(groups, rows, strict=True)
    ]
    # A group is left off only where it was asked for by kind or rule, as in Prometheus.
    return success({"groups": [g for g in shown if g["rules"] or not (kind or names or labelled)]})


def meets(labels: dict[str, str], selectors: Sequence[Sequence[Matcher]]) -> bool:
    """Tell whether a rule's own labels are as one of the selectors wants them."""
    return not selectors or any(
        all(matcher.matches(labels.get(matcher.name, "")) for matcher in selector) for selector in selectors
    )


def chosen(memory: GroupMemory, form: Form) -> bool:
    """Tell whether a group is asked for."""
    groups, files = form.texts("rule_group[]", "rule_group"), form.texts("file[]", "file")
    return (not groups or memory.group.name in groups) and (not files or memory.group.file in files)


Rows = list[dict[str, Any]]


def kept(rows: Rows, kinds: tuple[str, ...], names: set[str], bare: bool) -> Rows:
    """Return the rules of these kinds and names, without their alerts where they are to be `bare`."""
    some = [row for row in rows if row["type"] in kinds and (not names or row["name"] in names)]
    return [row | {"alerts": []} if bare and row["type"] == "alerting" else row for row in some]


async def alerts(request: Request) -> Response:
    """Answer the pending and firing alerts of the rules."""
    return success(views.alerts(source_of(request).rules.memories))
