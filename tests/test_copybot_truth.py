"""The copy bot against its venue's own ledger, over simulated hours with every fault there is.

Bot and venue talk over real HTTP and websockets on loopback, in one event loop whose time jumps to the next
timer whenever nothing is left to do: hours pass in minutes, and no test sleeps.
"""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

import copybot
from copybot.bot import Bot
from copybot.clob import ClobError, LocalSigner
from copybot.compose import followed, telegram_of
from copybot.model import MICRO
from copybot.reading import read_settings
from copybot.settings import Settings
from copybot.state import State
from copybot.venue import Clients, place_of
from localvenues.polymarket.doors.truth import fills as true_fills
from localvenues.polymarket.doors.truth import orders as true_orders
from localvenues.polymarket.doors.truth import standing
from localvenues.polymarket.venue import Settings as VenueSettings
from localvenues.polymarket.venue import Venue
from localvenues.polymarket.world.world import LIVELY, Population

START = 1_790_000_000  # Unix seconds at which the simulated time begins
SIGNER = LocalSigner(b"\x55" * 32)
FUND = 10_000 * MICRO
STEP = 0.25
LONG = os.environ.get("LONG") == "1"
HOURS = 10.0 if LONG else 0.25
DEAD = 45.0  # seconds between a kill and the next life
pytestmark = pytest.mark.timeout(7200 if LONG else 300)
CALM = 240.0  # seconds at the end without fills or faults, in which everything settles


class JumpingSelector(selectors.DefaultSelector):
    """Waits for sockets for a moment only; where they are quiet, time jumps instead."""

    jump: Callable[[float], None] = staticmethod(lambda seconds: None)

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0 or (timeout is not None and timeout < 0):
            return ready
        ready = super().select(0.0002 if timeout is not None else 1.0)
        if not ready and timeout is not None:
            self.jump(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves by what it would have slept."""

    def __init__(self) -> None:
        selector = JumpingSelector()
        super().__init__(selector)
        self._at = 0.0
        selector.jump = self._jump

    def _jump(self, seconds: float) -> None:
        self._at += seconds

    def time(self) -> float:
        return self._at


class LoopClock:
    """The venue's clock: the loop's time."""

    def now(self) -> int:
        return START * 1000 + round(asyncio.get_running_loop().time() * 1000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Counted:
    """Stands in for the watcher: counts what it is told."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.on_call: Any = lambda now, ok: None

    def operation(self, name: str) -> Any:
        self.calls[f"operation:{name}"] += 1
        return nullcontext(self)

    def __getattr__(self, name: str) -> Any:
        def note(*arguments: Any) -> None:
            self.calls[name] += 1
            self.calls[f"{name}:{arguments[0] if arguments else ''}"] += 1
            if name == "called":
                self.on_call(wall(), arguments[2] in (None, "refused", "not_found"))

        return note


class Silent:
    """A log that says nothing but what went wrong."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def info(self, *_: Any, **__: Any) -> None: ...
    def debug(self, *_: Any, **__: Any) -> None: ...
    def warning(self, *_: Any, **__: Any) -> None: ...

    def error(self, event: str, **words: Any) -> None:
        self.errors.append(f"{event} {words}")


def wall() -> float:
    """Return the simulated Unix time."""
    return START + asyncio.get_running_loop().time()


class Play:
    """One bot on one venue, over some simulated time."""

    def __init__(self, folder: Path, hours: float, seed: int, fault_every: float, lives: int = 1) -> None:
        self.folder, self.seconds = folder, hours * 3600
        self.seed, self.fault_every, self.lives = seed, fault_every, lives
        self.salts = iter(range(1, 10**9))
        self.observer, self.log = Counted(), Silent()
        self.most: dict[str, int] = {}
        self.settings = Settings()
        self.population = LIVELY
        self.scan_seconds, self.step = 3.0, STEP
        self.scanner: dict[str, int] = {}

    async def run(self) -> None:
        """Play to the end, and leave venue and bot as they stand then."""
        settings = VenueSettings(
            self.folder,
            seed=self.seed,
            fund=(bytes.fromhex(SIGNER.address[2:]),),
            fund_amount=FUND,
            fault_every=self.fault_every,
            population=self.population,
        )
        self.venue = Venue(settings, LoopClock())
        await self.venue.open()
        ticking = asyncio.ensure_future(self._tick())
        try:
            await self._bot()
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
            await self.venue.close()

    async def _tick(self) -> None:
        while True:
            self.venue.tick()
            await asyncio.sleep(self.step)

    async def _bot(self) -> None:
        """Live as often as there are lives; each but the last is killed in the middle of things."""
        tree = {
            "venue": {"file": "venue.json"},
            "wallets": {"scan_seconds": self.scan_seconds},
            "scanner": self.scanner,
            "sizing": {"mode": "proportional", "ratio": "0.1"},
            "risk": {"slippage": "0.05", "pause_seconds": 20},
            "execution": {"uncertain_seconds": 60, "reconcile_seconds": 20},
        }
        self.settings = read_settings(tree)
        self.place = place_of(self.settings, self.folder)
        self.settings = followed(self.settings, self.place)
        self.began = wall()
        for life in range(1, self.lives):
            await self._life(self.began + self.seconds * life / self.lives)
            await asyncio.sleep(DEAD)
        await self._life(None)

    async def _life(self, killed: float | None) -> None:
        """Run one bot until it is killed at a time, or to the end of the play."""
        self.state = State(self.folder / "rows.sqlite")
        clients = Clients(self.place, SIGNER, wall, self.observer, lambda: next(self.salts))
        telegram = telegram_of(self.settings, wall, self.observer)  # type: ignore[arg-type]
        self.bot = Bot(
            self.settings,
            clients.venue,
            self.state,
            wall,
            self.observer,
            self.log,
            telegram,  # type: ignore[arg-type]
        )
        self.observer.on_call = self.bot.breaker.called
        await self._start()
        running = asyncio.ensure_future(self.bot.run())
        try:
            await (self._watch(running) if killed is None else self._watch_until(running, killed))
        finally:
            if killed is not None:
                await self._kill()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await clients.close()

    async def _start(self) -> None:
        """Start the bot, again while faults keep the venue from answering."""
        while True:
            try:
                return await self.bot.start()
            except ClobError:
                await asyncio.sleep(1.0)

    async def _kill(self) -> None:
        """Take every task and the rows away at once: nothing is finished, nothing is written any more."""

        async def nothing() -> None: ...

        self.bot._stop = nothing  # type: ignore[method-assign]
        for task in list(self.bot.trader._tasks):
            task.cancel()
        self.state.close()

    async def _watch_until(self, running: asyncio.Future[None], end: float) -> None:
        while wall() < end:
            await asyncio.sleep(1.0)
            if running.done():
                running.result()
            self._measure()

    async def _watch(self, running: asyncio.Future[None]) -> None:
        """Look at the venue's ledger now and then; at the end stop faults and copying, and let all settle."""
        await self._watch_until(running, self.began + self.seconds)
        self.venue.outages.calm()
        limits = msgspec.structs.replace(self.bot.trader.rules.limits, reduce_only=True)
        self.bot.trader.rules = msgspec.structs.replace(self.bot.trader.rules, limits=limits)
        self.ended = wall()
        await asyncio.sleep(CALM)
        while self.bot.orders.open() or self.bot.positions.moving():
            await asyncio.sleep(1.0)
            assert wall() < self.ended + 3 * CALM, self.bot.orders.open()
        await self.bot.monitor.scan()
        self.differences = await self.bot.bookkeeper.reconcile()

    def _measure(self) -> None:
        """Note the most that was ever at stake, as the venue's ledger has it."""
        account = standing(self.venue.world, SIGNER.address.lower())
        by_market: Counter[str] = Counter()
        for position in account["positions"]:
            by_market[position["condition_id"]] += cost_of(position)
        self.most["market"] = max([self.most.get("market", 0), *by_market.values()])
        self.most["total"] = max(self.most.get("total", 0), sum(by_market.values()))

    # --- what is compared --------------------------------------------------------------------------

    def truth_of(self, leader: str) -> Counter[tuple[str, str, str, int]]:
        """Return a leader's fills by the venue's ledger, since the bot began to follow."""
        return Counter(
            (one["transaction_hash"], one["token_id"], one["side"], int(one["shares"]))
            for one in true_fills(self.venue.world, leader, 0)
            if one["kind"] == "TRADE" and one["block_ms"] // 1000 >= int(self.began)
        )

    def seen_of(self, leader: str) -> Counter[tuple[str, str, str, int]]:
        """Return a leader's fills by the bot's rows, without the baseline."""
        rows = self.state.db.execute(
            "SELECT tx, token, side, size FROM fills"
            " WHERE leader = ? AND coalesce(decision, '') <> 'baseline'",
            (leader,),
        )
        return Counter((str(tx), str(token), str(side), int(size)) for tx, token, side, size in rows)

    def missed(self) -> list[Any]:
        """Return the leaders' fills that the ledger has and the bot does not, but for the last seconds."""
        late = (self.ended + CALM / 2) * 1000
        rows = {
            one["transaction_hash"]
            for leader in self.bot.monitor.leaders
            for one in true_fills(self.venue.world, leader, 0)
            if one["block_ms"] > late
        }
        lost = (self.truth_of(leader) - self.seen_of(leader) for leader in self.bot.monitor.leaders)
        return [key for one in lost for key in one.elements() if key[0] not in rows]

    def doubled(self) -> list[Any]:
        """Return what the bot's rows have more often than the ledger."""
        more = (self.seen_of(leader) - self.truth_of(leader) for leader in self.bot.monitor.leaders)
        return [key for one in more for key in one.elements()]

    def detected(self) -> int:
        """Return how many fills the bot has seen."""
        return sum(self.seen_of(leader).total() for leader in self.bot.monitor.leaders)

    def true_orders(self) -> list[dict[str, Any]]:
        """Return every order that the engine took from the bot."""
        return true_orders(self.venue.world, SIGNER.address.lower())

    def standing(self) -> dict[str, Any]:
        """Return the bot's account by the venue's ledger."""
        return standing(self.venue.world, SIGNER.address.lower())


def cost_of(position: dict[str, Any]) -> int:
    """Return what a position of the ledger cost."""
    return int(position["cost"])


def played(folder: Path, hours: float, seed: int, fault_every: float, lives: int = 1) -> Play:
    """Play some simulated time in a loop of its own."""
    play = Play(folder, hours, seed, fault_every, lives)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(play.run())
    return play


@pytest.fixture(scope="module", params=[1, 4], ids=["one life", "killed three times"])
def play(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The hours with all faults, played once for all laws."""
    one = played(tmp_path_factory.mktemp("venue"), HOURS, seed=7, fault_every=20.0, lives=request.param)
    yield one
    one.state.close()


def test_the_play_was_one(play: Play) -> None:
    """Leaders traded, the bot followed, faults struck: the laws below say something."""
    assert play.detected() > 50 * HOURS
    assert play.observer.calls["ordered"] > 10 * HOURS
    assert len({fault.name for fault in play.venue.outages.done}) >= 15
    assert play.log.errors == []


def test_every_fill_of_every_leader_was_detected_once(play: Play) -> None:
    """100 % detected, none twice, by the venue's ledger."""
    assert play.missed() == []
    assert play.doubled() == []


def test_no_order_was_doubled(play: Play) -> None:
    """Each order that the engine took is a row of the bot, and no fill has two of them."""
    taken = [one["id"] for one in play.true_orders()]
    rows = dict(play.state.db.execute("SELECT id, fill FROM orders").fetchall())
    assert set(taken) <= set(rows)
    assert len(taken) == len({rows[one] for one in taken})


def test_cash_fees_and_positions_equal_the_ledger_exactly(play: Play) -> None:
    """To the millionth of a dollar: ghost fills, mint matches, roundings and redemptions included."""
    account = play.standing()
    assert int(account["cash"]) == play.bot.positions.cash
    assert int(account["fees"]) == play.bot.positions.totals().fees
    ours: Counter[str] = Counter()
    for lot in play.bot.positions.lots():
        ours[lot.token] += lot.size
    theirs = {one["token_id"]: int(one["shares"]) for one in account["positions"] if int(one["shares"])}
    assert ours == theirs


def test_no_limit_was_ever_exceeded(play: Play) -> None:
    """Looked at each simulated second in the venue's ledger."""
    assert play.most["market"] <= 200 * MICRO
    assert play.most["total"] <= 1000 * MICRO


def test_memory_is_bounded(play: Play) -> None:
    """What is kept in memory has a most."""
    assert len(play.bot.wallet_rows.recent) <= 20_000
    assert len(play.bot.books) <= 200
    assert play.bot.trader.waiting <= 500


class Day(Play):
    """A play that is watched for what the bot's own code holds in memory, once an hour."""

    def __init__(self, folder: Path, hours: float) -> None:
        super().__init__(folder, hours, seed=5, fault_every=120.0)
        self.population, self.scan_seconds, self.step = Population(25, 0.2, 0.1), 60.0, 1.0
        self.scanner = {"most_markets": 40, "most_books": 20}  # caches that are full within the first hours
        self.held: list[int] = []

    def _measure(self) -> None:
        self.bot.wallet_rows.recent._most = 200
        if wall() >= self.began + 3600 * (len(self.held) + 1):
            gc.collect()
            self.held.append(held_by(Path(copybot.__file__).parent))


def held_by(folder: Path) -> int:
    """Return the bytes that are allocated now by code of a folder."""
    snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, f"{folder}/*")])
    return sum(one.size for one in snapshot.statistics("filename"))


@pytest.mark.long
@pytest.mark.skipif(not LONG, reason="long mode only: LONG=1 make test")
def test_a_day_leaves_no_more_in_memory_than_its_first_hours(tmp_path: Path) -> None:
    """24 simulated hours with faults: a flat line, to a quarter of a megabyte."""
    day = Day(tmp_path, 24.0)
    tracemalloc.start()
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(day.run())
    finally:
        tracemalloc.stop()
        day.state.close()
    assert len(day.held) >= 23
    assert max(day.held[12:]) < max(day.held[2:8]) + 250_000, day.held
