"""Sloth's own inputs: the rules that it expects come out of ours."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from watchkeeper.keeper.promql import PromqlError, parse
from watchkeeper.keeper.promql.printer import render
from watchkeeper.keeper.slo import compiled, read_objectives, read_windows, rule_file

SHARED = Path(__file__).resolve().parents[6] / "shared" / "data" / "sloth"
INPUTS = sorted((SHARED / "in").glob("*")) if SHARED.is_dir() else []
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded files of Sloth are absent")

# Sloth's plugin is a Go program; these are its queries, as its output shows them.
PLUGIN = {
    "getting_started_availability": {
        "error_ratio_query": """
sum(rate(http_request_duration_seconds_count{
  {{.options.filter}},job="{{.options.job}}",code=~"(5..|429)" }[{{.window}}]))
/
sum(rate(http_request_duration_seconds_count{ {{.options.filter}},job="{{.options.job}}" }[{{.window}}]))"""
    }
}
# What Sloth's command line adds to every rule, and what names its version.
THEIRS = ("cmd", "sloth_mode", "sloth_version")


def plain(expr: str) -> str:
    """Return an expression as the printer writes it; one of another language without its blanks."""
    try:
        return render(parse(expr))
    except PromqlError:
        return "".join(expr.split())


def rules(text: str) -> list[dict[str, Any]]:
    documents = [one for one in yaml.safe_load_all(text) if one]
    groups = [group for one in documents for group in (one.get("groups") or one["spec"]["groups"])]
    return [
        {**rule, "group": group["name"], "every": group.get("interval")}
        for group in groups
        for rule in group["rules"]
    ]


def shape(rule: dict[str, Any]) -> tuple[Any, ...]:
    labels = {name: value for name, value in rule.get("labels", {}).items() if name not in THEIRS}
    name = rule.get("record") or rule.get("alert")
    return rule["group"], rule["every"], name, plain(rule["expr"]), labels, rule.get("annotations", {})


@needs_data
@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_every_rule_of_sloth_comes_out_equal(path: Path) -> None:
    """Groups, names, expressions, labels and annotations are Sloth's, in its order."""
    found = read_objectives(path.read_text(), templates=PLUGIN)
    ours = rules(rule_file([group for one in found for group in compiled(one)]))
    theirs = rules((SHARED / "expected" / path.name).read_text())
    if path.name == "plugin-k8s-getting-started.yml":
        # Its alerts are labelled under keys that the resource does not have. Sloth drops them without a
        # word; we read them, so labels of alerts differ there and nothing else.
        ours, theirs = ([{**rule, "labels": {}} for rule in side] for side in (ours, theirs))
    assert [shape(rule) for rule in ours] == [shape(rule) for rule in theirs]
    assert theirs


@needs_data
@pytest.mark.parametrize(
    ("name", "factors"),
    [("7d.yaml", [13.44, 3.5, 1.4, 0.98]), ("custom-30d.yaml", [14.4, 4.8, 3.0, 1.0])],
)
def test_a_table_of_windows_is_read(name: str, factors: list[float]) -> None:
    """The factor follows from budget, window and period."""
    table = read_windows((SHARED / "windows" / name).read_text())
    assert [one.factor(table.period) for one in (*table.page, *table.ticket)] == factors
