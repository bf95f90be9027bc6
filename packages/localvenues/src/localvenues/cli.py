"""The command `localvenues`: one verb per venue."""

from __future__ import annotations

import argparse
import asyncio
import math
import re
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from localvenues.arbitrum import venue as arbitrum
from localvenues.arbitrum.chain import ChainError
from localvenues.arbitrum.contracts import MissingContract
from localvenues.arbitrum.deploy import DeploymentFailed
from localvenues.arbitrum.rpc import NodeUnreachable, RpcError
from localvenues.arbitrum.sequencer import SequencerError
from localvenues.arbitrum.transactions import UnknownTransactionType
from localvenues.channels import venue as channels
from localvenues.channels.errors import ChannelsError
from localvenues.faults import FaultError, parse_script
from localvenues.polymarket import command as polymarket

FAILURES = (
    ChainError,
    MissingContract,
    DeploymentFailed,
    NodeUnreachable,
    RpcError,
    SequencerError,
    UnknownTransactionType,
    OSError,
)


def address(word: str) -> bytes:
    """Read 0x and 40 hexadecimal digits."""
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", word):
        raise argparse.ArgumentTypeError(f"{word!r} is not an address")
    return bytes.fromhex(word[2:])


def port(word: str) -> int:
    """Read a port; 0 takes any free one."""
    if not word.isascii() or not word.isdecimal() or int(word[:6]) >= 1 << 16:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port")
    return int(word)


def rate(word: str) -> float:
    """Read a number of trades per second; 0 is a quiet market."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from zero on")
    return value


def positive(word: str) -> float:
    """Read a number above zero."""
    value = rate(word)
    if not value:
        raise argparse.ArgumentTypeError(f"{word!r} is not above zero")
    return value


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    root = argparse.ArgumentParser(prog="localvenues", description="Local venues that speak the true wires.")
    verbs = root.add_subparsers(dest="venue", required=True)
    one = verbs.add_parser("arbitrum", help="a chain, its DEXes, traders and a sequencer feed")
    one.add_argument("--dir", type=Path, required=True, help="venue.json and the node's log go here")
    one.add_argument("--seed", type=int, default=1, help="decides everything that is random")
    one.add_argument("--rpc-port", type=port, default=0)
    one.add_argument("--feed-port", type=port, default=0)
    one.add_argument("--control-port", type=port, default=0)
    one.add_argument("--block-time", type=positive, default=0.25, help="seconds")
    one.add_argument("--fund", type=address, action="append", default=[], metavar="0xADDRESS")
    one.add_argument("--faults", default="", metavar="NAME[@START][+SECONDS],...")
    one.add_argument("--sign-feed", action="store_true", help="sign feed messages (venue.json: feed_signer)")
    one.add_argument("--chain-id", type=int, default=412_346)
    one.add_argument("--offset", type=int, default=0, help="block number minus sequence number")
    one.add_argument("--rate", type=rate, default=8.0, help="trades per second")
    one.add_argument("--backlog", type=int, default=1200, help="feed messages kept for late readers")
    one.add_argument("--require-version", action="store_true", help="refuse readers that name no version")
    add_channels(verbs.add_parser("channels", help="a pager, chats, a mailbox and a webhook"))
    polymarket.add_options(verbs.add_parser("polymarket", help="a prediction market, its APIs and traders"))
    return root


def add_channels(verb: argparse.ArgumentParser) -> None:
    """Add the options of `localvenues channels`."""
    verb.add_argument("--dir", type=Path, required=True, help="channels.json and received.jsonl go here")
    verb.add_argument("--http-port", type=port, default=0)
    verb.add_argument("--smtp-port", type=port, default=0)
    verb.add_argument("--script", action="append", default=[], metavar="CHANNEL=STEP,...")


def channel_settings(words: argparse.Namespace) -> channels.Settings:
    """Turn the command line into the channels' settings."""
    pairs = [text.partition("=") for text in words.script]
    return channels.Settings(
        folder=words.dir.resolve(),
        http_port=words.http_port,
        smtp_port=words.smtp_port,
        scripts=tuple((channel, steps) for channel, _, steps in pairs),
    )


def settings(words: argparse.Namespace) -> arbitrum.Settings:
    """Turn the command line into settings; raise FaultError for a bad fault script."""
    return arbitrum.Settings(
        folder=words.dir.resolve(),
        seed=words.seed,
        rpc_port=words.rpc_port,
        feed_port=words.feed_port,
        control_port=words.control_port,
        block_time=words.block_time,
        fund=tuple(words.fund),
        faults=parse_script(words.faults, arbitrum.FAULT_NAMES, words.seed),
        sign_feed=words.sign_feed,
        chain_id=words.chain_id,
        offset=words.offset,
        rate=words.rate,
        backlog=words.backlog,
        require_version=words.require_version,
    )


def say(line: str) -> None:
    """Tell the person who started the venue."""
    sys.stderr.write(f"localvenues: {line}\n")
    sys.stderr.flush()


async def serve(words: argparse.Namespace) -> None:
    """Run what was asked for until a signal asks it to stop."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        if words.venue == "channels":
            await channels.run(channel_settings(words), say)
        elif words.venue == "polymarket":
            await polymarket.run(polymarket.settings(words), say)
        else:
            async with arbitrum.opened(settings(words), say) as venue:
                await venue.run()
    say("stopped")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a verb; return 0 after a clean stop, 1 after a failure, 2 for a bad command line."""
    try:
        asyncio.run(serve(parser().parse_args(argv)))
    except (FaultError, ChannelsError) as error:
        say(str(error))
        return 2
    except FAILURES as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
