"""What an idle process with the agent takes, beside uvicorn with starlette and the official client.

Each server runs in a fresh process with 40 counters, is asked for /metrics 20 times, and is then left alone:
CPU time of the process over the idle seconds, context switches a second, and the unique set size. The agent
runs with all it has: four checks at 1 Hz, a followed loop at 10 Hz, the sampler at 19 Hz; and once bare,
without checks, loop and sampler, as the peers are. All idle at the same time, so that they meet the same
neighbours. Memory is told over an asyncio process without any server; median of three processes each.
"""

import statistics
import subprocess
import sys
import urllib.request
from pathlib import Path
from time import sleep
from typing import Any

IDLE_SECONDS = 20.0
RUNS = 3
Figure = dict[str, Any]

HEAD = """
import asyncio, pathlib, sys, time
def report(port):
    print(port, flush=True)
def counters(make):
    for number in range(40):
        make(f"counter_{number}_total", "A counter.").inc()
"""
BARE = HEAD + "report(0)\nasyncio.run(asyncio.sleep(1e6))\n"
OURS = (
    HEAD
    + """
import watchkeeper
watch = watchkeeper.Watch("idle", environment={"METRICS_PORT": "0"}, profile_hz=HZ)
counters(watch.counter)
async def main():
    FULL
    report(watch.start().port)
    await asyncio.sleep(1e6)
asyncio.run(main())
"""
)
FULL = """[watch.check(name, lambda: None, every=1.0) for name in ("feed", "rpc", "pools", "executor")]
    watch.heartbeat("loop").follow(asyncio.get_running_loop())"""
OFFICIAL = (
    HEAD
    + """
import prometheus_client
counters(prometheus_client.Counter)
server, thread = prometheus_client.start_http_server(0, addr="127.0.0.1")
report(server.server_port)
asyncio.run(asyncio.sleep(1e6))
"""
)
STARLETTE = (
    HEAD
    + """
import socket, prometheus_client, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
counters(prometheus_client.Counter)
async def metrics(request):
    return Response(prometheus_client.generate_latest(), media_type="text/plain")
door = socket.create_server(("127.0.0.1", 0))
report(door.getsockname()[1])
app = Starlette(routes=[Route("/metrics", metrics)])
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[door])
"""
)
PROGRAMS = {
    "asyncio alone": BARE,
    "agent": OURS.replace("HZ", "19").replace("FULL", FULL),
    "agent, server alone": OURS.replace("HZ", "0").replace("FULL", "pass"),
    "uvicorn + starlette": STARLETTE,
    "prometheus_client": OFFICIAL,
}


class Server:
    """One program in a process of its own."""

    def __init__(self, program: str) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        port = int(self.process.stdout.readline())
        for _ in range(20 if port else 0):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                answer.read()

    def cpu(self) -> float:
        """Return the seconds of CPU so far, of all threads, by the scheduler's account."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def switches(self) -> int:
        """Return how often its threads gave up the processor so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        lines = [line for task in tasks for line in (task / "status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt"))

    def memory(self) -> float:
        """Return the MiB that it has for itself."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        own = (line for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))
        return sum(int(line.split()[1]) for line in own) / 1024

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()


def measured() -> dict[str, tuple[float, float, float]]:
    """Run all programs side by side once: percent of a core, wakes a second, MiB."""
    servers = {name: Server(program) for name, program in PROGRAMS.items()}
    try:
        sleep(2.0)
        before = {name: (one.cpu(), one.switches()) for name, one in servers.items()}
        sleep(IDLE_SECONDS)
        return {
            name: (
                100 * (one.cpu() - before[name][0]) / IDLE_SECONDS,
                (one.switches() - before[name][1]) / IDLE_SECONDS,
                one.memory(),
            )
            for name, one in servers.items()
        }
    finally:
        for one in servers.values():
            one.end()


def main() -> dict[str, Figure]:
    """Return all figures; ratios are over uvicorn with starlette."""
    runs = [measured() for _ in range(RUNS)]
    middle = {
        name: tuple(statistics.median(run[name][place] for run in runs) for place in range(3))
        for name in PROGRAMS
    }
    bare, peer = middle["asyncio alone"], middle["uvicorn + starlette"]
    figures: dict[str, Figure] = {}
    for name, (cpu, wakes, memory) in middle.items():
        if name == "asyncio alone":
            continue
        told = f"{wakes:.0f} wakes/s"
        ratio = cpu / peer[0] if peer[0] else None
        figures[f"idle CPU, {name}"] = row(cpu, "% core", ratio, told, 0.5 if name == "agent" else None)
        added, theirs = memory - bare[2], peer[2] - bare[2]
        goal = 5.0 if name == "agent" else None
        figures[f"memory added, {name}"] = row(
            added, "MiB", added / theirs, f"{bare[2]:.1f} MiB without", goal
        )
    return figures


def row(value: float, unit: str, ratio: float | None, peer: str, most: float | None) -> Figure:
    """Return one figure."""
    goal = None if most is None else f"<= {most:g}"
    return {"value": value, "unit": unit, "ratio": ratio, "peer": peer, "goal": goal,
            "ok": most is None or value <= most}  # fmt: skip


if __name__ == "__main__":
    for title, found in main().items():
        print(f"{title:<36}{found['value']:>8.3f} {found['unit']:<7}{found['ratio']:.2f}x  {found['peer']}")
