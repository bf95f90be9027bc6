"""The verb `localvenues polymarket`: its options, and running until a signal."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from localvenues.faults import parse_script
from localvenues.polymarket.doors.outages import FAULTS
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.venue import Say, Settings, opened
from localvenues.polymarket.world.world import Population


def address(word: str) -> bytes:
    """Read 0x and 40 hexadecimal digits."""
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", word):
        raise argparse.ArgumentTypeError(f"{word!r} is not an address")
    return bytes.fromhex(word[2:])


def rate(word: str) -> float:
    """Read a number that is not negative."""
    number = float(word)
    if not 0 <= number < 1e6:
        raise argparse.ArgumentTypeError(f"{word!r} is not a rate")
    return number


def add_options(verb: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    verb.add_argument("--dir", type=Path, required=True, help="venue.json goes here")
    verb.add_argument("--seed", type=int, default=1, help="decides everything that is random")
    verb.add_argument("--fund", type=address, action="append", default=[], metavar="0xADDRESS")
    verb.add_argument("--fund-amount", type=rate, default=10_000.0, help="dollars per funded address")
    verb.add_argument("--faults", default="", metavar="NAME[@START][+SECONDS],...")
    verb.add_argument("--fault-every", type=rate, default=0.0, help="seconds between random faults, 0: none")
    verb.add_argument("--speed", type=rate, default=1.0, help="of the venue's clock; 0: moved by hand")
    verb.add_argument("--start", type=int, default=None, help="the clock's start in seconds since 1970")
    verb.add_argument("--chain-id", type=int, default=80_002)
    verb.add_argument("--leaders", type=int, default=30)
    verb.add_argument("--leader-rate", type=rate, default=0.5, help="trades per second of all leaders")
    verb.add_argument("--crowd-rate", type=rate, default=3.0, help="trades per second of the crowd")
    for door in ("clob", "clob-ws", "data", "gamma", "rtds", "relayer", "control"):
        verb.add_argument(f"--{door}-port", type=int, default=0)


def settings(words: argparse.Namespace) -> Settings:
    """Turn the command line into settings; raise FaultError for a bad fault script."""
    doors = ("clob", "clob_ws", "data", "gamma", "rtds", "relayer", "control")
    return Settings(
        folder=words.dir.resolve(),
        seed=words.seed,
        fund=tuple(words.fund),
        fund_amount=round(words.fund_amount * ONE),
        faults=parse_script(words.faults, FAULTS, words.seed),
        fault_every=words.fault_every,
        speed=words.speed,
        chain_id=words.chain_id,
        ports=tuple(getattr(words, f"{door}_port") for door in doors),
        population=Population(words.leaders, words.crowd_rate, words.leader_rate),
        start=None if words.start is None else words.start * 1000,
    )


async def run(asked: Settings, say: Say) -> None:
    """Run the venue until it is cancelled."""
    async with opened(asked, say) as venue:
        await venue.run()
