"""The verbs `query` and `tsdb` against running keepers and against folders at rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BEGIN = 1_700_000_000
LONG = {"retention": {"time": "36500d"}}


def watchkeeper(*words: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "watchkeeper", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, input=given, check=False)


def history(count: int = 100, end: str = "# EOF\n") -> str:
    """Return an OpenMetrics text of two series."""
    lines = ["# TYPE hits counter", "# HELP hits Hits.\n"]
    text = "\n".join(lines)
    for n in (1, 2):
        text += "".join(f'hits_total{{n="{n}"}} {k * n} {BEGIN + 15 * k}\n' for k in range(count))
    return text + end


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file of history."""
    path = tmp_path / "history.om"
    path.write_text(history())
    return path


def test_history_goes_into_a_folder_and_is_copied(tmp_path: Path, file: Path) -> None:
    """backfill, status and snapshot work on a folder that no keeper uses."""
    data, copy = tmp_path / "data", tmp_path / "copy"
    done = watchkeeper("tsdb", "backfill", file, "--data", data)
    assert (done.returncode, done.stdout) == (0, "200 samples of 200 added\n"), done.stderr
    again = watchkeeper("tsdb", "backfill", file, "--data", data)
    assert again.returncode == 1 and "older than what their series hold" in again.stderr
    assert watchkeeper("tsdb", "snapshot", copy, "--data", data).returncode == 0
    for folder in (data, copy):
        told = json.loads(watchkeeper("tsdb", "status", "--data", folder, "--json").stdout)
        assert (told["headStats"]["numSeries"], told["watchkeeper"]["samples"]) == (2, 200)
    assert watchkeeper("tsdb", "snapshot", copy, "--data", data).returncode == 2  # it is not empty
    assert watchkeeper("tsdb", "status", "--data", tmp_path / "absent").returncode == 2


def test_history_goes_into_a_running_keeper(programs: Any, tmp_path: Path, file: Path) -> None:
    """backfill by remote write, status and snapshot through the API; the copy opens as a store."""
    keeper = programs.keeper(**LONG)
    done = watchkeeper("tsdb", "backfill", "-", "--url", keeper.base, given=history())
    assert (done.returncode, done.stdout) == (0, "200 samples of 200 added\n"), done.stderr
    assert "hits_total" in watchkeeper("tsdb", "status", "--url", keeper.base).stdout
    copy = tmp_path / "copy"
    assert watchkeeper("tsdb", "snapshot", copy, "--url", keeper.base).returncode == 0
    told = json.loads(watchkeeper("tsdb", "status", "--data", copy, "--json").stdout)
    assert told["seriesCountByMetricName"][0] == {"name": "hits_total", "value": 2}
    found = keeper.api("query", query='increase(hits_total{n="2"}[5m])', time=BEGIN + 600)["result"]
    assert float(found[0]["value"][1]) == pytest.approx(40)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (history(end=""), "does not end with `# EOF`"),
        ("hits_total 1\n# EOF\n", "line 1: not `series value seconds`"),
        ("hits_total{ 1 2\n# EOF\n", "line 1"),
        ("hits_total x 2\n# EOF\n", "line 1: not a number"),
        ("hits_total 1 NaN\n# EOF\n", "line 1: not a time in seconds: 'NaN'"),
        ("hits_total 1 +Inf\n# EOF\n", "line 1: not a time in seconds"),
        ("hits_total 1 1e300\n# EOF\n", "line 1: not a time in seconds"),
        (history() + history(), "data after `# EOF`: what follows was not added"),
        ('hits_total{n="\udcff"} 1 2\n# EOF\n', "the file is no UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, text: str, why: str) -> None:
    """A broken file exits with 2 and says where."""
    path = tmp_path / "bad.om"
    path.write_text(text, errors="surrogateescape")
    done = watchkeeper("tsdb", "backfill", path, "--data", tmp_path / "data")
    assert done.returncode == 2 and why in done.stderr


def test_queries_are_answered_as_a_table_or_as_json(programs: Any, file: Path) -> None:
    """Instant and range queries, refusals and wrong usage, each with its exit code."""
    keeper = programs.keeper(**LONG)
    watchkeeper("tsdb", "backfill", file, "--url", keeper.base)
    at, url = str(BEGIN + 600), ("--url", keeper.base)
    table = watchkeeper("query", "hits_total", "--at", at, *url)
    assert table.stdout == (
        'hits_total{n="1"}  2023-11-14T22:23:20Z  40\nhits_total{n="2"}  2023-11-14T22:23:20Z  80\n'
    )
    words = ("--start", str(BEGIN), "--end", at, "--step", "5m", "--output", "json")
    data = json.loads(watchkeeper("query", "sum(hits_total)", *words, *url).stdout)
    assert [value for _, value in data["result"][0]["values"]] == ["0", "60", "120"]
    assert watchkeeper("query", "1 + 1", *url).stdout.split()[::2] == ["scalar", "2"]
    refused = watchkeeper("query", "sum(", *url)
    assert refused.returncode == 1 and "parse error" in refused.stderr
    assert watchkeeper("query", "1", "--at", "1", "--start", "1", *url).returncode == 2
    assert watchkeeper("query", "1", "--url", "http://127.0.0.1:9").returncode == 2
    noted = watchkeeper("query", "rate(hits[5m])", "--at", at, *url)
    assert (noted.returncode, noted.stdout) == (0, "")
