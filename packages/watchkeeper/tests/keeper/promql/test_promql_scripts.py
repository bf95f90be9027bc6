"""Prometheus' own test scripts, and that the runner judges honestly."""

from pathlib import Path

import pytest

from watchkeeper.keeper.promql.testing import run_script

SCRIPTS = Path(__file__).resolve().parents[5].parent / "shared" / "data" / "promql"
NAMES = [
    *("aggregators", "at_modifier", "collision", "literals", "operators", "range_queries"),
    *("selectors", "staleness", "subquery"),
]


@pytest.mark.parametrize("name", NAMES)
def test_every_case_passes_but_for_native_histograms(name: str) -> None:
    """Each case of a recorded script passes, or is skipped as it selects or expects native histograms."""
    path = SCRIPTS / f"{name}.test"
    if not path.exists():
        pytest.skip(f"recorded data is absent: {path.name}")
    outcomes = list(run_script(path.read_text()))
    assert outcomes
    assert [outcome for outcome in outcomes if outcome.status == "failed"] == []
    assert all("native histograms" in outcome.reason for outcome in outcomes if outcome.status == "skipped")


LOADED = """
load 10s
  up{job="a"} 1 2 3 _ stale 6
  up{job="b"} 5x2 NaN
  native {{count:3 sum:4}}x3
  mixed_total 1+1x5
"""


def test_commands_need_no_blank_lines_between_them() -> None:
    """A command ends where the next one begins."""
    script = (
        "clear\nload 1m\n m 1\neval instant at 0 m\n m 1\neval instant at 0 1\n 1\nclear\neval instant at 0 m"
    )
    assert [outcome.status for outcome in run_script(script)] == ["passed"] * 3


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ("eval instant at 20s up\n  up{job='a'} 3\n  up{job='b'} 5", "passed"),
        ("eval instant at 20s up\n  up{job='a'} 3", "failed"),
        ("eval instant at 20s up\n  up{job='a'} 3\n  up{job='b'} 5\n  up{job='c'} 5", "failed"),
        ("eval instant at 20s up\n  up{job='a'} 3.1\n  up{job='b'} 5", "failed"),
        ("eval instant at 40s up\n  up{job='b'} NaN", "passed"),
        ("eval instant at 20s sort(up)\n  expect ordered\n  up{job='b'} 5\n  up{job='a'} 3", "failed"),
        ("eval instant at 20s sort(up)\n  expect ordered\n  up{job='a'} 3\n  up{job='b'} 5", "passed"),
        ("eval instant at 20s 1\n  1", "passed"),
        ("eval instant at 20s 1\n  {} 1", "failed"),
        ("eval instant at 20s vector(1)\n  1", "failed"),
        ("eval instant at 20s up\n  expect fail", "failed"),
        ("eval instant at 0 up + on () up\n  expect fail", "passed"),
        ("eval instant at 0 up + on () up\n  expect fail msg: something else", "failed"),
        ("eval_fail instant at 0 up + on () up\n  expected_fail_regexp found duplicate .*", "passed"),
        (
            "eval instant at 20s rate(up[1m])\n  expect info\n  {job='a'} 0.0416666667\n  {job='b'} 0",
            "passed",
        ),
        (
            "eval instant at 20s rate(up[1m])\n  expect no_info\n  {job='a'} 0.0416666667\n  {job='b'} 0",
            "failed",
        ),
        ("eval instant at 20s sum(up)\n  expect warn\n  {} 8", "failed"),
        ("eval_warn instant at 0 quantile(2, up)\n  {} Inf", "passed"),
        ("eval instant at 20s native\n", "skipped"),
        ("eval instant at 20s up\n  {} {{count:1}}", "skipped"),
        ("eval range from 0 to 20s step 10s up\n  up{job='a'} 1 2 3\n  up{job='b'} 5 5 5", "passed"),
        ("eval range from 0 to 20s step 10s up\n  up{job='a'} 1 _ 3\n  up{job='b'} 5 5 5", "failed"),
        ("eval range from 0 to 20s step 10s up\n  up{job='a'} 1 2 3 4\n  up{job='b'} 5 5 5", "failed"),
        (
            "eval instant at 30s up{job='a'}[30s]\n"
            "  expect range vector from 10s to 20s step 10s\n  up{job='a'} 2 3",
            "passed",
        ),
        ('eval instant at 30s "a\\x41"\n  expect string "aA"', "passed"),
        ("eval instant at 30s sum(", "failed"),
        ("eval sometimes up", "failed"),
        ("evil instant at 30s up", "failed"),
        ("eval instant at 30s up\n  expect nonsense", "failed"),
        ("load 10s\n  up{job='a'} one", "failed"),
        ('eval instant at 30s "b"\n  expect string "a"', "failed"),
    ],
)
def test_the_runner_tells_right_from_wrong(case: str, status: str) -> None:
    """A right expectation passes and a wrong one fails: values, series, order, errors, annotations."""
    outcomes = list(run_script(LOADED + "\n" + case))
    assert [outcome.status for outcome in outcomes] == [status], outcomes
