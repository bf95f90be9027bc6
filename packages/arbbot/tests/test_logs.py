"""Secrets never leave in a log line, and a burst is one line."""

from arbbot.logs import Burst, Redaction


def test_a_known_secret_is_hidden_in_every_field() -> None:
    """With and without 0x, in either case, wherever it stands in the text."""
    redaction = Redaction()
    secret = bytes(range(32))
    redaction.hide(secret)
    event = {"event": f"x 0x{secret.hex()} y", "a": secret.hex().upper(), "key": "abc", "n": 3}
    done = redaction(None, "info", event)
    assert secret.hex() not in str(done).lower()
    assert done["key"] == "***"
    assert done["n"] == 3


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
