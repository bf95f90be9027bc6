"""The demo: venues, bots and the keeper as processes; faults by name; a summary that can fail."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable

from fleet import wire
from fleet.account import Account
from fleet.faults import NOTICED_BY, FaultSeen, Injection, read_faults, seconds_needed
from fleet.launcher import BIN, StartError
from fleet.processes import Family, ProcessDied, output_of
from fleet.reading import pages
from fleet.starting import Part, Running, Start
from fleet.summary import BotSeen, Summary
from fleet.wish import Wish

TOLD_EVERY = 5.0
PATIENCE = 15.0  # seconds at the end within which every component must be well again
AGREE_SECONDS = 60.0  # within which books and ledger must meet: a late trade takes 36, a redemption 8


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
        waiting = read_faults(self._wish.faults, self._wish.bots)
        length = max(self._wish.seconds, seconds_needed(waiting)) if self._wish.seconds else 0.0
        while waiting or not length or time.time() - self._began < length:
            if waiting and time.time() - self._began >= waiting[0].start:
                self._inject(waiting.pop(0))
            self._breathe()

    def _breathe(self) -> None:
        """Notice a death, tell the progress, wait a moment."""
        self._family.check()
        if time.time() - self._told >= TOLD_EVERY:
            self._told = time.time()
            for part in self._running.parts:
                self._say(f"{time.time() - self._began:4.0f} s  {part.bot:<8} {part.progress()}")
        time.sleep(0.2)

    # --- faults ---------------------------------------------------------------------------------

    def _inject(self, fault: Injection) -> None:
        """Inject one fault and watch how the keeper tells of it."""
        self._say(f"  fault {fault.name} for {fault.seconds:g} s")
        began = time.time()
        (part,) = (one for one in self._running.parts if one.bot == NOTICED_BY[fault.name].bot)
        body = {"name": fault.name, "seconds": fault.seconds, "seed": self._wish.seed}
        wire.post(part.control + "/fault", body)
        seen = self._follow(fault, began)
        self._say(f"  fault {fault.name}: {seen.told()}")
        self._seen.append(seen)

    def _follow(self, fault: Injection, began: float) -> FaultSeen:
        """Read the keeper's flips until the component has failed and recovered, or patience ends."""
        notice, end = NOTICED_BY[fault.name], began + fault.seconds
        taken_on, bad = False, []
        while time.time() < end + notice.patience:
            self._breathe()
            if not taken_on and self._running.keeper.told(began):
                taken_on = self._acknowledge()
            flips = self._running.keeper.flips(notice.subject, began)
            bad = [flip for flip in flips if flip["to_state"] != "healthy"]
            well = self._running.keeper.components().get(notice.subject) == "healthy"
            if bad and well and time.time() >= end:
                back = max(float(flip["at"]) for flip in flips)
                noticed = float(bad[0]["at"]) - began
                reason = str(bad[0]["reason"])
                return FaultSeen(fault.name, notice.subject, noticed, max(0.0, back - end), reason)
        noticed_after = float(bad[0]["at"]) - began if bad else None
        return FaultSeen(
            fault.name, notice.subject, noticed_after, None, str(bad[0]["reason"]) if bad else ""
        )

    def _acknowledge(self) -> bool:
        """Take on what fires, as its owner would: from the command line. Tell whether it was taken."""
        words = [str(BIN / "watchkeeper"), "ack", 'severity=~".+"', "--who", "demo"]
        if output_of([*words, "--url", self._running.keeper.url]) is None:
            return False
        self._acknowledged += 1
        self._say("  acknowledged from the command line")
        return True

    # --- the end --------------------------------------------------------------------------------

    def finish(self) -> Summary:
        """Read the final figures, stop everything in reverse order, and judge the run."""
        self._settle()
        keeper, parts = self._running.keeper, self._running.parts
        seconds, alerts, state = time.time() - self._began, keeper.alerts(), keeper.state()
        components, received = keeper.components(), pages(self._running.channels["control"])
        bots = tuple(self._close(part) for part in parts)
        self._say("stopping ...")
        killed = tuple(self._family.stop())
        return Summary(
            seconds, bots, alerts, state, components, tuple(self._seen), received, self._acknowledged, killed
        )

    def _settle(self) -> None:
        """Give a component that is unwell for a moment the time to recover: the end is no special moment."""
        until = time.time() + PATIENCE
        while time.time() < until and set(self._running.keeper.components().values()) != {"healthy"}:
            time.sleep(0.5)

    def _close(self, part: Part) -> BotSeen:
        """Let a bot come to rest, and compare its books with its venue's ledger."""
        self._say(f"comparing {part.bot}'s books with its venue's ledger ...")
        part.close()
        account = agreed(self._accounts(part))
        return BotSeen(part.bot, part.counts(), part.must_count, part.must_earn, account)

    def _accounts(self, part: Part) -> Iterable[Account]:
        """Yield the bot's money again and again, for as long as there is patience."""
        until = time.time() + AGREE_SECONDS
        while time.time() < until:
            try:
                yield part.account()
            except wire.Unanswered:
                pass
            time.sleep(0.3)


def agreed(accounts: Iterable[Account]) -> Account:
    """Return the first account in which books and ledger agree, else the last one.

    While a trade is under way the ledger is ahead of the books; once it is over both are equal or never.
    """
    last = Account("", 1)
    for last in accounts:
        if last.equal:
            break
    return last


def demo(wish: Wish, say: Callable[[str], None]) -> int:
    """Run the demo; return 0 only if all went as it should."""
    family = Family()
    start = Start(wish, family, say)
    try:
        running = start.run()
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
        start.close()
    say("\n".join(["", "summary", *summary.lines()]))
    if wish.summary is not None:
        wish.summary.parent.mkdir(parents=True, exist_ok=True)
        wish.summary.write_text(json.dumps(summary.as_json(), indent=1) + "\n")
    return 1 if summary.problems() else 0
