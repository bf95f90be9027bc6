"""The demo: a venue, a bot and the keeper as processes; faults by name; a summary that can fail."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fleet import configuration, wire
from fleet.faults import NOTICED_BY, Injection, read_faults, seconds_needed
from fleet.processes import Family, ProcessDied
from fleet.summary import FaultSeen, Summary, problems

FUND = 30 * 10**18
READY_SECONDS = 60.0
BIN = Path(sys.executable).parent  # where the project's own commands are installed


class DemoError(Exception):
    """The demo cannot start; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller asked for. seconds 0 runs until Ctrl-C."""

    folder: Path
    seconds: float = 0.0
    faults: str = ""
    summary: Path | None = None
    seed: int = 1
    keeper_port: int = 8080
    bot_port: int = 9090


class Demo:
    """One run, from nothing to nothing."""

    def __init__(
        self, wish: Wish, say: Callable[[str], None], clock: Callable[[], float] = time.time
    ) -> None:
        self._wish, self._say, self._clock = wish, say, clock
        self._family = Family()
        self._injections = read_faults(wish.faults)
        self._venue: dict[str, Any] = {}
        self._executor, self._bot_address = "", ""
        self._base_gas = 0
        self._seen: list[FaultSeen] = []
        self._keeper = f"http://127.0.0.1:{wish.keeper_port}"

    # --- starting ---

    def start(self) -> None:
        """Start everything in order; raise DemoError or ProcessDied where something does not come up."""
        self._check_ports()
        shutil.rmtree(self._wish.folder, ignore_errors=True)
        for name in ("venue", "arbbot", "keeper"):
            (self._wish.folder / name).mkdir(parents=True)
        self._step("venue: chain node, contracts, pools, traders, feed", self._start_venue)
        self._step("arbbot: executor contract", self._deploy)
        self._step("keeper", self._start_keeper)
        self._step("arbbot: pools, feed", self._start_bot)

    def _check_ports(self) -> None:
        for port, name in ((self._wish.keeper_port, "DEMO_PORT"), (self._wish.bot_port, "METRICS_PORT")):
            try:
                wire.free_port(port)
            except OSError:
                raise DemoError(
                    f"port {port} is taken: stop what listens there, or set {name} to another"
                ) from None

    def _step(self, name: str, action: Callable[[], None]) -> None:
        self._say(f"starting {name} ...")
        began = self._clock()
        action()
        self._say(f"starting {name} ... ready in {self._clock() - began:.1f} s")

    def _start_venue(self) -> None:
        from arbbot.execute import LocalSigner

        folder = self._wish.folder / "venue"
        self._key_file = self._wish.folder / "arbbot" / "key"
        signer = LocalSigner(configuration.write_key(self._key_file))
        self._bot_address = "0x" + signer.address.hex()
        command = ["localvenues", "arbitrum", "--dir", str(folder), "--seed", str(self._wish.seed)]
        self._run("venue", [*command, "--fund", self._bot_address])
        path = folder / "venue.json"
        self._wait("the venue", path.exists)
        self._venue = json.loads(path.read_text())

    def _deploy(self) -> None:
        folder = self._wish.folder / "arbbot"
        configuration.write(folder / "dex.yaml", configuration.dex_book(self._venue))
        self._configure_bot(None)
        command = ["arbbot", "deploy", "--config", str(folder / "arbbot.yaml"), "--fund", str(FUND)]
        child = self._run("deploy", command, {"ARBBOT_KEY_FILE": str(self._key_file)}, watched=False)
        self._wait("the executor contract", lambda: child.code is not None)
        if child.code != 0:
            raise DemoError(f"the executor was not deployed:\n{child.tail()}")
        self._executor = json.loads(child.tail().splitlines()[-1])["executor"]
        self._configure_bot(self._executor)
        self._base_gas = self._eth()

    def _configure_bot(self, executor: str | None) -> None:
        settings = configuration.bot_settings(self._venue, self._wish.bot_port, executor)
        configuration.write(self._wish.folder / "arbbot" / "arbbot.yaml", settings)

    def _start_keeper(self) -> None:
        folder = self._wish.folder / "keeper"
        settings = configuration.keeper_settings(self._wish.keeper_port, self._wish.bot_port)
        configuration.write(folder / "keeper.yaml", settings)
        self._run("keeper", ["watchkeeper", "keep", "--config", str(folder / "keeper.yaml")])
        self._wait("the keeper", lambda: bool(self._answer("/api/health")))

    def _start_bot(self) -> None:
        environment = {
            "ARBBOT_KEY_FILE": str(self._key_file),
            "EXECUTION_ENABLED": "true",
            "METRICS_PORT": str(self._wish.bot_port),
        }
        config = str(self._wish.folder / "arbbot" / "arbbot.yaml")
        self._run("arbbot", ["arbbot", "run", "--config", config], environment)
        self._wait("the bot", lambda: set(self._components().values()) == {"healthy"})

    def _run(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str] | None = None,
        *,
        watched: bool = True,
    ) -> Any:
        log = self._wish.folder / f"{name}.log"
        family = self._family if watched else Family()
        return family.start(name, [str(BIN / command[0]), *command[1:]], log, environment)

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        until = self._clock() + READY_SECONDS
        while self._clock() < until:
            self._family.check()
            if ready():
                return
            time.sleep(0.1)
        raise DemoError(f"{name} was not ready in {READY_SECONDS:.0f} s; see the logs in {self._wish.folder}")

    # --- running ---

    def run(self) -> None:
        """Run until the time is up, injecting the faults; a progress line every few seconds."""
        began = self._clock()
        length = max(self._wish.seconds, seconds_needed(self._injections)) if self._wish.seconds else 0.0
        waiting = list(self._injections)
        told = began
        while not length or self._clock() - began < length:
            self._family.check()
            if waiting and self._clock() - began >= waiting[0].start:
                self._inject(waiting.pop(0))
            if self._clock() - told >= 5.0:
                told = self._clock()
                self._say(self._progress(told - began))
            time.sleep(0.2)

    def _inject(self, fault: Injection) -> None:
        """Inject one fault and watch how the keeper tells of it."""
        self._say(f"fault {fault.name} for {fault.seconds:g} s")
        body = {"name": fault.name, "seconds": fault.seconds, "seed": self._wish.seed}
        began = self._clock()
        wire.post(self._venue["control"] + "/fault", body)
        seen = self._follow(fault, began)
        from fleet.summary import told

        self._say(f"fault {fault.name}: {told(seen)}")
        self._seen.append(seen)

    def _follow(self, fault: Injection, began: float) -> FaultSeen:
        """Read the keeper's flips until the component has failed and recovered, or the time is up."""
        component = NOTICED_BY[fault.name]
        end = began + fault.seconds
        down: float | None = None
        reason = ""
        while self._clock() < end + 15.0:
            self._family.check()
            for flip in self._flips(component, began):
                if down is None and flip["to_state"] != "healthy":
                    down, reason = float(flip["at"]), str(flip["reason"])
            status = self._components().get(component)
            if down is not None and status == "healthy" and self._clock() >= end:
                flips = self._flips(component, began)
                back = max((float(f["at"]) for f in flips if f["to_state"] == "healthy"), default=None)
                if back is not None:
                    return FaultSeen(fault.name, component, down - began, max(0.0, back - end), reason)
            time.sleep(0.2)
        return FaultSeen(fault.name, component, None if down is None else down - began, None, reason)

    def _flips(self, component: str, since: float) -> list[dict[str, Any]]:
        answer = self._answer("/api/flips?limit=200") or {}
        rows = answer.get("flips", [])
        mine = [row for row in rows if row["subject"].endswith(f"/{component}") and row["at"] >= since]
        return sorted(mine, key=lambda row: float(row["at"]))

    def _progress(self, ran: float) -> str:
        values = self._metrics()
        profit = self._profit()
        return (
            f"{ran:4.0f} s  frames {values['frames']:,}  swaps {values['swaps']:,}  "
            f"opportunities {values['opportunities']:,}  "
            f"executed {values['succeeded']:,}/{values['executions']:,}  profit {profit / 10**18:+.4f} ETH"
        )

    # --- reading ---

    def _answer(self, path: str) -> Any:
        try:
            return wire.get(self._keeper + path)
        except wire.Unanswered:
            return None

    def _components(self) -> dict[str, str]:
        overview = self._answer("/api/overview") or {}
        rows = [row for bot in overview.get("bots", []) for row in bot.get("components", [])]
        return {row["name"]: row["status"] for row in rows}

    def _metrics(self) -> dict[str, int]:
        """Return the bot's own counts, summed over labels."""
        names = {
            "frames": "mev_sequencer_frames_received_total",
            "swaps": "mev_swaps_detected_total",
            "opportunities": "mev_opportunities_detected_total",
            "executions": "mev_executions_attempted_total",
            "succeeded": "mev_executions_succeeded_total",
        }
        try:
            tree = wire.get(f"http://127.0.0.1:{self._wish.bot_port}/metrics.json")
        except wire.Unanswered:
            return dict.fromkeys(names, 0)
        return {key: total(tree, name) for key, name in names.items()}

    def _profit(self) -> int:
        """Return the executor's gain less the bot's gas, measured at the node; wei."""
        try:
            return self._wrapped() - FUND + self._eth() - self._base_gas
        except wire.Unanswered:
            return 0

    def _wrapped(self) -> int:
        data = "0x70a08231" + self._executor[2:].rjust(64, "0")  # balanceOf(address)
        weth = self._venue["tokens"]["WETH"]["address"]
        return int(wire.rpc(self._venue["rpc"], "eth_call", {"to": weth, "data": data}, "latest"), 16)

    def _eth(self) -> int:
        return int(wire.rpc(self._venue["rpc"], "eth_getBalance", self._bot_address, "latest"), 16)

    # --- ending ---

    def finish(self, ran: float) -> Summary:
        """Read the final figures, stop everything in reverse order, and judge the run."""
        values, profit, components = self._metrics(), self._profit(), self._components()
        alerts = (self._answer("/api/alerts?limit=1000") or {}).get("alerts", [])
        overview = self._answer("/api/overview") or {}
        self._say("stopping ...")
        killed = tuple(self._family.stop())
        summary = Summary(
            seconds=ran,
            frames=values["frames"],
            swaps=values["swaps"],
            opportunities=values["opportunities"],
            executions=values["executions"],
            executions_succeeded=values["succeeded"],
            profit_wei=profit,
            alerts=len(alerts),
            state=str(overview.get("state", "unknown")),
            components=components,
            faults=tuple(self._seen),
            killed=killed,
        )
        return replace(summary, problems=problems(summary))

    def abandon(self) -> None:
        """Stop whatever runs."""
        self._family.stop()


def total(tree: Any, name: str) -> int:
    """Return the sum of a family's samples in the agent's JSON."""
    for family in tree.get("families", []):
        samples = [row for row in family.get("samples", []) if row["name"] == name]
        if samples:
            return int(sum(float(row["value"]) for row in samples))
    return 0


def demo(wish: Wish, say: Callable[[str], None]) -> int:
    """Run the demo; return 0 only if all went as it should."""
    run = Demo(wish, say)
    began = time.time()
    try:
        run.start()
        say(f"\n  dashboard  http://127.0.0.1:{wish.keeper_port}/   (Ctrl-C stops)\n")
        began = time.time()
        try:
            run.run()
        except KeyboardInterrupt:
            say("")
        summary = run.finish(time.time() - began)
    except (DemoError, ProcessDied, wire.Unanswered) as error:
        run.abandon()
        say(f"demo: {error}")
        return 1
    except KeyboardInterrupt:
        run.abandon()
        return 1
    say("\n".join(["", "summary", *summary.lines()]))
    if wish.summary is not None:
        wish.summary.write_text(json.dumps(summary.as_json(), indent=1) + "\n")
    return 1 if summary.problems else 0
