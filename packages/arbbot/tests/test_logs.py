"""Secrets never leave in a log line, and a burst is one line."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from arbbot import logs
from arbbot.logs import Burst, Redaction

SECRET = bytes(range(200, 232))
DIGITS = SECRET.hex()


@pytest.fixture(autouse=True)
def left_as_found() -> Iterator[None]:
    """Other tests log as if these had never configured anything."""
    known, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**known)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    "value",
    [
        "x 0x" + DIGITS,
        DIGITS.upper(),
        DIGITS.swapcase()[:20] + DIGITS[20:],
        ValueError("bad " + DIGITS),
        {"deep": ["0x" + DIGITS]},
        SECRET,
        int(DIGITS, 16),
    ],
)
@pytest.mark.parametrize("form", ["json", "text"])
def test_a_known_secret_is_hidden_wherever_it_stands(
    form: str, value: object, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the text, in a field of any type, in an exception's traceback; the rest of the line stays."""
    monkeypatch.setattr(logs, "redaction", redaction := Redaction())
    redaction.hide(SECRET)
    logs.configure(form, "info")
    structlog.configure(cache_logger_on_first_use=False)
    try:
        raise RuntimeError(f"about {DIGITS}")
    except RuntimeError:
        logs.logger().exception(f"with 0x{DIGITS}", odd=value, n=3)
    told = capsys.readouterr().err
    plain = told.lower().replace("\\\\", "\\")
    assert DIGITS not in plain and str(int(DIGITS, 16)) not in plain and repr(SECRET)[2:-1] not in plain
    assert "RuntimeError" in told and "***" in told and "3" in told


@pytest.mark.parametrize("name", ["key", "private_key", "api_key", "Authorization", "token_secret"])
def test_a_field_named_like_a_secret_is_hidden(name: str) -> None:
    """Its value need not be known."""
    assert Redaction()(None, "info", {"event": "x", name: "abc"}) == {"event": "x", name: "***"}
    assert Redaction()(None, "info", {"token": "0x1", "keyboard": 1}) == {"token": "0x1", "keyboard": 1}


def test_what_a_library_logs_is_redacted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries log past structlog."""
    monkeypatch.setattr(logs, "redaction", redaction := Redaction())
    redaction.hide(SECRET)
    record = logging.LogRecord("asyncio", logging.ERROR, "", 0, "lost 0x%s", (DIGITS,), None)
    assert logs.RedactedFormatter(logging.BASIC_FORMAT).format(record) == "ERROR:asyncio:lost 0x***"


def test_a_burst_logs_its_first_then_one_line_per_interval_with_the_count() -> None:
    """Nothing is lost: the counts add up to the events."""
    now = [0.0]
    burst = Burst(every=10.0, clock=lambda: now[0])
    admitted = []
    for second in range(25):
        now[0] = float(second)
        if (count := burst.admit("malformed")) is not None:
            admitted.append((second, count))
    assert admitted == [(0, 1), (10, 10), (20, 10)]
    assert burst.admit("another") == 1


def test_a_burst_of_names_does_not_grow_without_bound() -> None:
    """Names come from the wire: memory stays bounded."""
    burst = Burst(clock=lambda: 0.0, most=8)
    for name in range(1000):
        burst.admit(str(name))
    assert len(burst._seen) <= 8
