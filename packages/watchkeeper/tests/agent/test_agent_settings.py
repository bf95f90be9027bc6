"""What the environment says, and that a bad value never keeps the bot from running."""

import logging
from pathlib import Path

import pytest

from watchkeeper import TokenRequired
from watchkeeper.agent.settings import listen, on_loopback


@pytest.mark.parametrize(
    ("environment", "enabled", "port"),
    [
        ({}, True, 9091),
        ({"METRICS_PORT": "9200"}, True, 9200),
        ({"METRICS_PORT": "0", "METRICS_ENABLED": "off"}, False, 0),
        ({"METRICS_ENABLED": "False"}, False, 9091),
        ({"METRICS_ENABLED": "1", "METRICS_PORT": ""}, True, 9091),
    ],
)
def test_the_environment_overrules_the_program(environment: dict[str, str], enabled: bool, port: int) -> None:
    made = listen("127.0.0.1", 9091, None, environment)
    assert (made.enabled, made.port) == (enabled, port)


def test_without_any_word_the_port_is_9090() -> None:
    assert listen("127.0.0.1", None, None, {}).port == 9090


@pytest.mark.parametrize(
    "environment", [{"METRICS_PORT": "99999"}, {"METRICS_PORT": "x"}, {"METRICS_ENABLED": "maybe"}]
)
def test_a_value_that_makes_no_sense_is_reported_and_its_default_taken(
    environment: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "watchkeeper.agent"):
        made = listen("127.0.0.1", None, None, environment)
    assert (made.enabled, made.port) == (True, 9090)
    assert next(iter(environment)) in caplog.text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "bot.example", ""])
def test_off_loopback_a_token_is_needed_and_the_error_says_what_to_do(host: str) -> None:
    made = listen(host, 0, None, {})
    with pytest.raises(TokenRequired, match="METRICS_TOKEN"):
        made.check()
    listen(host, 0, None, {"METRICS_TOKEN": "secret"}).check()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_needs_none(host: str) -> None:
    assert on_loopback(host)
    listen(host, 0, None, {}).check()


def test_a_token_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(" from-file\n")
    assert listen("::", 0, file, {}).token == "from-file"
    assert listen("::", 0, None, {"METRICS_TOKEN_FILE": str(file)}).token == "from-file"
    assert listen("::", 0, file, {"METRICS_TOKEN": "from-env"}).token == "from-env"


def test_an_empty_token_file_is_no_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    with pytest.raises(TokenRequired, match="empty"):
        listen("::", 0, tmp_path / "token", {})
