"""The file format of unit tests: what is loaded, when it is looked at, what should be there then.

Times are milliseconds since the start of a test. Format: Prometheus' documentation, "Unit testing for rules".
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import yaml

from watchkeeper.keeper.promql import Labels, PromqlError
from watchkeeper.keeper.promql.labels import of as labels_of
from watchkeeper.keeper.promql.testing.notation import Point, metric, points

from ..document import Document, truth
from ..errors import TestFileError

_FILE = ("rule_files", "evaluation_interval", "fuzzy_compare", "group_eval_order", "tests")
_TEST = (
    "interval",
    "input_series",
    "name",
    "start_timestamp",
    "ignore_annotations",
    "alert_rule_test",
    "promql_expr_test",
    "external_labels",
    "external_url",
)
_ALERT_CASE = ("eval_time", "alertname", "ignore_annotations", "exp_alerts")
_EXPR_CASE = ("expr", "eval_time", "exp_samples")
_MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class InputSeries:
    """A series to be loaded: one point per interval, None where there is none."""

    labels: Labels
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """A firing alert without its alertname."""

    labels: Labels
    annotations: Labels


@dataclass(frozen=True, slots=True)
class AlertCase:
    """The alerts of a name that should fire at a time, all of them."""

    at: int
    name: str
    alerts: tuple[ExpectedAlert, ...]
    ignore_annotations: bool


@dataclass(frozen=True, slots=True)
class ExprCase:
    """The samples that an expression should give at a time, all of them."""

    at: int
    expr: str
    samples: tuple[tuple[Labels, float], ...]


@dataclass(frozen=True, slots=True)
class Test:
    """One test: series, and cases to be looked at."""

    __test__ = False

    name: str
    line: int
    start: int
    interval: int
    series: tuple[InputSeries, ...]
    alerts: tuple[AlertCase, ...]
    exprs: tuple[ExprCase, ...]
    external_labels: dict[str, str]
    external_url: str

    @property
    def last(self) -> int:
        """The time of the last case."""
        return max([0, *(case.at for case in self.alerts), *(case.at for case in self.exprs)])


@dataclass(frozen=True, slots=True)
class TestFile:
    """A whole file; `rule_files` are patterns relative to it."""

    __test__ = False

    path: str
    rule_files: tuple[str, ...]
    interval: int
    fuzzy: bool
    order: tuple[str, ...]
    tests: tuple[Test, ...]


def read_tests(text: str, path: str = "tests", *, ignore_unknown: bool = False) -> TestFile:
    """Read a file of unit tests. Raises TestFileError with every problem, each with its line."""
    document = Document(path, ignore_unknown)
    root = next(document.roots(text), None)
    keys: Mapping[str, yaml.Node] = {} if root is None else document.mapping(root, _FILE, "the file")
    interval = document.duration(keys.get("evaluation_interval"), "evaluation_interval") or _MINUTE
    order = [document.text(item, "group_eval_order") for item in _items(document, keys, "group_eval_order")]
    for name in sorted({name for name in order if order.count(name) > 1}):
        document.wrong(keys["group_eval_order"], f"group name repeated in evaluation order: {name}")
    reader = _Reader(document, interval)
    found = TestFile(
        path,
        tuple(document.text(item, "rule_files") for item in _items(document, keys, "rule_files")),
        interval,
        document.parsed(keys.get("fuzzy_compare"), "fuzzy_compare", truth, False),
        tuple(order),
        tuple(reader.test(item) for item in _items(document, keys, "tests")),
    )
    if document.problems:
        raise TestFileError(document.problems)
    return found


def _items(document: Document, keys: Mapping[str, yaml.Node], name: str) -> list[yaml.Node]:
    return document.sequence(keys.get(name), name)


class _Reader:
    def __init__(self, document: Document, interval: int) -> None:
        self.document = document
        self.interval = interval

    def test(self, node: yaml.Node) -> Test:
        read, keys = self.document, self.document.mapping(node, _TEST, "test")
        ignore = read.parsed(keys.get("ignore_annotations"), "ignore_annotations", truth, False)
        return Test(
            read.text(keys.get("name"), "name"),
            node.start_mark.line + 1,
            read.parsed(keys.get("start_timestamp"), "start_timestamp", _timestamp, 0),
            read.duration(keys.get("interval"), "interval") or self.interval,
            tuple(self.series(item) for item in _items(read, keys, "input_series")),
            tuple(self.alert_case(item, ignore) for item in _items(read, keys, "alert_rule_test")),
            tuple(self.expr_case(item) for item in _items(read, keys, "promql_expr_test")),
            {name: text for name, (text, _) in read.texts(keys.get("external_labels"), "labels").items()},
            read.text(keys.get("external_url"), "external_url"),
        )

    def series(self, node: yaml.Node) -> InputSeries:
        keys = self.document.mapping(node, ("series", "values"), "input_series")
        labels = self.metric(keys.get("series"), "series")
        values: list[Point] = []
        try:
            values = points(_unambiguous(self.document.text(keys.get("values"), "values")))
        except (PromqlError, ValueError) as error:
            self.document.wrong(keys.get("values", node), f"values: {error}")
        return InputSeries(labels, tuple(values))

    def metric(self, node: yaml.Node | None, what: str) -> Labels:
        text = self.document.text(node, what)
        try:
            return metric(text) if text.strip() not in ("", "{}") else ()
        except (PromqlError, ValueError) as error:
            self.document.wrong(node or 0, f"{what} {text!r}: {error}")
            return ()

    def alert_case(self, node: yaml.Node, ignore: bool) -> AlertCase:
        read, keys = self.document, self.document.mapping(node, _ALERT_CASE, "alert_rule_test")
        name = read.text(keys.get("alertname"), "alertname")
        if not name:
            read.wrong(node, "an item under alert_rule_test misses required attribute alertname")
        alerts = tuple(self.alert(item) for item in _items(read, keys, "exp_alerts"))
        own = read.parsed(keys.get("ignore_annotations"), "ignore_annotations", truth, False)
        return AlertCase(self.time(keys.get("eval_time")), name, alerts, ignore or own)

    def time(self, node: yaml.Node | None) -> int:
        return self.document.duration(node, "eval_time") or 0

    def alert(self, node: yaml.Node) -> ExpectedAlert:
        keys = self.document.mapping(node, ("exp_labels", "exp_annotations"), "exp_alerts")
        labels = self.document.texts(keys.get("exp_labels"), "exp_labels")
        notes = self.document.texts(keys.get("exp_annotations"), "exp_annotations")
        return ExpectedAlert(
            labels_of((name, text) for name, (text, _) in labels.items()),
            tuple(sorted((name, text) for name, (text, _) in notes.items())),
        )

    def expr_case(self, node: yaml.Node) -> ExprCase:
        read, keys = self.document, self.document.mapping(node, _EXPR_CASE, "promql_expr_test")
        samples = tuple(self.sample(item) for item in _items(read, keys, "exp_samples"))
        return ExprCase(self.time(keys.get("eval_time")), read.text(keys.get("expr"), "expr"), samples)

    def sample(self, node: yaml.Node) -> tuple[Labels, float]:
        keys = self.document.mapping(node, ("labels", "value", "histogram"), "exp_samples")
        if "histogram" in keys:
            self.document.wrong(keys["histogram"], "native histograms are not supported")
        value = self.document.parsed(keys.get("value"), "value", _float, 0.0)
        return self.metric(keys.get("labels"), "labels"), value


_ZERO_TIMES = re.compile(r"(?<!\S)([+-]?0)x(?=\d)")


def _unambiguous(values: str) -> str:
    """Write `0x5` as `0+0x5`: in series it is five more zeros, not a hexadecimal number."""
    return _ZERO_TIMES.sub(r"\1+0x", values)


_INF = re.compile(r"([+-]?)\.?inf\Z", re.IGNORECASE)


def _float(text: str) -> float:
    """Read a number as YAML writes it: 1e3, .inf, NaN. Raises ValueError."""
    inf = _INF.match(text)
    if inf:
        return -math.inf if inf[1] == "-" else math.inf
    if text.lower() in (".nan", "nan"):
        return math.nan
    return float(int(text, 16)) if text.lower().startswith("0x") else float(text.replace("_", ""))


def _timestamp(text: str) -> int:
    """Read Unix seconds or RFC 3339 as milliseconds. Raises ValueError."""
    try:
        return round(float(text) * 1000)
    except ValueError:
        moment = datetime.fromisoformat(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(zoned.timestamp() * 1000)
