"""The verb `slo`: compile, export, and budgets read from any engine that has evaluated the rules."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from watchkeeper.cli import main
from watchkeeper.keeper.promql import Engine
from watchkeeper.keeper.promql.labels import of as labels_of
from watchkeeper.keeper.promql.result import to_json
from watchkeeper.keeper.promql.testing.memory import MemoryStore
from watchkeeper.keeper.rules import read

SHORT = "slos: [{name: calls, service: api, objective: 99, bad: bad_total, total: all_total}]"


def series(name: str, **labels: str) -> Any:
    own = {"sloth_id": "api-calls", "sloth_service": "api", "sloth_slo": "calls", **labels}
    return labels_of({"__name__": name, **own})


class Queried(ThreadingHTTPServer):
    """A query API over a store in memory."""

    daemon_threads = True

    def __init__(self) -> None:
        self.store, self.engine = MemoryStore(), Engine()
        super().__init__(("127.0.0.1", 0), Answering)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    server: Queried

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        store, engine = self.server.store, self.server.engine
        if "start" in asked:
            start, end = (int(float(asked[name]) * 1000) for name in ("start", "end"))
            result = engine.range(store, asked["query"], start, end, int(asked["step"]) * 1000)
        else:
            result = engine.instant(store, asked["query"], int(time.time() * 1000))
        data = to_json(result)
        body = json.dumps(
            {"status": "success", "data": json.loads(data) if isinstance(data, bytes) else data}
        )
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engine() -> Iterator[Queried]:
    with Queried() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def record(engine: Queried, name: str, value: float, **labels: str) -> None:
    now = int(time.time() * 1000)
    engine.store.add(series(name, **labels), [(now - 60_000, value), (now - 1000, value)])


def budgets(
    engine: Queried, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, list[dict[str, Any]]]:
    code = main(["slo", "show", "--json", f"--url={engine.url}", *words])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_compile_prints_rules_that_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of any of the languages, or of the packaged objectives."""
    file = tmp_path / "slo.yaml"
    file.write_text(SHORT)
    assert main(["slo", "compile", str(file)]) == 0
    assert read(capsys.readouterr().out).rules
    assert main(["slo", "compile"]) == 0
    assert read(capsys.readouterr().out).rules
    assert main(["slo", "compile", str(file), "--operator", "mine"]) == 0
    assert "kind: PrometheusRule" in capsys.readouterr().out


def test_compile_says_what_is_wrong_and_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """File, place and what is right."""
    file = tmp_path / "slo.yaml"
    file.write_text(SHORT.replace("objective", "objectiv"))
    assert main(["slo", "compile", str(file)]) == 1
    assert f"{file}: slos[0].objectiv: unknown key; did you mean 'objective'?" in capsys.readouterr().err


def test_export_writes_the_rules_of_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of its files, without the packaged ones where it has switched them off."""
    (tmp_path / "mine.yaml").write_text(SHORT)
    (tmp_path / "keeper.yaml").write_text("slo: {pack: false, files: ['*mine.yaml']}")
    out = tmp_path / "rules.yaml"
    assert main(["slo", "export", "--config", str(tmp_path / "keeper.yaml"), "--out", str(out)]) == 0
    rules = read(out.read_text()).rules
    assert {dict(rule.labels)["sloth_id"] for rule in rules if rule.kind == "recording"} == {"api-calls"}
    (tmp_path / "mine.yaml").write_text("slos: 3")
    assert main(["slo", "export", "--config", str(tmp_path / "keeper.yaml")]) == 1
    assert "mine.yaml: slos: expected a list" in capsys.readouterr().err


def test_show_reads_budgets_of_any_engine(engine: Queried, capsys: pytest.CaptureFixture[str]) -> None:
    """What is left, how fast it burns, when it ends; each value of a label has its own."""
    record(engine, "slo:objective:ratio", 0.99)
    record(engine, "slo:time_period:days", 30)
    for job, left, burn in (("a", 0.5, 2.0), ("b", 0.9, 0.0)):
        record(engine, "slo:period_error_budget_remaining:ratio", left, job=job, sloth_window="30d")
        record(engine, "slo:current_burn_rate:ratio", burn, job=job, sloth_window="5m")
    code, (first, second) = budgets(engine, capsys)
    assert code == 0
    assert (first["labels"], first["target"], first["remaining"], first["burn"]) == ({"job": "a"}, 99, 0.5, 2)
    assert first["exhausted_at"] is not None  # half of 30 days at twice the pace: 7.5 days
    assert (second["labels"], second["exhausted_at"]) == ({"job": "b"}, None)


def test_show_fails_where_a_budget_is_spent(engine: Queried, capsys: pytest.CaptureFixture[str]) -> None:
    """So that a script can ask."""
    record(engine, "slo:objective:ratio", 0.99)
    record(engine, "slo:period_error_budget_remaining:ratio", -0.1, sloth_window="30d")
    assert budgets(engine, capsys)[0] == 1


def test_an_objective_without_events_is_unknown(engine: Queried, capsys: pytest.CaptureFixture[str]) -> None:
    """It is shown all the same."""
    record(engine, "slo:objective:ratio", 0.99)
    code, (row,) = budgets(engine, capsys)
    assert (code, row["remaining"], row["burn"]) == (0, None, None)


def test_history_shows_how_a_budget_moved(engine: Queried, capsys: pytest.CaptureFixture[str]) -> None:
    """Point by point, over the length that is asked for."""
    record(engine, "slo:objective:ratio", 0.99)
    now = int(time.time() * 1000)
    moved = [(now - minute * 60_000, 1 - 0.01 * (60 - minute)) for minute in range(60, -1, -1)]
    engine.store.add(series("slo:period_error_budget_remaining:ratio", sloth_window="30d"), moved)
    _, (row,) = budgets(engine, capsys, "--history", "1h")
    shares = [share for _, share in row["history"]]
    assert len(shares) >= 20
    assert shares == sorted(shares, reverse=True)
    assert main(["slo", "show", f"--url={engine.url}", "--history", "soon"]) == 1


def test_a_budget_of_a_calendar_month_counts_from_its_first(
    engine: Queried, capsys: pytest.CaptureFixture[str]
) -> None:
    """What went wrong before is the last month's."""
    record(engine, "slo:objective:ratio", 0.99)
    record(engine, "sloth_slo_info", 1, slo_calendar="1Y", slo_zone="UTC")
    record(engine, "slo:period_error_budget_remaining:ratio", -5.0, sloth_window="1y")
    now = int(time.time() * 1000)
    ratios = [(now - day * 86_400_000, 0.005) for day in range(500, -1, -1)]
    steady = [(at + hour * 3_600_000, ratio) for at, ratio in ratios for hour in range(24)]
    engine.store.add(series("slo:sli_error:ratio_rate5m", sloth_window="5m"), steady)
    _, (row,) = budgets(engine, capsys, "--history", "1d")
    assert row["remaining"] == pytest.approx(0.5)
    assert row["history"][0][0] >= f"{time.gmtime().tm_year}-01-01"


def test_nobody_answers_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """With the address that was asked."""
    assert main(["slo", "show", "--url=http://127.0.0.1:1"]) == 2
    assert "http://127.0.0.1:1" in capsys.readouterr().err


def test_check_config_looks_into_the_files_that_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Objectives and the alertmanager.yml, not only the keeper's own file."""
    (tmp_path / "mine.yaml").write_text(SHORT)
    (tmp_path / "people.yml").write_text("route: {receiver: a}\nreceivers: [{name: a}]")
    config = tmp_path / "keeper.yaml"
    config.write_text("slo: {files: [mine.yaml]}\nalerting: {config_file: people.yml}")
    assert main(["check-config", str(config)]) == 0
    (tmp_path / "mine.yaml").write_text("slos: 3")
    assert main(["check-config", str(config)]) == 2
    assert "mine.yaml: slos: expected a list" in capsys.readouterr().err
    (tmp_path / "mine.yaml").write_text(SHORT)
    (tmp_path / "people.yml").write_text("route: {receiver: b}\nreceivers: [{name: a}]")
    assert main(["check-config", str(config)]) == 2
    assert "people.yml" in capsys.readouterr().err
