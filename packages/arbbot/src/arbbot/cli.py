"""arbbot: run, replay, deploy, check-config."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from arbbot.execute import Executor, Ledger, LocalSigner
from arbbot.logs import configure, logger, redaction
from arbbot.rpc import Rpc, RpcError
from arbbot.settings import Settings, SettingsError, execution_enabled, load_settings, read_key

VERSION = "0.1.0"
OK, FAILED, USAGE = 0, 1, 2


def main(argv: list[str] | None = None) -> int:
    """Run one verb; return 0 where it did its work, 1 where it failed, 2 for a wrong call or setting."""
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ["replay"]:  # its options are its own: it needs no configuration
        from arbbot.replay import replay

        return replay(words[1:])
    arguments = parser().parse_args(words)
    try:
        verb: Callable[[argparse.Namespace], int] = arguments.verb
        return verb(arguments)
    except SettingsError as error:
        print(f"arbbot: {error}", file=sys.stderr)  # noqa: T201
        return USAGE
    except KeyboardInterrupt:
        return OK


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    top = argparse.ArgumentParser(
        prog="arbbot", description="An arbitrage bot that reads the Arbitrum sequencer feed."
    )
    top.add_argument("--version", action="version", version=VERSION)
    verbs = top.add_subparsers(required=True, metavar="VERB")
    run = verbs.add_parser("run", help="read the feed, decide, and execute where that is switched on")
    run.set_defaults(verb=run_verb)
    check = verbs.add_parser("check-config", help="check the configuration and say what it means")
    check.set_defaults(verb=check_verb)
    deploy = verbs.add_parser("deploy", help="deploy and fund the executor contract")
    deploy.set_defaults(verb=deploy_verb)
    deploy.add_argument("--fund", type=int, default=0, metavar="WEI", help="base tokens to hand to it")
    deploy.add_argument("--max-fee", type=int, default=2 * 10**9, metavar="WEI", help="highest price per gas")
    for verb in (run, check, deploy):
        verb.add_argument("--config", type=Path, default=Path("arbbot.yaml"), metavar="FILE")
    verbs.add_parser("replay", help="decode recorded frames: arbbot replay FILE (see arbbot replay --help)")
    return top


def check_verb(arguments: argparse.Namespace) -> int:
    """Check the configuration and the dex book that it names."""
    from arbbot.loader import read_book

    settings = load_settings(arguments.config)
    book = read_book(settings, arguments.config.parent)
    state = "on" if execution_enabled(settings) else "off"
    print(  # noqa: T201
        f"{arguments.config}: chain {settings.chain_id}, {len(book.tokens)} tokens, "
        f"{len(book.routers)} routers, execution {state}"
    )
    return OK


def deploy_verb(arguments: argparse.Namespace) -> int:
    """Deploy the executor and print its address as JSON."""
    settings = load_settings(arguments.config)
    try:
        address = asyncio.run(deploy(settings, arguments))
    except (RpcError, ImportError) as error:
        print(f"arbbot: not deployed: {error}", file=sys.stderr)  # noqa: T201
        return FAILED
    print(json.dumps({"executor": "0x" + address.hex()}))  # noqa: T201
    return OK


async def deploy(settings: Settings, arguments: argparse.Namespace) -> bytes:
    """Deploy and fund the executor; return its address."""
    from arbbot.execute.deploy import Deployer
    from arbbot.loader import read_book

    book = read_book(settings, arguments.config.parent)
    rpc = Rpc(
        settings.rpc.url, Unwatched(), timeout=settings.rpc.timeout_seconds, retries=settings.rpc.retries
    )
    try:
        deployer = Deployer(rpc, LocalSigner(read_key()), settings.chain_id, arguments.max_fee)
        address = await deployer.deploy()
        if arguments.fund:
            await deployer.fund(book.tokens[settings.market.base].address, address, arguments.fund)
        return address
    finally:
        await rpc.close()


class Unwatched:
    """An RPC observer for verbs that are over in a moment."""

    def called(self, method: str, seconds: float, reason: str | None) -> None: ...


def run_verb(arguments: argparse.Namespace) -> int:
    """Run the bot until SIGTERM or SIGINT."""
    settings = load_settings(arguments.config)
    configure(settings.log.format, settings.log.level)
    return asyncio.run(run(settings, arguments.config.parent))


async def run(settings: Settings, folder: Path) -> int:
    """Compose the bot, watch it, and run it until it is told to stop."""
    from arbbot import watch
    from arbbot.bot import Bot
    from arbbot.feed import FeedRejected
    from arbbot.loader import LoadError, load_market, read_book

    log = logger()
    book = read_book(settings, folder)
    state = folder / settings.state
    state.mkdir(parents=True, exist_ok=True)
    agent = watch.agent(settings, VERSION)
    watcher = watch.Watcher(agent, settings)
    heartbeat = agent.heartbeat("loop", limit=5.0)
    agent.start()
    heartbeat.follow(asyncio.get_running_loop(), every=0.5)
    rpc = Rpc(settings.rpc.url, watcher, timeout=settings.rpc.timeout_seconds, retries=settings.rpc.retries)
    ledger = Ledger(state / "executions.sqlite")
    reason = "stopped"
    try:
        market = await load_market(rpc, book, settings, log.info)
        executor = compose_executor(settings, rpc, ledger, log)
        bot = Bot(settings, book, market, rpc, watcher, log, executor)
        await bot.recover()
        totals = ledger.totals()
        bot.resume_totals(totals.profit, totals.gas_cost)
        gc.collect()
        gc.freeze()  # the market stays for life: the collector need not walk it in the hot path
        agent.started()
        log.info("running", pools=len(market.pools), execution=executor is not None, port=agent.port)
        return await until_told(bot.run())
    except (FeedRejected, LoadError, RpcError) as error:
        reason = str(error)
        log.error("stopping", reason=reason)
        return FAILED
    finally:
        await rpc.close()
        ledger.close()
        log.info("stopped", reason=reason)
        agent.stop(reason)


def compose_executor(settings: Settings, rpc: Rpc, ledger: Ledger, log: object) -> Executor | None:
    """Return the executor where execution is switched on twice, else None."""
    if not execution_enabled(settings):
        return None
    if settings.execution.executor is None:
        raise SettingsError("execution is on, but execution.executor names no contract: run `arbbot deploy`")
    key = read_key()
    redaction.hide(key)
    address = bytes.fromhex(settings.execution.executor[2:])
    return Executor(
        rpc,
        LocalSigner(key),
        ledger,
        address,
        settings.chain_id,
        receipt_seconds=settings.execution.receipt_seconds,
    )


async def until_told(work: Coroutine[Any, Any, None]) -> int:
    """Run until the work ends or a signal asks to stop; an error of the work is raised."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return OK
    return FAILED
