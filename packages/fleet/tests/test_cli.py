"""The demo's command line: what cannot be meant is told before anything is started."""

from pathlib import Path

import pytest

from fleet import cli


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DEMO_SECONDS", "a minute"),
        ("DEMO_SECONDS", "-5"),
        ("DEMO_SECONDS", "nan"),
        ("DEMO_SECONDS", "inf"),
        ("DEMO_SEED", "one"),
        ("DEMO_PORT", "99999"),
        ("METRICS_PORT", "http"),
        ("DEMO_COPY_PORT", "0"),
        ("DEMO_FAULTS", "feed_gap@1.2.3"),
        ("DEMO_BOTS", "arbot"),
        ("DEMO_SUMMARY", "/dev/null/summary.json"),
    ],
)
def test_a_wrong_variable_is_a_clear_error(
    variable: str,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2 and a line that repeats the value; nothing is started, nothing is written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    try:
        code = cli.main(["demo"])
    except SystemExit as end:
        code = int(str(end.code))
    assert code == 2
    assert value in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """`DEMO_SECONDS= make demo` runs like `make demo`."""
    for name in ("DEMO_SECONDS", "DEMO_SUMMARY", "DEMO_SEED", "DEMO_PORT", "METRICS_PORT", "DEMO_COPY_PORT"):
        monkeypatch.setenv(name, "")
    call = cli.parser().parse_args(["demo"])
    assert (call.seconds, call.summary, call.seed) == (0, None, 1)
    assert (call.port, call.bot_port, call.copy_port) == (8080, 9090, 9091)
