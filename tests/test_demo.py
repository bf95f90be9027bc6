"""The demo as a new user runs it: it comes up, earns, notices a fault, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fleet.faults import NOTICED_BY
from fleet.wire import free_port

FLEET = str(Path(sys.executable).parent / "fleet")
LONG = os.environ.get("LONG") == "1"


def command(folder: Path, *more: str) -> list[str]:
    ports = ["--port", str(free_port(0)), "--bot-port", str(free_port(0)), "--copy-port", str(free_port(0))]
    return [FLEET, "demo", "--dir", str(folder / "demo"), *ports, *more]


def left_over(folder: Path) -> list[str]:
    """Return the command lines of processes that still know the demo's folder."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in line:
            lines.append(line)
    return lines


def run(folder: Path, *more: str, patience: float = 400) -> tuple[int, dict[str, Any], str]:
    """Run the demo to its end and return exit code, summary and output."""
    summary = folder / "summary.json"
    done = subprocess.run(
        command(folder, "--summary", str(summary), *more),
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )
    assert summary.exists(), done.stdout + done.stderr
    return done.returncode, json.loads(summary.read_text()), done.stdout


def telegrams(folder: Path, chat: str) -> list[str]:
    """Return the texts that one chat on the local Telegram has received."""
    rows = [json.loads(line) for line in (folder / "demo/channels/received.jsonl").read_text().splitlines()]
    bodies = [row["body"] for row in rows if row["channel"] == "telegram"]
    return [str(body["text"]) for body in bodies if str(body.get("chat_id")) == chat]


@pytest.mark.timeout(300)
def test_both_bots_trade_notice_their_faults_and_agree_with_their_venues(tmp_path: Path) -> None:
    """Frames and fills, executions and copies, flips and recoveries, books equal to ledgers; exit 0."""
    code, summary, output = run(tmp_path, "--seconds", "30", "--faults", "feed_freeze@10+6,http_429@24+8")
    assert code == 0, output
    assert summary["ok"] and not summary["problems"]
    assert min(summary[key] for key in ("frames", "swaps", "opportunities", "executions_succeeded")) > 0
    assert int(summary["profit_wei"]) > 0
    copied = summary["bots"]["copybot"]
    assert min(copied[key] for key in ("fills", "orders", "trades")) > 0
    for bot in summary["bots"].values():
        assert bot["money"]["equal"] and bot["money"]["books"] == bot["money"]["ledger"]
    assert {"cash", "fees", "profit"} < set(copied["money"]["ledger"])
    assert set(summary["components"].values()) == {"healthy"}
    frozen, limited = summary["faults"]
    assert "no frame" in frozen["reason"] or "not connected" in frozen["reason"]
    assert limited["component"] == "copybot/api" and "rate_limited" in limited["reason"]
    told = [
        json.loads(line) for line in (tmp_path / "demo/keeper/data/alerts.jsonl").read_text().splitlines()
    ]
    assert {row["status"] for row in told} == {"firing", "resolved"}
    check_chats(tmp_path)
    assert left_over(tmp_path) == []


def check_chats(folder: Path) -> None:
    """Trades, errors and the breaker come in their own words to staging's chat, and none to production's."""
    texts = telegrams(folder, "2")
    for begin in (
        "[staging] BUY ",
        "[staging] breaker paused: ",
        "[staging] breaker open: copybot: component breaker",
        "[staging] breaker closed: ",
        "[staging] error in api: copybot: component api",
    ):
        assert any(text.startswith(begin) for text in texts), (begin, texts)
    assert telegrams(folder, "3") == []


@pytest.mark.timeout(120)
def test_one_bot_can_run_alone(tmp_path: Path) -> None:
    """The other one's venue is not started, nor asked for."""
    code, summary, output = run(tmp_path, "--seconds", "15", "--bots", "copybot")
    assert code == 0, output
    assert list(summary["bots"]) == ["copybot"]
    assert {name.split("/")[0] for name in summary["components"]} == {"copybot"}
    assert not (tmp_path / "demo/venue").exists()


@pytest.mark.timeout(120)
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    """SIGINT in the middle of the start: every child is gone when the command returns."""
    child = subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if "starting keeper" in line:
            break
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == 1
    assert left_over(tmp_path) == []


@pytest.mark.timeout(120)
def test_a_killed_demo_takes_its_children_with_it(tmp_path: Path) -> None:
    """SIGKILL gives no chance to clean up: the kernel tells the children."""
    child = subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if "dashboard" in line:
            break
    child.kill()
    child.communicate(timeout=60)
    until = time.monotonic() + 30
    while left_over(tmp_path) and time.monotonic() < until:
        os.sched_yield()
    assert left_over(tmp_path) == []


@pytest.mark.timeout(60)
def test_a_taken_port_is_said_with_what_to_do(tmp_path: Path) -> None:
    """The demo ends at once, names the port and the variable."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [FLEET, "demo", "--dir", str(tmp_path / "demo"), "--port", port],
            capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert port in done.stdout and "DEMO_PORT" in done.stdout


@pytest.mark.long
@pytest.mark.timeout(1900)
@pytest.mark.skipif(not LONG, reason="long mode only: LONG=1 make test")
def test_every_fault_is_noticed_by_its_component(tmp_path: Path) -> None:
    """One after another, each with its flip and its recovery."""
    code, summary, output = run(tmp_path, "--seconds", "1", "--faults", "all", patience=1800)
    assert code == 0, output
    assert [fault["name"] for fault in summary["faults"]] == list(NOTICED_BY)
