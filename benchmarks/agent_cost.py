"""What the agent takes from a bot: throughput, p99 of the message latency, CPU and memory.

With the agent, each message moves nine instruments (counters, a labelled one, gauges, three timed stages),
four checks run twice a second, the loop is followed, and another process scrapes `/metrics` and `/health`
each second. Windows without, with, and again without the agent take turns in one process, the order turned
about in every other round. The figure is the interquartile mean over the rounds, the quartiles beside it; the
control compares without with without, and so shows what the machine's noise is worth: a figure below its
control's spread says no more than that it is small.

Throughput: a bot that 5,000 messages a second saturate (200 us each), run flat out; messages per second. A
saturated loop hardly lets other threads have the GIL, so the slowest of 40 probes is measured there too,
beside one of the official client's server in the same bot. Instruments: their share of such a message alone,
in windows too short for the noise.
p99: a bot of 100 us a message; a process of its own sends 5,000 messages a second over loopback; latency
from sending to done. Bot and sender ask for real-time priority,
without which neighbours decide the p99; where that is refused, the figure says so. Memory: unique set size of
a fresh asyncio process, with and without a scraped agent, median of five each.
"""

import asyncio
import hashlib
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter, process_time, sleep, thread_time
from typing import Any

from watchkeeper import Watch

RATE = 5_000
FULL_MESSAGE = 1 / RATE  # seconds: the rate is all that the bot can do
HALF_MESSAGE = 100e-6  # seconds: the rate is half a core
BATCH = 5  # messages sent at once
SATURATED = (36, 0.5)  # rounds of three windows, seconds each
PACED = (36, 0.5)
SHORT = 200  # messages
SHORT_ROUNDS = 100
SETTLE = 0.1  # seconds between a start or stop and its window
MEMORY_RUNS = 5
PROBES = 40
PROBE_LIMIT = 10.0  # seconds

Figure = dict[str, Any]
Handler = Callable[[bytes], None]
FRAME = json.dumps({"sequence": 1, "l2": "ab" * 200, "pools": list(range(40))}).encode()


def work(message: bytes, turns: int) -> int:
    """Stand for decoding and evaluating a message."""
    total = 0
    for turn in range(turns):
        frame = json.loads(FRAME)
        total += sum(frame["pools"]) + hashlib.sha256(message).digest()[turn % 32]
    return total


def turns_for(seconds: float) -> int:
    """Return how many turns of `work` take this long on this machine."""
    times = []
    for _ in range(50):
        began = thread_time()
        work(b"x", 20)
        times.append((thread_time() - began) / 20)
    return max(1, round(seconds / statistics.median(times)))


class Instrumented:
    """The bot's handler with its instruments, as the arbitrage bot has them."""

    def __init__(self, watch: Watch, turns: int) -> None:
        self.turns = turns
        self.sequence = 0
        self.frames = watch.counter("mev_sequencer_frames_received_total", "Frames.")
        self.messages = watch.counter("mev_sequencer_messages_received_total", "Messages.")
        self.number = watch.gauge("mev_sequencer_sequence_number", "Number.")
        self.last = watch.gauge("mev_sequencer_last_frame_timestamp_seconds", "Last frame.")
        self.types = watch.counter("mev_transactions_decoded_total", "Transactions.", labels=("type",))
        self.found = watch.counter("mev_opportunities_found_total", "Found.")
        latency = watch.histogram("mev_processing_latency_seconds", "Latency.", labels=("stage",))
        self.parse, self.detect, self.whole = (
            latency.labels(name) for name in ("parse", "detect", "end_to_end")
        )
        for name in ("feed", "rpc", "pools", "executor"):
            watch.check(name, lambda: self.sequence >= 0, every=0.5, timeout=0.5)

    def handle(self, message: bytes) -> None:
        """Handle one message and measure it."""
        began = perf_counter()
        self.frames.inc()
        self.last.set(began)
        self.sequence += 1
        work(message, self.turns)
        parsed = perf_counter()
        self.parse.observe(parsed - began)
        self.messages.inc()
        self.number.set(self.sequence)
        self.types.labels("2").inc()
        self.found.inc()
        done = perf_counter()
        self.detect.observe(done - parsed)
        self.whole.observe(done - began)


class Bench:
    """One bot that runs with and without its agent in turns."""

    def __init__(self, port: int, message_seconds: float) -> None:
        self.turns = turns_for(message_seconds)
        self.watch = Watch("bench", environment={"METRICS_PORT": str(port)})
        self.instrumented = Instrumented(self.watch, self.turns)
        self.heartbeat = self.watch.heartbeat("loop")

    def plain(self, message: bytes) -> None:
        """Handle one message without measuring it."""
        work(message, self.turns)

    def attach(self) -> Handler:
        """Start the agent; return the handler with instruments."""
        self.watch.start()
        self.heartbeat.follow(asyncio.get_running_loop(), every=0.1)
        return self.instrumented.handle

    def detach(self) -> None:
        """Stop the agent."""
        self.watch.stop()


async def saturated(handle: Handler, seconds: float) -> float:
    """Return the seconds per message while the bot handles as many as it can."""
    count, began = 0, perf_counter()
    while perf_counter() - began < seconds:
        for _ in range(BATCH):
            handle(FRAME)
        count += BATCH
        await asyncio.sleep(0)
    return (perf_counter() - began) / count


async def slowest_probe(port: int, path: str, handle: Handler) -> float:
    """Return the milliseconds of the slowest of PROBES requests that another process sends meanwhile."""
    asking = beside("ask", port, path, stdout=subprocess.PIPE)
    while asking.poll() is None:
        await saturated(handle, 0.2)
    return float(asking.communicate()[0])


class Feed(asyncio.DatagramProtocol):
    """Receives batches of messages, each the time of sending in nanoseconds, and hands them on.

    Datagrams, so that a bot that a busy machine stalls loses messages instead of gathering a backlog.
    """

    def __init__(self) -> None:
        self.handle: Handler = lambda message: None
        self.latencies: list[float] = []

    def datagram_received(self, data: bytes, address: object) -> None:
        """Handle each message."""
        for start in range(0, len(data), 8):
            message = data[start : start + 8]
            self.handle(message)
            self.latencies.append(perf_counter() - int.from_bytes(message, "little") / 1e9)


def p99(latencies: list[float]) -> float:
    """Return the 99th percentile."""
    return sorted(latencies)[int(len(latencies) * 0.99)]


def prefer(other: int) -> bool:
    """Ask for real-time priority for this process and another; tell whether the system allows it."""
    try:
        for process in (0, other):
            os.sched_setscheduler(process, os.SCHED_FIFO, os.sched_param(1))
    except (PermissionError, AttributeError):
        return False
    return True


async def in_turns(
    bench: Bench, plan: tuple[int, float], window: Callable[[Handler, float], Any]
) -> list[Any]:
    """Return (without, with, without again) per round; every other round turns the order about."""
    rounds, seconds = plan
    measured = []
    for number in range(rounds + 1):
        taken = []
        for agent in (False, True, False):
            handle = bench.attach() if agent else bench.plain
            await asyncio.sleep(SETTLE)
            taken.append(await window(handle, seconds))
            bench.detach()
        measured.append(tuple(taken[:: 1 if number % 2 else -1]))
    return measured[1:]  # the first round warms up


async def probed(bench: Bench, port: int) -> list[float]:
    """Return the slowest probe of our agent and of the official client's server, the bot saturated."""
    handle = bench.attach()
    ours = await slowest_probe(port, "/health/live", handle)
    bench.detach()
    # Only now: where a bot has imported it, the agent serves its metrics too, at their cost.
    import prometheus_client

    server, thread = prometheus_client.start_http_server(
        0, "127.0.0.1", prometheus_client.CollectorRegistry()
    )
    peer = await slowest_probe(server.server_port, "/metrics", bench.plain)
    server.shutdown()
    server.server_close()
    thread.join()
    return [ours, peer]


async def measured(port: int) -> dict[str, list[Any]]:
    """Return the pairs of both measurements."""
    full = Bench(port, FULL_MESSAGE)
    throughput = await in_turns(full, SATURATED, saturated)
    feed = Feed()
    door, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: feed, ("127.0.0.1", 0))
    sender = beside("send", door.get_extra_info("sockname")[1])
    bench = Bench(port, HALF_MESSAGE)

    async def paced(handle: Handler, seconds: float) -> float:
        feed.handle, feed.latencies = handle, []
        await asyncio.sleep(seconds)
        return p99(feed.latencies)

    try:
        urgent = prefer(sender.pid)
        delays = await in_turns(bench, PACED, paced)
    finally:
        sender.terminate()
        sender.wait()
        door.close()
        if urgent:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return {
        "urgent": [urgent],
        "instruments": instruments(full),
        "full": throughput,
        "p99": delays,
        "probes": await probed(full, port),
    }


def beside(*task: object, stdout: int | None = None) -> subprocess.Popen[bytes]:
    """Start this file in a process of its own."""
    return subprocess.Popen([sys.executable, __file__, *map(str, task)], stdout=stdout)


def send(port: int) -> None:
    """Send RATE messages a second until somebody ends this process."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    due = perf_counter()
    while True:
        due = max(due + BATCH / RATE, perf_counter() - 0.1)  # after a stall of the machine, do not flood
        sleep(max(0.0, due - perf_counter()))
        line.sendto(int(perf_counter() * 1e9).to_bytes(8, "little") * BATCH, ("127.0.0.1", port))


def ask(port: int, path: str) -> None:
    """Print the milliseconds of the slowest of PROBES requests, or the limit where one exceeds it."""
    slowest = 0.0
    for _ in range(PROBES):
        began = perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_LIMIT)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except TimeoutError:
            slowest = PROBE_LIMIT
            break
        finally:
            connection.close()
        slowest = max(slowest, perf_counter() - began)
    print(slowest * 1e3)


def scrape(port: int) -> None:
    """Scrape each second, whenever the agent is there."""
    while True:
        sleep(1.0)
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            for path in ("/metrics", "/health"):
                connection.request("GET", path)
                connection.getresponse().read()
            connection.close()
        except OSError:
            continue


BOT = """
import asyncio, hashlib, json, pathlib, socket
async def talk(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n")
    await reader.read()
    writer.close()
async def answer(reader, writer):
    await reader.readline()
    writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    AGENT
    for _ in range(10):
        await talk(port)
    await asyncio.sleep(0.5)
    lines = pathlib.Path("/proc/self/smaps_rollup").read_text().splitlines()
    print(sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty"))))
asyncio.run(main())
"""
AGENT = """
    import watchkeeper
    watch = watchkeeper.Watch("bench", environment={"METRICS_PORT": "0"})
    latency = watch.histogram("mev_processing_latency_seconds", "Latency.", labels=("stage",))
    for number in range(40):
        watch.counter(f"counter_{number}_total", "A counter.").inc()
    for name in ("feed", "rpc", "pools", "executor"):
        watch.check(name, lambda: None, every=0.1)
        latency.labels(name).observe(0.1)
    watch.heartbeat("loop").follow(asyncio.get_running_loop())
    port = watch.start().port
"""


def added_memory() -> tuple[float, float]:
    """Return the MiB that the agent adds to an asyncio bot, and the MiB of the bot without it."""
    bare, full = [], []
    for _ in range(MEMORY_RUNS):
        for agent, sizes in (("pass", bare), (AGENT.strip(), full)):
            sizes.append(int(subprocess.check_output([sys.executable, "-c", BOT.replace("AGENT", agent)])))
    without = statistics.median(bare) / 1024
    return statistics.median(full) / 1024 - without, without


def idle_cpu(port: int, seconds: float = 20.0) -> float:
    """Return the percent of a core that a scraped agent takes while the bot does nothing."""

    async def nothing() -> float:
        bench = Bench(port, FULL_MESSAGE)
        bench.attach()
        await asyncio.sleep(2.0)
        began = process_time()
        await asyncio.sleep(seconds)
        used = process_time() - began
        bench.detach()
        return 100 * used / seconds

    return asyncio.run(nothing())


def figure(value: float, unit: str, most: float | None, peer: str) -> Figure:
    """Return one figure with its goal; a control has none."""
    row = {"value": value, "unit": unit, "peer": peer, "ratio": None}
    return row | {"goal": most and f"<= {most}", "ok": most is None or value <= most}


def middle(shares: list[float]) -> tuple[float, str]:
    """Return the interquartile mean and, as text, the quartiles."""
    low, _, high = statistics.quantiles(shares, n=4)
    return statistics.fmean(share for share in shares if low <= share <= high), f"[{low:.2f}, {high:.2f}]"


def instruments(bench: Bench) -> list[float]:
    """Return by how many percent the instruments lengthen a message, per round."""

    def each(handle: Handler) -> float:
        began = thread_time()
        for _ in range(SHORT):
            handle(FRAME)
        return thread_time() - began

    return [100 * (each(bench.instrumented.handle) / each(bench.plain) - 1) for _ in range(SHORT_ROUNDS)]


def main() -> dict[str, Figure]:
    """Return all figures."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    scraper = beside("scrape", port)
    try:
        idle = idle_cpu(port)
        pairs = asyncio.run(measured(port))
    finally:
        scraper.terminate()
        scraper.wait()
    fewer, fewer_spread = middle([100 * (1 - before / agent) for before, agent, _ in pairs["full"]])
    none, none_spread = middle([100 * (1 - before / again) for before, _, again in pairs["full"]])
    tail, tail_spread = middle([100 * (agent / before - 1) for before, agent, _ in pairs["p99"]])
    noise, noise_spread = middle([100 * (again / before - 1) for before, _, again in pairs["p99"]])
    before99 = statistics.median(before for before, _, _ in pairs["p99"]) * 1e3
    priority = "real-time priority" if pairs["urgent"][0] else "ordinary priority"
    message = statistics.median(before for before, _, _ in pairs["full"]) * 1e6
    share, share_spread = middle(pairs["instruments"])
    probe, peer_probe = pairs["probes"]
    added, bare = added_memory()
    return {
        "throughput lost": figure(fewer, "%", 1, f"{message:.0f} us a message {fewer_spread}"),
        "lost to the instruments alone": figure(share, "%", 1, f"nine a message {share_spread}"),
        "throughput lost, control": figure(none, "%", None, f"without against without {none_spread}"),
        "slowest of 40 probes, bot saturated": figure(
            probe, "ms", 500, f"prometheus_client's server {peer_probe:,.0f} ms"
        ),
        "p99 added at 5,000 messages/s": figure(
            tail, "%", 2, f"{before99:.3f} ms without, {priority} {tail_spread}"
        ),
        "p99 added, control": figure(noise, "%", None, f"without against without {noise_spread}"),
        "idle CPU, scraped each second": figure(idle, "% core", 1, "4 checks at 2 Hz, lag at 10 Hz"),
        "memory added (USS)": figure(added, "MiB", 5, f"{bare:.1f} MiB asyncio bot without"),
    }


def show(figures: dict[str, Figure]) -> None:
    """Print the figures as a table."""
    for name, row in figures.items():
        goal = f"goal {row['goal']} {'ok' if row['ok'] else 'MISSED'}" if row["goal"] else ""
        print(f"{name:<38}{row['value']:>8.2f} {row['unit']:<8}{goal:<20}{row['peer']}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["send", port]:
            send(int(port))
        case ["ask", port, path]:
            ask(int(port), path)
        case ["scrape", port]:
            scrape(int(port))
        case _:
            show(main())
