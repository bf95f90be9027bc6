"""fleet: run the demo."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
from pathlib import Path

from fleet.demo import demo
from fleet.faults import NOTICED_BY, FaultError, read_faults
from fleet.wish import BOTS, Wish, WishError, read_bots


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser; the environment gives the defaults."""
    env = _environment
    top = argparse.ArgumentParser(prog="fleet", description="Venues, bots and keeper together.")
    verbs = top.add_subparsers(required=True, metavar="VERB", dest="verb")
    run = verbs.add_parser("demo", help="start everything, show the dashboard's address, stop cleanly")
    run.add_argument(
        "--seconds", type=_seconds, default=env("DEMO_SECONDS", "0"), help="stop by itself (DEMO_SECONDS)"
    )
    run.add_argument(
        "--faults",
        default=env("DEMO_FAULTS", ""),
        help=f"name[@start][+seconds],... or all (DEMO_FAULTS); names: {', '.join(NOTICED_BY)}",
    )
    run.add_argument(
        "--summary",
        type=_writable,
        default=env("DEMO_SUMMARY", "") or None,
        help="write the summary as JSON (DEMO_SUMMARY)",
    )
    run.add_argument("--seed", type=int, default=env("DEMO_SEED", "1"), help="of traders and faults")
    run.add_argument(
        "--dir", type=Path, default=Path(".demo"), help="logs and data of the run; emptied first"
    )
    run.add_argument(
        "--bots", default=env("DEMO_BOTS", ""), help=f"those to run (DEMO_BOTS); default: {','.join(BOTS)}"
    )
    run.add_argument("--port", type=_port, default=env("DEMO_PORT", "8080"), help="the dashboard's")
    run.add_argument(
        "--bot-port", type=_port, default=env("METRICS_PORT", "9090"), help="the arbitrage bot's agent"
    )
    run.add_argument(
        "--copy-port", type=_port, default=env("DEMO_COPY_PORT", "9091"), help="the copy bot's agent"
    )
    return top


def _environment(name: str, default: str) -> str:
    """Return a variable; one that is set to nothing is not set."""
    return os.environ.get(name) or default


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:6]) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _writable(text: str) -> Path:
    """Take a file to be written at the end; what stands in its way is told before the start."""
    path = Path(text).resolve()
    there = path if path.exists() else next(folder for folder in path.parents if folder.exists())
    if path.is_dir() or (there != path and not there.is_dir()) or not os.access(there, os.W_OK):
        raise argparse.ArgumentTypeError(f"cannot write {text!r}")
    return path


def main(argv: list[str] | None = None) -> int:
    """Run one verb; 0 all well, 1 something went wrong, 2 a wrong call."""
    arguments = parser().parse_args(argv)
    try:
        bots = read_bots(arguments.bots)
        read_faults(arguments.faults, bots)
    except (FaultError, WishError) as error:
        print(f"fleet: {error}", file=sys.stderr)  # noqa: T201
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop is a stop, however it is asked for
    wish = Wish(
        folder=arguments.dir.resolve(),
        seconds=arguments.seconds,
        faults=arguments.faults,
        summary=arguments.summary,
        seed=arguments.seed,
        keeper_port=arguments.port,
        bot_port=arguments.bot_port,
        copy_port=arguments.copy_port,
        bots=bots,
    )
    return demo(wish, lambda line: print(line, flush=True))  # noqa: T201
