"""Rules against the real promtool: what ours expects of random rules and series, promtool has to confirm."""

import json
import random
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchkeeper.keeper.promql import Engine
from watchkeeper.keeper.rules import Group, GroupMemory, RuleFileError, Setting, evaluate, read, views
from watchkeeper.keeper.rules.pack import pack_files
from watchkeeper.keeper.rules.unittest import read_tests
from watchkeeper.keeper.rules.unittest.run import Trial
from watchkeeper.keeper.rules.unittest.storage import TestStore

pytestmark = pytest.mark.peer("promtool")

PACK_TESTS = Path(__file__).parents[1] / "packages/watchkeeper/tests/keeper/rules/pack"
MINUTE = 60_000

TEMPLATES = [
    "{{ $labels.instance }} {{ $value }}",
    "{{ $labels }} {{ .Labels.nope }}|{{ $labels.nope }}",
    "{{ .Value | humanize }} {{ 1234567.0 | humanize1024 }} {{ humanizePercentage 0.12345 }}",
    "{{ humanizeDuration 93784.5 }} {{ humanizeDuration 0.0123 }} {{ humanizeDuration -65.0 }}",
    "{{ humanize 0.000012 }} {{ humanize -1234.5 }} {{ humanize 999.99 }} {{ humanize 1e30 }}",
    "{{ humanizeTimestamp 1700000000.123 }} {{ toTime 1.5 }}",
    '{{ printf "%.2f|%5.1f|%-8.3f|%08.2f|%+d|%x|%X|%o|%b" 3.14159 2.5 1.5 3.14159 5 255 255 8 5 }}',
    '{{ printf "%q|%v|%s|%t|%e|%g|%G|%%" "hi\\n" 1.5 "s" true 12345.678 0.00001 1e30 }}',
    '{{ printf "%d %s" 1.5 2.5 }} {{ printf "%d" 1 2 3 }} {{ printf "%!" }} {{ printf "%z" 1 }}',
    '{{ printf "%10s|%-10s|%.2s|%x|% x|%T %T %T" "ab" "ab" "abcdef" "hi" "hi" 1 1.5 "s" }}',
    '{{ printf "%.3g|%.10g|%g|%*d" 1234.5678 1234.5678 100000.0 5 42 }} {{ 1.5e9 }} {{ 123456.0 }}',
    "{{ title \"hello world-foo bar_baz o'neil\" }} {{ toUpper \"aB\" }} {{ toLower \"aB\" }}",
    '{{ match "a.*c" "xabcx" }} {{ reReplaceAll "(.)b(?P<n>.)" "<${1}>$n$x" "abcabd" }}',
    '{{ reReplaceAll "x*" "-" "abxd" }} {{ reReplaceAll "a+" "z" "baaac" }}',
    '{{ range query "up" | sortByLabel "job" }}{{ .Labels.instance }}={{ .Value }};{{ end }}',
    '{{ range query "nope" }}x{{ else }}none{{ end }} {{ query "up" | sortByLabel "instance" | len }}',
    "{{ with query `up{job='a'}` }}{{ . | first | value }} {{ . | first | label `instance` }}{{ end }}",
    "{{ $x := 5 }}{{ $x }}{{ $x = 6 }}{{ $x }}{{ range $k, $v := $labels }}{{ $k }}={{ $v }},{{ end }}",
    '{{ if eq $labels.job "a" "b" }}T{{ else if ne 1 2 }}E{{ else }}F{{ end }}{{ and 1 2 }}{{ or 0 "x" }}',
    '{{ len "héllo" }} {{ index $labels "job" }} {{ slice "abcdef" 1 3 }} {{ print 1 2 "a" 3 4 }}',
    '{{ html "<a b=\'c\'>&" }} {{ js "it\'s <b>" }} {{ urlquery "a b&c=d/é" }} {{ graphLink "up == 0" }}',
    'a {{- " x " -}}  y {{/* c */}} z {{ define "t" }}[{{ . }}]{{ end }}{{ template "t" $value }}',
    "{{ $externalURL }} {{ $externalLabels.dc }} {{ (args 1 \"b\").arg1 }} {{ .ExternalLabels.dc }}",
    '{{ stripPort "[::1]:90" }} {{ stripDomain "a.b.c:90" }} {{ stripDomain "1.2.3.4:90" }}',
    '{{ parseDuration "1h30m" }} {{ 0x10 }} {{ 1e-7 }} {{ true }} {{ \'a\' }} {{ 017 }} {{ 1_000 }}',
    '{{ range query "up" | sortByLabel "job" }}{{ if eq .Value 1.0 }}{{ continue }}{{ end }}z{{ end }}',
    "{{ range $i, $s := query `up` }}{{ if $i }}{{ break }}{{ end }}z{{ end }}",
    "{{ (query `up{job='a'}` | first).Value }} {{ strvalue (first (query `up`)) }}|",
    "{{ query `up{job='b'}` | first }}",
]  # fmt: skip

BAD_FILES = [
    "groups: [{name: g, rules: [{record: a, expr: 'sum('}]}]",
    "groups: [{name: g, rules: [{record: 'a b', expr: up}]}]",
    "groups: [{name: g, rules: [{record: a, alert: b, expr: up}]}]",
    "groups: [{name: g, rules: [{expr: up}]}]",
    "groups: [{name: g, rules: [{record: a}]}]",
    "groups: [{name: g, rules: [{record: a, expr: up, for: 1m}]}]",
    "groups: [{name: g, rules: [{record: a, expr: up, annotations: {x: y}}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, labels: {a-b: c}}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, labels: {__name__: c}}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, annotations: {a-b: c}}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, annotations: {a: '{{ $nope }}'}}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, annotations: {a: '{{ if }}'}}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, annotations: {a: '{{ nope 1 }}'}}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, for: 5x}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, severity: x}]}]",
    "groups: [{name: g, intervall: 1m, rules: []}]",
    "groups: [{name: g}, {name: g}]",
    "groups: [{name: '', rules: []}]",
    "group: []",
    "groups: [{name: g, limit: x}]",
    "groups: [",
    "groups: [{name: g, rules: [{alert: a, alert: b, expr: up}]}]",
]
GOOD_FILES = [
    "",
    "groups: []",
    "groups: [{name: g}]",
    "groups: [{name: g, interval: 1m30s, limit: 3, rules: [{record: 'a:b', expr: 1, labels: {x: 5}}]}]",
    "groups: [{name: g, rules: [{alert: any name, expr: up, for: 0, keep_firing_for: 1h}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, labels: {a: true, b: 1.50}}]}]",
    "groups: [{name: g, rules: [{alert: a, expr: up, annotations: {a: '{{ if true }}x{{ end }}'}}]}]",
    "groups: [{name: g, rules: [&r {record: a, expr: up}, *r]}]",
]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the real promtool."""
    words = ["promtool", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def confirmed(
    folder: Path, rules: dict[str, Any], test: dict[str, Any], names: list[str], times: list[int]
) -> str:
    """Write what our evaluation gives as expectations and return what promtool objects to them."""
    text = yaml.safe_dump(rules)
    (folder / "rules.yaml").write_text(text)
    order = [group["name"] for group in rules["groups"]]
    file = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "group_eval_order": order,
        "tests": [test],
    }
    test["alert_rule_test"] = [{"eval_time": f"{at}m", "alertname": name} for at in times for name in names]
    for case, alerts in zip(test["alert_rule_test"], ours(read(text).groups, file), strict=True):
        case["exp_alerts"] = alerts
    (folder / "tests.yaml").write_text(yaml.safe_dump(file))
    done = promtool("test", "rules", folder / "tests.yaml")
    return "" if done.returncode == 0 else done.stdout + done.stderr


def ours(groups: tuple[Group, ...], file: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the firing alerts of every case as our evaluation has them."""
    tests = read_tests(yaml.safe_dump(file))
    trial, found = Trial(tests, tests.tests[0], groups), {}
    for at in range(0, trial.test.last + 1, MINUTE):
        trial.load(at)
        assert list(trial.round(at)) == []
        for case in trial.test.alerts:
            if case.at == at:
                found[(at, case.name)] = [shown(alert) for alert in trial.firing(case.name)]
    return [found[(case.at, case.name)] for case in trial.test.alerts]


def shown(alert: Any) -> dict[str, Any]:
    labels = {name: value for name, value in alert.labels if name != "alertname"}
    return {"exp_labels": labels, "exp_annotations": dict(alert.annotations)}


def test_promtool_expands_every_template_as_we_do(tmp_path: Path) -> None:
    """A template gives the same text here and in Prometheus."""
    assert objections(tmp_path, TEMPLATES) == ""


@pytest.mark.parametrize("seed", range(3))
def test_promtool_writes_every_number_as_we_do(tmp_path: Path, seed: int) -> None:
    """Random numbers and texts through random formats give the same text here and in Prometheus."""
    dice = random.Random(seed)
    assert objections(tmp_path, [random_template(dice) for _ in range(250)]) == ""


def random_template(dice: random.Random) -> str:
    number = random_number(dice)
    match dice.randrange(6):
        case 0:
            return f"{{{{ {number} }}}} {{{{ print {number} 1 `a` 2 3 }}}}"
        case 1:
            name = dice.choice(["humanize", "humanize1024", "humanizeDuration", "humanizePercentage"])
            return f"{{{{ {name} {number} }}}}"
        case 2:
            seconds = round(dice.uniform(-1e9, 4e9), dice.randint(0, 4))
            return f"{{{{ humanizeTimestamp {seconds} }}}}"
        case 3:
            flags = dice.choice(["", "-", "+", "0", " ", "+0"]) + dice.choice(["", "3", "12"])
            verb = flags + dice.choice(["", ".0", ".2", ".", ".5"]) + dice.choice("vfegGsdt")
            return (
                f'{{{{ printf "%{verb}|%{flags}d|%{flags}s" {number} {dice.randint(-9999, 9999)} "text" }}}}'
            )
        case 4:
            operator = dice.choice(["eq", "ne", "lt", "le", "gt", "ge"])
            return f"{{{{ {operator} {number} {random_number(dice)} }}}}"
    name = dice.choice(["title", "toUpper", "toLower", "html", "js", "urlquery", "len"])
    text = dice.choice(["héllo wörld", "a b-c_d.e/f", "<x> & 'y' = z", "日本 ñandú ß", "tab\tline\n"])
    return f'{{{{ {name} "{text}" }}}}'.replace("\t", "\\t").replace("\n", "\\n")


def random_number(dice: random.Random) -> str:
    """Return a float within what Go's whole numbers can hold, often at a border."""
    borders = (0.0, 1.0, -1.0, 999999.5, 1e6, 1234567.0, 1e-4, 1e-5, 60.0, 3600.0, 86400.0, 999.95, 1023.9)
    if dice.random() < 0.3:
        return repr(dice.choice(borders))
    return repr(dice.uniform(-1, 1) * 10.0 ** dice.randint(-12, 17))


def objections(tmp_path: Path, templates: list[str]) -> str:
    """Return what promtool objects to our expansions."""
    alerts = [
        {"alert": f"A{place}", "expr": "up == 0", "annotations": {"text": text}}
        for place, text in enumerate(templates)
    ]
    series = [
        {"series": 'up{job="b",instance="i2:90"}', "values": "0x3"},
        {"series": 'up{job="a",instance="i1:90"}', "values": "1x3"},
    ]
    test = {
        "interval": "1m",
        "external_labels": {"dc": "x"},
        "external_url": "http://host.example:9090/pre",
        "input_series": series,
    }
    names = [alert["alert"] for alert in alerts]
    rules = {"groups": [{"name": "g", "rules": alerts}]}
    return confirmed(tmp_path, rules, test, [str(name) for name in names], [0])


@pytest.mark.parametrize("seed", range(6))
def test_promtool_sees_the_same_alerts_fire(tmp_path: Path, seed: int) -> None:
    """Random rules over random series fire the same alerts at the same minutes, with the same texts."""
    dice = random.Random(seed)
    rules = {"groups": [random_group(dice, name) for name in ("one", "two")]}
    names = sorted({rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule})
    series = [
        {"series": f'{metric}{{job="{job}",instance="{instance}"}}', "values": random_values(dice)}
        for metric in ("m0", "m1", "m2_total")
        for job in ("a", "b")
        for instance in ("x", "y")
    ]
    test = {"interval": "1m", "input_series": series}
    times = sorted(dice.sample(range(40), 12))
    assert confirmed(tmp_path, rules, test, names, times) == ""


def random_values(dice: random.Random) -> str:
    """Return points without a gap of five minutes, where 2.42 and 3 look back differently."""
    points = ("0", "1", "2", "_ 1", "_x2 0", "stale", "5", "10", "-1", "3+1x2", "1x3", "0x2")
    return " ".join(dice.choice(points) for _ in range(40)).replace("stale _", "stale 1 _")


def random_group(dice: random.Random, name: str) -> dict[str, Any]:
    return {"name": name, "rules": [random_rule(dice, f"{name}{place}") for place in range(8)]}


def random_rule(dice: random.Random, name: str) -> dict[str, Any]:
    if dice.random() < 0.3:
        return {"record": f"rec:{name}", "expr": dice.choice(["sum by (job) (m0)", "m1 * 2", "count(m0)"])}
    rule: dict[str, Any] = {"alert": f"Alert{name}", "expr": dice.choice(EXPRS)}
    rule |= {"for": f"{dice.randrange(6)}m"} if dice.random() < 0.6 else {}
    rule |= {"keep_firing_for": f"{dice.randrange(1, 6)}m"} if dice.random() < 0.4 else {}
    rule["labels"] = {"severity": dice.choice(["page", "{{ $labels.job }}", "v{{ $value }}"])}
    rule["annotations"] = {"text": "{{ $labels.instance }} is {{ $value | humanize }} of {{ $labels }}"}
    return rule


EXPRS = [
    "m0 > 1",
    "m1 == 0",
    "m0 > on (job, instance) m1",
    "sum by (job) (m0) >= 4",
    "m0 unless m1 > 2",
    "count by (instance) (m1) < 2",
    "absent(m0{job='a',instance='x'})",
    "count by (alertstate) (ALERTS{alertname=~'Alertone.*'})",
    "m0 offset 2m > 2",
    "abs(m1) == 1 or m0 == 5",
    "vector(time()) > 600",
]


@pytest.mark.parametrize("text", BAD_FILES)
def test_what_promtool_refuses_is_refused(tmp_path: Path, text: str) -> None:
    """A rule file that promtool refuses is a problem here, too."""
    (tmp_path / "rules.yaml").write_text(text)
    assert promtool("check", "rules", tmp_path / "rules.yaml").returncode != 0
    with pytest.raises(RuleFileError):
        read(text)


@pytest.mark.parametrize("text", GOOD_FILES)
def test_what_promtool_takes_is_taken(tmp_path: Path, text: str) -> None:
    """A rule file that promtool takes is taken here, too."""
    (tmp_path / "rules.yaml").write_text(text)
    done = promtool("check", "rules", "--lint=none", tmp_path / "rules.yaml")
    assert done.returncode == 0, done.stderr
    read(text)


@pytest.mark.parametrize("path", pack_files(), ids=lambda path: path.stem)
def test_promtool_takes_the_pack(path: Path) -> None:
    """The default rules are good for the real Prometheus."""
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted(PACK_TESTS.glob("*.test.yaml")), ids=lambda path: path.stem)
def test_promtool_passes_the_tests_of_the_pack(path: Path) -> None:
    """The unit tests of the default rules hold on the real Prometheus."""
    done = promtool("test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


SERVED = """
groups:
  - name: g
    interval: 1s
    rules:
      - {record: one, expr: "1", labels: {team: t}}
      - {alert: Firing, expr: vector(5), labels: {severity: page}, annotations: {text: "{{ $value }}"}}
      - {alert: Pending, expr: vector(1), for: 1h}
      - {alert: Quiet, expr: vector(1) > 2}
      - alert: Broken
        expr: >-
          vector(1) + on ()
          (label_replace(vector(1), "a", "b", "", "") or label_replace(vector(1), "a", "c", "", ""))
"""


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    """Run the real Prometheus with the rules above and return its address."""
    (tmp_path / "rules.yaml").write_text(SERVED)
    (tmp_path / "prometheus.yaml").write_text("rule_files: [rules.yaml]\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = [f"--config.file={tmp_path / 'prometheus.yaml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    with subprocess.Popen(
        ["prometheus", *words, f"--web.listen-address={address}"], stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


def asked(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)["data"]


def evaluated(address: str) -> list[dict[str, Any]]:
    """Return the rules of the only group once all have been evaluated, with 20 seconds of patience."""
    for _ in range(200):
        try:
            rules: list[dict[str, Any]] = asked(f"{address}/api/v1/rules")["groups"][0]["rules"]
            if all(rule["health"] != "unknown" for rule in rules):
                return rules
        except (OSError, IndexError):
            pass
        threading.Event().wait(0.1)
    pytest.fail("prometheus did not evaluate its rules")


TIMES = frozenset({"activeAt", "evaluationTime", "lastEvaluation", "lastError"})


def timeless(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule without what differs between two runs; the words of an error may differ, too."""
    shown = {key: value for key, value in rule.items() if key not in TIMES}
    if "alerts" in shown:
        shown["alerts"] = [timeless(alert) for alert in shown["alerts"]]
    return shown


@pytest.mark.peer("prometheus")
def test_the_api_shows_rules_as_the_real_prometheus_does(prometheus: str) -> None:
    """Health, states, alerts, values and the names of all fields are those of /api/v1/rules."""
    wanted = evaluated(prometheus)
    store = TestStore()
    memory = GroupMemory.of(read(SERVED).groups[0])
    evaluate(memory, Setting(Engine(), store, lambda samples: None), 1_800_000_000_000)
    (group,) = views.rules([memory], 1000)["groups"]
    for ours_, theirs in zip(group["rules"], wanted, strict=True):
        assert ours_.keys() >= theirs.keys()
        mine = {key: value for key, value in ours_.items() if key in theirs}
        assert timeless(mine) == timeless(theirs)
