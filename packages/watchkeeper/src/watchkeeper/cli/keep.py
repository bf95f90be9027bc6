"""`watchkeeper keep`: run the keeper."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchkeeper.keeper.config import Config

NAME = "keep"
HELP = "run the keeper: scrape, store, judge, alert, and serve the page"
LOG = logging.getLogger("watchkeeper.keeper")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", default="keeper.yaml", metavar="FILE", help="keeper.yaml (%(default)s)")
    parser.add_argument("--port", type=int, help="port of the page and the API, instead of the file's")
    parser.add_argument("--data", metavar="FOLDER", help="data folder, instead of the file's")


def run(given: argparse.Namespace) -> int:
    """Return 0 after a signal, 1 where the keeper could not go on, 2 for a wrong configuration."""
    from watchkeeper.cli.logs import set_up
    from watchkeeper.keeper.config import ConfigError, load

    path = Path(given.config)
    try:
        config = overruled(load(path), given)
    except ConfigError as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    set_up(config.log)
    return asyncio.run(keep(config, path.resolve().parent))


def overruled(config: Config, given: argparse.Namespace) -> Config:
    """Return the configuration with what the command line says instead."""
    import msgspec

    from watchkeeper.keeper.config import ConfigError

    if given.port is not None:
        if not 0 <= given.port <= 65535:
            raise ConfigError(f"--port: expected 0 to 65535, got {given.port}")
        config = msgspec.structs.replace(
            config, listen=msgspec.structs.replace(config.listen, port=given.port)
        )
    if given.data is not None:
        config = msgspec.structs.replace(config, data=str(Path(given.data).resolve()))
    return config


async def keep(config: Config, base: Path) -> int:
    """Run until SIGTERM or SIGINT and say why it ended."""
    from watchkeeper.cli import own_version
    from watchkeeper.keeper.config import ConfigError
    from watchkeeper.keeper.keeper import Ended, Keeper
    from watchkeeper.keeper.serving import Unbound
    from watchkeeper.keeper.store import StoreError

    stop, reasons = asyncio.Event(), list[str]()
    on_signals(stop, reasons)
    try:
        async with Keeper(config, base, own_version()) as keeper:
            LOG.info("the keeper watches: http://%s:%d/", config.listen.address, keeper.port)
            await keeper.run(stop)
    except ConfigError as error:
        LOG.error("%s", error)
        return 2
    except (Unbound, StoreError, OSError) as error:
        LOG.error("the keeper cannot start: %s", error)
        return 1
    except Ended as error:
        LOG.error("the keeper ends: %s", error, exc_info=error.__cause__)
        return 1
    LOG.info("the keeper ended: %s", reasons[0] if reasons else "asked to stop")
    return 0


def on_signals(stop: asyncio.Event, reasons: list[str]) -> None:
    """Set `stop` on the first SIGTERM or SIGINT; the second one ends at once, as by default."""
    loop = asyncio.get_running_loop()

    def told(number: signal.Signals) -> None:
        reasons.append(f"{number.name} received")
        LOG.info("%s received: draining", number.name)
        loop.remove_signal_handler(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told, number)
