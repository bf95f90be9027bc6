"""The verbs `profile` and `operations` against a real agent on loopback."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchkeeper import Watch
from watchkeeper.agent.profiling.reading import read
from watchkeeper.cli import main


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Watch("cli", port=0, environment={}, profile_hz=100) as watch:
        with watch.operation("parse", target=0.5):
            until = time.thread_time() + 0.4  # forty periods of the sampler, whatever else the machine does
            while time.thread_time() < until:
                sum(number * number for number in range(1000))
        yield f"http://127.0.0.1:{watch.port}"


@pytest.mark.parametrize("kind", ["cpu", "heap", "threads", "tasks", "block"])
def test_every_kind_is_shown_as_a_table(url: str, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", url, "--kind", kind, "--seconds", "0.05"]) == 0
    assert "function" in capsys.readouterr().out


def test_the_past_shows_what_ran(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", url, "--past", "60"]) == 0
    assert "test_cli_profile.url" in capsys.readouterr().out


def test_a_profile_is_kept_in_a_file(url: str, tmp_path: Path) -> None:
    file = tmp_path / "threads.pb.gz"
    assert main(["profile", url, "--kind", "threads", "--out", str(file)]) == 0
    assert read(file.read_bytes()).totals()[0] >= 2


def test_operations_are_shown_as_text_and_json(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["operations", url]) == 0
    assert "parse" in capsys.readouterr().out
    assert main(["operations", url, "--json"]) == 0
    assert '"bottlenecks"' in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["profile", "operations"])
def test_an_agent_that_is_not_there_is_said(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "http://127.0.0.1:1"]) == 2
    assert "127.0.0.1:1" in capsys.readouterr().err


def test_a_bad_wish_is_refused_with_the_agents_words(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", url, "--seconds", "1000"]) == 2
    assert "expected seconds" in capsys.readouterr().err


def test_a_token_is_shown_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with Watch("cli", port=0, environment={"METRICS_TOKEN": "secret"}) as watch:
        url = f"http://127.0.0.1:{watch.port}"
        assert main(["operations", url]) == 2
        monkeypatch.setenv("METRICS_TOKEN", "secret")
        assert main(["operations", url]) == 0
