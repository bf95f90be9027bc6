"""fleet: run the demo."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from fleet.demo import demo
from fleet.faults import NOTICED_BY, FaultError, read_faults
from fleet.wish import BOTS, Wish, WishError, read_bots


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser; the environment gives the defaults."""
    env = os.environ.get
    top = argparse.ArgumentParser(prog="fleet", description="Venues, bots and keeper together.")
    verbs = top.add_subparsers(required=True, metavar="VERB", dest="verb")
    run = verbs.add_parser("demo", help="start everything, show the dashboard's address, stop cleanly")
    run.add_argument(
        "--seconds", type=float, default=float(env("DEMO_SECONDS", "0")), help="stop by itself (DEMO_SECONDS)"
    )
    run.add_argument(
        "--faults",
        default=env("DEMO_FAULTS", ""),
        help=f"name[@start][+seconds],... or all (DEMO_FAULTS); names: {', '.join(NOTICED_BY)}",
    )
    run.add_argument(
        "--summary",
        type=Path,
        default=Path(env("DEMO_SUMMARY", "")) if env("DEMO_SUMMARY") else None,
        help="write the summary as JSON (DEMO_SUMMARY)",
    )
    run.add_argument("--seed", type=int, default=int(env("DEMO_SEED", "1")), help="of traders and faults")
    run.add_argument(
        "--dir", type=Path, default=Path(".demo"), help="logs and data of the run; emptied first"
    )
    run.add_argument(
        "--bots", default=env("DEMO_BOTS", ""), help=f"those to run (DEMO_BOTS); default: {','.join(BOTS)}"
    )
    run.add_argument("--port", type=int, default=int(env("DEMO_PORT", "8080")), help="the dashboard's")
    run.add_argument(
        "--bot-port", type=int, default=int(env("METRICS_PORT", "9090")), help="the arbitrage bot's agent"
    )
    run.add_argument(
        "--copy-port", type=int, default=int(env("DEMO_COPY_PORT", "9091")), help="the copy bot's agent"
    )
    return top


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
