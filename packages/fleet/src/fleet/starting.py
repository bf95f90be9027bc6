"""Bring the parts up: all venues at once, then keeper and bots, each ready before the start is over."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from fleet import alerting, configuration, ground, wire
from fleet.account import Account
from fleet.arbitrage import Arbitrage
from fleet.copying import Copying
from fleet.launcher import Launcher, StartError
from fleet.processes import Family
from fleet.reading import Keeper
from fleet.wish import Wish


class Part(Protocol):
    """A bot with its venue. must_count names the counts that a good run has; says tells what its venue is."""

    bot: str
    says: str
    must_count: tuple[str, ...]
    must_earn: bool

    def launch(self) -> None: ...
    def prepare(self) -> None: ...
    def start(self) -> None: ...

    @property
    def control(self) -> str: ...

    def counts(self) -> dict[str, int]: ...
    def progress(self) -> str: ...
    def close(self) -> None: ...
    def account(self) -> Account: ...


@dataclass(frozen=True, slots=True)
class Running:
    """Everything that was started."""

    parts: tuple[Part, ...]
    channels: dict[str, Any]
    keeper: Keeper


class Start:
    """One start. The children belong to the family, which the caller stops."""

    def __init__(self, wish: Wish, family: Family, say: Callable[[str], None]) -> None:
        self._wish = wish
        self._launcher = Launcher(wish.folder, family, say)
        self._keeper = Keeper(wish.keeper_port)
        self._channels: dict[str, Any] = {}
        self._held: int | None = None

    def run(self) -> Running:
        """Start everything; raise StartError or ProcessDied where a part does not come up."""
        self._check_ports()
        self._held = ground.take(self._wish.folder)
        (self._wish.folder / "keeper").mkdir()
        parts = self._parts()
        for part in parts:
            part.launch()
        self._launcher.step("channels: chats, pager, mailbox", self._open_channels)
        for part in parts:
            self._launcher.step(f"{part.bot}: venue ({part.says})", part.prepare)
        self._launcher.step(f"bots: {', '.join(self._wish.bots)}", lambda: self._start_bots(parts))
        self._launcher.step("keeper: store, scrapes, page", lambda: self._start_keeper(parts))
        return Running(parts, self._channels, self._keeper)

    def close(self) -> None:
        """Let go of the folder."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _parts(self) -> tuple[Part, ...]:
        made: dict[str, Callable[[], Part]] = {
            "arbbot": lambda: Arbitrage(self._wish, self._launcher),
            "copybot": lambda: Copying(self._wish, self._launcher, self._channels),
        }
        return tuple(made[bot]() for bot in self._wish.bots)

    def _check_ports(self) -> None:
        for port, name in self._wish.ports.values():
            try:
                wire.free_port(port)
            except OSError:
                raise StartError(
                    f"port {port} is taken: stop what listens there, or set {name} to another"
                ) from None

    def _open_channels(self) -> None:
        folder = self._wish.folder / "channels"
        self._launcher.start("channels", ["localvenues", "channels", "--dir", str(folder)])
        self._channels.update(self._launcher.listing("the channels", folder / "channels.json"))

    def _start_bots(self, parts: tuple[Part, ...]) -> None:
        """Start the bots; once their agents answer, a keeper takes none of them for dead."""
        for part in parts:
            part.start()
        for bot in self._wish.bots:
            live = f"http://127.0.0.1:{self._wish.ports[bot][0]}/health"
            self._launcher.wait(f"{bot}'s agent", partial(wire.answers, live))

    def _start_keeper(self, parts: tuple[Part, ...]) -> None:
        """Start the keeper, and wait until it finds every bot well."""
        config = self._wish.folder / "keeper" / "keeper.yaml"
        configuration.write(config.with_name("alertmanager.yml"), alerting.alerting_settings(self._channels))
        config.with_name("copybot.tmpl").write_text(alerting.COPY_TEMPLATES)
        ports = {bot: self._wish.ports[bot][0] for bot in self._wish.bots}
        configuration.write(config, configuration.keeper_settings(self._wish.keeper_port, ports))
        self._launcher.start("keeper", ["watchkeeper", "keep", "--config", str(config)])
        self._launcher.wait("the keeper", lambda: self._keeper.answer("/api/health") is not None)
        self._launcher.wait("the bots", lambda: all(self._keeper.well(part.bot) for part in parts))
