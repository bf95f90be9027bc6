"""The real promtool has nothing to say about what the agent serves."""

import subprocess
import urllib.request
from collections.abc import Callable

import pytest

from watchkeeper import Watch, degraded


def checked(promtool: str, text: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [promtool, "check", "metrics"]
    return subprocess.run(command, input=text, capture_output=True, timeout=30, check=False)


def served(watch: Watch, accept: str = "text/plain") -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{watch.port}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def bot_like(watch: Watch) -> None:
    """Move every kind of instrument, with awkward label values."""
    watch.counter("mev_sequencer_frames_received_total", "Frames received.").inc(3)
    refused = watch.counter("mev_opportunities_refused_total", "Refusals.", labels=("reason",))
    refused.labels('a "quoted" \\ back\nslash, ünïcode').inc()
    watch.gauge("mev_profit_earned_wei", "Profit.").set(10**18)
    latency = watch.histogram("mev_processing_latency_seconds", "Latency.", labels=("stage",))
    latency.labels("parse").observe(0.004)
    watch.check("feed", lambda: degraded("slow"), every=0.05, memory=lambda: 1e6, memory_limit=2e6)


@pytest.mark.peer("promtool")
def test_promtool_finds_no_fault_in_a_bots_metrics(peer: Callable[[str], str]) -> None:
    """Names, help, types, units and escapes pass promtool's parser and its linter."""
    watch = Watch("promtool", port=0, environment={})
    bot_like(watch)
    with watch:
        done = checked(peer("promtool"), served(watch))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.peer("promtool")
def test_promtool_does_complain_about_a_broken_exposition(peer: Callable[[str], str]) -> None:
    """Control: the check can fail."""
    watch = Watch("promtool", port=0, environment={})
    with watch:
        text = served(watch)
    assert checked(peer("promtool"), text + b"bot_cycles{reason=} 1\n").returncode != 0
