"""copybot: run, pause, resume, report, leaders score, backtest, address, check-config."""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from copybot.clob import ClobError, LocalSigner
from copybot.logs import configure
from copybot.reading import ADDRESS, load_settings
from copybot.settings import Settings, SettingsError, live_enabled
from copybot.state import StateError, open_state
from copybot.wallet import key_of

VERSION = "0.1.0"
OK, FAILED, USAGE = 0, 1, 2


def main(argv: list[str] | None = None) -> int:
    """Run one verb; return 0 where it did its work, 1 where it failed, 2 for a wrong call or setting."""
    arguments = parser().parse_args(sys.argv[1:] if argv is None else argv)
    try:
        verb: Callable[[argparse.Namespace], int] = arguments.verb
        return verb(arguments)
    except SettingsError as error:
        print(f"copybot: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    except (StateError, sqlite3.Error, ClobError) as error:
        print(f"copybot: {error}", file=sys.stderr)  # noqa: T201
        return FAILED
    except (KeyboardInterrupt, BrokenPipeError):  # whoever read the answer has read enough
        return OK


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = argparse.ArgumentParser(prog="copybot", description="A bot that copies trades on Polymarket.")
    top.add_argument("--version", action="version", version=VERSION)
    verbs = top.add_subparsers(required=True, metavar="VERB")
    plain: list[tuple[str, Callable[[argparse.Namespace], int], str]] = [
        ("run", run_verb, "follow wallets; on paper unless live is switched on twice"),
        ("pause", pause_verb, "let a running bot open nothing more"),
        ("resume", resume_verb, "let a paused bot open positions again"),
        ("report", report_verb, "profit by leader and market, missed and refused fills"),
        ("address", address_verb, "print the wallet's address; on paper its key is made where there is none"),
        ("check-config", check_verb, "check the configuration and say what it means"),
    ]
    for name, verb, words in plain:
        one = verbs.add_parser(name, help=words)
        one.set_defaults(verb=verb)
        one.add_argument("--config", type=Path, default=Path("copybot.yaml"), metavar="FILE")
    add_leaders(verbs)
    backtest = verbs.add_parser("backtest", help="replay recorded activity against the rules")
    backtest.set_defaults(verb=backtest_verb)
    backtest.add_argument("file", type=Path, metavar="FILE", help="rows of activity, JSON or one per line")
    backtest.add_argument("--config", type=Path, metavar="FILE")
    backtest.add_argument("--cash", default="1000", metavar="DOLLARS")
    return top


def add_leaders(verbs: Any) -> None:
    """Add `leaders score`."""
    leaders = verbs.add_parser("leaders", help="look at leaders").add_subparsers(
        required=True, metavar="VERB"
    )
    score = leaders.add_parser("score", help="score leaders by their recorded fills")
    score.set_defaults(verb=score_verb)
    score.add_argument(
        "address", nargs="*", type=address, help="wallets; those of the configuration where none is given"
    )
    score.add_argument("--config", type=Path, default=Path("copybot.yaml"), metavar="FILE")
    score.add_argument("--days", type=days, default=30.0)


def address(word: str) -> str:
    """Read a wallet's address."""
    if not ADDRESS.fullmatch(word):
        raise argparse.ArgumentTypeError(f"{word!r} is no address (0x and 40 digits)")
    return word


def days(word: str) -> float:
    """Read a span of days, at most a hundred years."""
    number = float(word)
    if not 0 < number <= 36_525:
        raise argparse.ArgumentTypeError(f"{word!r} is no number of days")
    return number


def command(arguments: argparse.Namespace, word: str) -> int:
    """Leave a word for the running bot, which looks each second."""
    state = open_state(load_settings(arguments.config), arguments.config.parent)
    state.remember("command", word)
    state.close()
    return OK


def pause_verb(arguments: argparse.Namespace) -> int:
    """Pause the bot."""
    return command(arguments, "pause")


def resume_verb(arguments: argparse.Namespace) -> int:
    """Resume the bot."""
    return command(arguments, "resume")


def report_verb(arguments: argparse.Namespace) -> int:
    """Print the report as JSON."""
    from copybot.report import report

    state = open_state(load_settings(arguments.config), arguments.config.parent)
    print(json.dumps(report(state), indent=1))  # noqa: T201
    state.close()
    return OK


def address_verb(arguments: argparse.Namespace) -> int:
    """Print the wallet's address."""
    settings = load_settings(arguments.config)
    print(LocalSigner(key_of(settings, arguments.config.parent)).address)  # noqa: T201
    return OK


def check_verb(arguments: argparse.Namespace) -> int:
    """Check the configuration, with what only its use would show."""
    from copybot.alerts import Templates
    from copybot.rules import rules_of

    settings = load_settings(arguments.config)
    rules_of(settings)
    Templates(settings.alerts)
    mode: str = settings.execution.mode
    if mode == "live" and not live_enabled(settings):
        mode = "live (refused while COPYBOT_LIVE=true is not in the environment)"
    leaders = len(settings.wallets.leaders)
    print(f"{arguments.config}: {mode}, {leaders} leaders, sizing {settings.sizing.mode}")  # noqa: T201
    return OK


def score_verb(arguments: argparse.Namespace) -> int:
    """Print the leaders' scores as JSON, best first."""
    from copybot.leaders import score_leaders

    settings = load_settings(arguments.config)
    try:
        rows = asyncio.run(
            score_leaders(settings, arguments.config.parent, arguments.address, arguments.days)
        )
    except ClobError as error:
        print(f"copybot: not scored: {error}", file=sys.stderr)  # noqa: T201
        return FAILED
    print(json.dumps(rows, indent=1))  # noqa: T201
    return OK


def backtest_verb(arguments: argparse.Namespace) -> int:
    """Replay recorded activity and print what came of it as JSON."""
    from copybot.backtest import backtest

    settings = load_settings(arguments.config) if arguments.config else Settings()
    try:
        data = arguments.file.read_bytes()
    except OSError as error:
        print(f"copybot: {error.strerror}: {arguments.file}", file=sys.stderr)  # noqa: T201
        return FAILED
    print(json.dumps(backtest(data, settings, arguments.cash), indent=1))  # noqa: T201
    return OK


def run_verb(arguments: argparse.Namespace) -> int:
    """Run the bot until SIGTERM or SIGINT."""
    from copybot.compose import run

    settings = load_settings(arguments.config)
    configure(settings.log.format, settings.log.level)
    return asyncio.run(run(settings, arguments.config.parent, VERSION))
