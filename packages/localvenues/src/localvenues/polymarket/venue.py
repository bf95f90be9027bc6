"""The venue's composition: one world behind seven doors, driven by one clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localvenues.faults import Fault
from localvenues.listener import Listener
from localvenues.polymarket import listing
from localvenues.polymarket.clock import Clock, ManualClock, WallClock
from localvenues.polymarket.doors.clob_account import AccountDoor
from localvenues.polymarket.doors.clob_orders import OrderDoor
from localvenues.polymarket.doors.clob_public import PublicClob
from localvenues.polymarket.doors.control import ControlDoor
from localvenues.polymarket.doors.data import DataDoor
from localvenues.polymarket.doors.gamma import GammaDoor
from localvenues.polymarket.doors.host import Host, Record
from localvenues.polymarket.doors.keyed import KeyDoor
from localvenues.polymarket.doors.limits import Limiter
from localvenues.polymarket.doors.outages import Outages, storm
from localvenues.polymarket.doors.publisher import Publisher
from localvenues.polymarket.doors.relayer import RelayerDoor
from localvenues.polymarket.doors.sockets import MarketSocket, RtdsSocket, UserSocket
from localvenues.polymarket.exchange.model import Trade
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.exchange.settlement import GHOST, LATE, WELL, Fate
from localvenues.polymarket.exchange.ticks import TICKS
from localvenues.polymarket.wire.intake import Intake
from localvenues.polymarket.wire.keys import Keys
from localvenues.polymarket.world.world import LIVELY, Population, World

TICK_SECONDS = 0.05
LONGEST_STEP = 250
STORM_SECONDS = 90_000.0
HOSTS = ("clob", "clob_ws", "data", "gamma", "rtds", "relayer")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the venue is asked to be. speed 0 is a clock moved by hand; fund_amount is in micro-units.

    fault_every is the mean of seconds between random faults, 0 for none.
    """

    folder: Path
    seed: int = 1
    fund: tuple[bytes, ...] = ()
    fund_amount: int = 10_000 * ONE
    faults: tuple[Fault, ...] = ()
    fault_every: float = 0.0
    speed: float = 1.0
    chain_id: int = 80_002
    ports: tuple[int, ...] = (0, 0, 0, 0, 0, 0, 0)
    population: Population = LIVELY
    start: int | None = None


class Venue:
    """A running venue. tick brings world and sockets up to the clock; every request does that first."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self.world = World(settings.seed, clock.now(), settings.population)
        self.outages, self.record = Outages(), Record()
        self.keys = Keys(settings.seed, settings.chain_id)
        for guest in settings.fund:
            self.world.fund("0x" + guest.hex(), settings.fund_amount)
        limiter = Limiter()
        self._hosts = {
            name: Host(name, clock, limiter, self.outages, self.record, self.tick) for name in HOSTS
        }
        self._closing: set[asyncio.Task[None]] = set()
        self._open_doors()
        self._wire_faults()
        self._moving = asyncio.Lock()

    def _open_doors(self) -> None:
        hosts, world = self._hosts, self.world
        clob = hosts["clob"]
        doors = KeyDoor(clob, self.keys)
        self.public = PublicClob(world, clob)
        self.orders = OrderDoor(world, clob, doors, Intake(self.settings.chain_id))
        self.account = AccountDoor(world, clob, doors)
        self.data = DataDoor(world, hosts["data"])
        self.gamma = GammaDoor(world, hosts["gamma"])
        self.relayer = RelayerDoor(world, hosts["relayer"], KeyDoor(hosts["relayer"], self.keys))
        self.market_socket = MarketSocket(world, hosts["clob_ws"])
        self.user_socket = UserSocket(hosts["clob_ws"], self.keys)
        self.rtds = RtdsSocket(hosts["rtds"])
        self.publisher = Publisher(world, self.market_socket, self.user_socket, self.rtds)
        advance = self.advance if isinstance(self.clock, ManualClock) else None
        self.control = ControlDoor(world, self.outages, self.record, self.tick, self.status, advance)

    @property
    def listeners(self) -> dict[str, Listener]:
        """Return the doors by name."""
        doors = {name: host.listener for name, host in self._hosts.items()}
        return doors | {"control": self.control.listener}

    # Faults

    def _wire_faults(self) -> None:
        self.world.exchange.settlement.fate = self._fate
        self.outages.on_begin("ws_close", lambda *_: self._hang_up())
        self.outages.on_begin("data_stall", self._stall)
        self.outages.on_begin("tick_change", self._change_ticks)

    def _fate(self, _: Trade) -> Fate:
        if self.outages.hit("ghost_fills", 0.5):
            return GHOST
        return LATE if self.outages.on("late_fills") else WELL

    def _hang_up(self) -> None:
        for socket in (self.market_socket, self.user_socket, self.rtds):
            task = asyncio.ensure_future(socket.board.hang_up())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _stall(self, fault: Fault, now: int) -> None:
        self.world.history.stalled_until = now + round(fault.seconds * 1000)

    def _change_ticks(self, fault: Fault, now: int) -> None:
        """Give a third of the open markets the finer or coarser of the two usual ticks."""
        chance = random.Random(fault.seed)
        for market in self.world.open_markets(now):
            if chance.random() < 1 / 3 and str(market.tick) in ("0.01", "0.001"):
                other = TICKS["0.001" if str(market.tick) == "0.01" else "0.01"]
                self.world.exchange.refine_tick(now, market, other)

    # Time

    def tick(self) -> int:
        """Bring faults, world and sockets up to the clock; return its time."""
        now = self.clock.now()
        self.outages.step(now)
        self.publisher.publish(self.world.step(now), now)
        self.orders.step(now)
        return now

    async def advance(self, seconds: float) -> None:
        """Move a manual clock in small steps; what is due happens and is sent on the way."""
        assert isinstance(self.clock, ManualClock)
        async with self._moving:
            end = self.clock.now() + round(seconds * 1000)
            while self.clock.now() < end:
                self.clock.move(min(end, self.clock.now() + LONGEST_STEP))
                self.tick()
                await asyncio.sleep(0)

    async def run(self) -> None:
        """Keep up with a running clock for ever."""
        while True:
            self.tick()
            await asyncio.sleep(TICK_SECONDS)

    def status(self) -> dict[str, Any]:
        """Return counts of what the venue has done."""
        return {
            "now": self.clock.now() / 1000,
            **self.world.status(),
            "requests": self.record.count,
            "statuses": {str(key): count for key, count in sorted(self.record.statuses.items())},
            "cdn_hits": self.data.cdn.hits,
            "sockets": {
                "market": len(self.market_socket.board.lines),
                "user": len(self.user_socket.board.lines),
                "rtds": len(self.rtds.board.lines),
            },
        }

    # Doors

    async def open(self) -> None:
        """Open the doors, say where they are in venue.json, and plan the faults."""
        for listener, port in zip(self.listeners.values(), self.settings.ports, strict=True):
            await listener.open(port)
        for fault in self.settings.faults:
            self.outages.schedule(self.clock.now(), fault)
        if self.settings.fault_every:
            for fault in storm(self.settings.seed, 15.0, STORM_SECONDS, self.settings.fault_every):
                self.outages.schedule(self.clock.now(), fault)
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        listing.write(self.settings.folder, listing.describe(self))

    async def close(self) -> None:
        """Shut the doors."""
        listing.remove(self.settings.folder)
        for listener in self.listeners.values():
            await listener.close()
        await asyncio.gather(*self._closing, return_exceptions=True)


def clock_of(settings: Settings) -> Clock:
    """Return the clock that is asked for."""
    if settings.speed > 0:
        return WallClock(settings.speed, settings.start)
    start = settings.start if settings.start is not None else WallClock().now()
    return ManualClock(start)


@asynccontextmanager
async def opened(settings: Settings, say: Say = lambda _: None) -> AsyncIterator[Venue]:
    """Start a venue and yield it when it is ready; stop it afterwards."""
    listing.remove(settings.folder)
    venue = Venue(settings, clock_of(settings))
    try:
        await venue.open()
        say(f"ready: {settings.folder / listing.NAME}")
        yield venue
    finally:
        await venue.close()
