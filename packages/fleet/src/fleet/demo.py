"""The demo: a venue, a bot and the keeper as processes; faults by name; a summary that can fail."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace

from fleet import wire
from fleet.faults import NOTICED_BY, Injection, read_faults, seconds_needed
from fleet.processes import Family, ProcessDied
from fleet.reading import bot_counts, pages
from fleet.starting import BIN, Running, Start, StartError, Wish
from fleet.summary import FaultSeen, Summary, problems, told

TOLD_EVERY = 5.0
PATIENCE = 15.0  # seconds after a fault's end within which the component must be well again


class Demo:
    """One run of what was started: progress, faults, and the judgement at its end."""

    def __init__(self, wish: Wish, family: Family, running: Running, say: Callable[[str], None]) -> None:
        self._wish, self._family, self._running, self._say = wish, family, running, say
        self._began = time.time()
        self._told = self._began
        self._seen: list[FaultSeen] = []
        self._acknowledged = 0

    def run(self) -> None:
        """Run until the time is up (0: until Ctrl-C), injecting the faults."""
        waiting = read_faults(self._wish.faults)
        length = max(self._wish.seconds, seconds_needed(waiting)) if self._wish.seconds else 0.0
        while not length or time.time() - self._began < length:
            if waiting and time.time() - self._began >= waiting[0].start:
                self._inject(waiting.pop(0))
            self._breathe()

    def _breathe(self) -> None:
        """Notice a death, tell the progress, wait a moment."""
        self._family.check()
        if time.time() - self._told >= TOLD_EVERY:
            self._told = time.time()
            self._say(self._progress())
        time.sleep(0.2)

    def _inject(self, fault: Injection) -> None:
        """Inject one fault and watch how the keeper tells of it."""
        self._say(f"  fault {fault.name} for {fault.seconds:g} s")
        began = time.time()
        body = {"name": fault.name, "seconds": fault.seconds, "seed": self._wish.seed}
        wire.post(self._running.venue["control"] + "/fault", body)
        seen = self._follow(fault, began)
        self._say(f"  fault {fault.name}: {told(seen)}")
        self._seen.append(seen)

    def _follow(self, fault: Injection, began: float) -> FaultSeen:
        """Read the keeper's flips until the component has failed and recovered, or patience ends."""
        component, end = NOTICED_BY[fault.name], began + fault.seconds
        taken_on = False
        while time.time() < end + PATIENCE:
            self._breathe()
            if not taken_on and self._running.keeper.told(began):
                taken_on = self._acknowledge()
            flips = self._running.keeper.flips(component, began)
            bad = [flip for flip in flips if flip["to_state"] != "healthy"]
            well = self._running.keeper.components().get(component) == "healthy"
            if bad and well and time.time() >= end:
                back = max(float(flip["at"]) for flip in flips)
                noticed = float(bad[0]["at"]) - began
                return FaultSeen(fault.name, component, noticed, max(0.0, back - end), str(bad[0]["reason"]))
        noticed_after = float(bad[0]["at"]) - began if bad else None
        return FaultSeen(fault.name, component, noticed_after, None, str(bad[0]["reason"]) if bad else "")

    def _acknowledge(self) -> bool:
        """Take on what fires, as its owner would: from the command line. Tell whether it was taken."""
        words = [str(BIN / "watchkeeper"), "ack", 'severity=~".+"', "--who", "demo"]
        done = subprocess.run(
            [*words, "--url", self._running.keeper.url], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            self._acknowledged += 1
            self._say("  acknowledged from the command line")
        return done.returncode == 0

    def _progress(self) -> str:
        counts = bot_counts(self._wish.bot_port)
        return (
            f"{time.time() - self._began:4.0f} s  frames {counts['frames']:,}  swaps {counts['swaps']:,}  "
            f"opportunities {counts['opportunities']:,}  "
            f"executed {counts['succeeded']:,}/{counts['executions']:,}  "
            f"profit {self._gain() / 10**18:+.4f} ETH"
        )

    def _gain(self) -> int:
        try:
            return self._running.purse.gain()
        except wire.Unanswered:
            return 0  # the node is away, as a fault may ask for

    def _settle(self) -> None:
        """Give a component that is unwell for a moment the time to recover: the end is no special moment."""
        until = time.time() + PATIENCE
        while time.time() < until and set(self._running.keeper.components().values()) != {"healthy"}:
            time.sleep(0.5)

    def finish(self) -> Summary:
        """Read the final figures, stop everything in reverse order, and judge the run."""
        self._settle()
        counts, keeper = bot_counts(self._wish.bot_port), self._running.keeper
        summary = Summary(
            seconds=time.time() - self._began,
            frames=counts["frames"],
            swaps=counts["swaps"],
            opportunities=counts["opportunities"],
            executions=counts["executions"],
            executions_succeeded=counts["succeeded"],
            profit_wei=self._gain(),
            alerts=keeper.alerts(),
            state=keeper.state(),
            components=keeper.components(),
            faults=tuple(self._seen),
            pages=pages(self._running.channels["control"]),
            acknowledged=self._acknowledged,
        )
        self._say("stopping ...")
        summary = replace(summary, killed=tuple(self._family.stop()))
        return replace(summary, problems=problems(summary))


def demo(wish: Wish, say: Callable[[str], None]) -> int:
    """Run the demo; return 0 only if all went as it should."""
    family = Family()
    try:
        running = Start(wish, family, say).run()
        say(f"\n  dashboard  {running.keeper.url}/   (Ctrl-C stops)\n")
        run = Demo(wish, family, running, say)
        try:
            run.run()
        except KeyboardInterrupt:
            say("")
        summary = run.finish()
    except (StartError, ProcessDied, wire.Unanswered) as error:
        say(f"demo: {error}")
        return 1
    except KeyboardInterrupt:
        return 1
    finally:
        family.stop()
    say("\n".join(["", "summary", *summary.lines()]))
    if wish.summary is not None:
        wish.summary.write_text(json.dumps(summary.as_json(), indent=1) + "\n")
    return 1 if summary.problems else 0
