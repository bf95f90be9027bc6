"""Bring the parts up in order, each ready before the next: venue, contract, keeper, bot."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from arbbot.execute import LocalSigner
from fleet import configuration, wire
from fleet.processes import Child, Family
from fleet.reading import Keeper, Purse

T = TypeVar("T")
FUND = 30 * 10**18
READY_SECONDS = 60.0
BIN = Path(sys.executable).parent  # where the project's own commands are installed


class StartError(Exception):
    """A part does not come up; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller asked for. seconds 0 runs until Ctrl-C."""

    folder: Path
    seconds: float = 0.0
    faults: str = ""
    summary: Path | None = None
    seed: int = 1
    keeper_port: int = 8080
    bot_port: int = 9090


@dataclass(frozen=True, slots=True)
class Running:
    """Everything that was started."""

    venue: dict[str, Any]
    channels: dict[str, Any]
    keeper: Keeper
    purse: Purse


class Start:
    """One start. The children belong to the family, which the caller stops."""

    def __init__(self, wish: Wish, family: Family, say: Callable[[str], None]) -> None:
        self._wish, self._family, self._say = wish, family, say
        self._keeper = Keeper(wish.keeper_port)
        self._key_file = wish.folder / "arbbot" / "key"

    def run(self) -> Running:
        """Start everything; raise StartError or ProcessDied where a part does not come up."""
        self._check_ports()
        shutil.rmtree(self._wish.folder, ignore_errors=True)
        for name in ("venue", "channels", "arbbot", "keeper"):
            (self._wish.folder / name).mkdir(parents=True)
        account = "0x" + LocalSigner(configuration.write_key(self._key_file)).address.hex()
        venue = self._step("venue: chain node, contracts, pools, traders, feed", lambda: self._venue(account))
        executor = self._step("arbbot: executor contract", lambda: self._deploy(venue))
        purse = Purse(venue["rpc"], venue["tokens"]["WETH"]["address"], executor, account)
        channels = self._step("channels: chats, pager, mailbox", self._channels)
        self._step("keeper: store, scrapes, page", lambda: self._start_keeper(channels))
        self._step("arbbot: pools, feed", self._start_bot)
        return Running(venue, channels, self._keeper, purse)

    def _check_ports(self) -> None:
        for port, name in ((self._wish.keeper_port, "DEMO_PORT"), (self._wish.bot_port, "METRICS_PORT")):
            try:
                wire.free_port(port)
            except OSError:
                raise StartError(
                    f"port {port} is taken: stop what listens there, or set {name} to another"
                ) from None

    def _step(self, name: str, action: Callable[[], T]) -> T:
        began = time.monotonic()
        self._say(f"starting {name} ...")
        outcome = action()
        self._say(f"         {name}: ready in {time.monotonic() - began:.1f} s")
        return outcome

    def _venue(self, account: str) -> dict[str, Any]:
        folder = self._wish.folder / "venue"
        options = ["--dir", str(folder), "--seed", str(self._wish.seed), "--fund", account]
        self._child("venue", ["localvenues", "arbitrum", *options])
        path = folder / "venue.json"
        self._wait("the venue", path.exists)
        listing: dict[str, Any] = json.loads(path.read_text())
        return listing

    def _channels(self) -> dict[str, Any]:
        folder = self._wish.folder / "channels"
        self._child("channels", ["localvenues", "channels", "--dir", str(folder)])
        path = folder / "channels.json"
        self._wait("the channels", path.exists)
        listing: dict[str, Any] = json.loads(path.read_text())
        return listing

    def _deploy(self, venue: dict[str, Any]) -> str:
        folder = self._wish.folder / "arbbot"
        configuration.write(folder / "dex.yaml", configuration.dex_book(venue))
        self._configure(venue, None)
        config = str(folder / "arbbot.yaml")
        family = Family()
        try:
            command = ["arbbot", "deploy", "--config", config, "--fund", str(FUND)]
            child = self._child("deploy", command, {"ARBBOT_KEY_FILE": str(self._key_file)}, family)
            self._wait("the executor contract", lambda: child.code is not None)
        finally:
            family.stop()
        if child.code != 0:
            raise StartError(f"the executor was not deployed:\n{child.tail()}")
        executor = str(json.loads(child.tail().splitlines()[-1])["executor"])
        self._configure(venue, executor)
        return executor

    def _configure(self, venue: dict[str, Any], executor: str | None) -> None:
        settings = configuration.bot_settings(venue, self._wish.bot_port, executor)
        configuration.write(self._wish.folder / "arbbot" / "arbbot.yaml", settings)

    def _start_keeper(self, channels: dict[str, Any]) -> None:
        config = self._wish.folder / "keeper" / "keeper.yaml"
        configuration.write(config.with_name("alertmanager.yml"), configuration.alerting_settings(channels))
        settings = configuration.keeper_settings(self._wish.keeper_port, self._wish.bot_port)
        configuration.write(config, settings)
        self._child("keeper", ["watchkeeper", "keep", "--config", str(config)])
        self._wait("the keeper", lambda: self._keeper.answer("/api/health") is not None)

    def _start_bot(self) -> None:
        environment = {
            "ARBBOT_KEY_FILE": str(self._key_file),
            "EXECUTION_ENABLED": "true",
            "METRICS_PORT": str(self._wish.bot_port),
        }
        config = str(self._wish.folder / "arbbot" / "arbbot.yaml")
        self._child("arbbot", ["arbbot", "run", "--config", config], environment)
        self._wait("the bot", lambda: set(self._keeper.components().values()) == {"healthy"})

    def _child(
        self,
        name: str,
        command: Sequence[str],
        environment: dict[str, str] | None = None,
        family: Family | None = None,
    ) -> Child:
        log = self._wish.folder / f"{name}.log"
        return (family or self._family).start(name, [str(BIN / command[0]), *command[1:]], log, environment)

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            self._family.check()
            if ready():
                return
            time.sleep(0.1)
        raise StartError(f"{name} was not ready in {READY_SECONDS:.0f} s; see {self._wish.folder}")
