"""The copy bot in the demo: its venue, its configuration, its money."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from copybot.clob import LocalSigner
from fleet import configuration, wire
from fleet.account import Account, copy_account
from fleet.launcher import BIN, Launcher
from fleet.processes import output_of
from fleet.reading import agent_counts
from fleet.wish import Wish

CASH = "10000"
COUNTS = {
    "fills": "copybot_fills_detected_total",
    "refused": "copybot_fills_refused_total",
    "orders": "copybot_orders_total",
    "trades": "copybot_trades_confirmed_total",
}


class Copying:
    """One life of the copy bot on the local Polymarket."""

    bot = "copybot"
    says = "order books, APIs, leaders, crowd"
    must_count: tuple[str, ...] = ("fills", "orders", "trades")
    must_earn = False

    def __init__(self, wish: Wish, launcher: Launcher, channels: Mapping[str, Any]) -> None:
        self._wish, self._launcher, self._channels = wish, launcher, channels
        self._folder = wish.folder / "copybot"
        self._key_file = self._folder / "key"
        self._venue: dict[str, Any] = {}

    # --- coming up ------------------------------------------------------------------------------

    def launch(self) -> None:
        """Start the venue, which funds the bot's account."""
        (self._wish.folder / "polymarket").mkdir()
        self._folder.mkdir()
        self._address = LocalSigner(configuration.write_key(self._key_file)).address
        options = ["--dir", str(self._wish.folder / "polymarket"), "--seed", str(self._wish.seed)]
        options += ["--fund", self._address, "--fund-amount", CASH]
        self._launcher.start("polymarket", ["localvenues", "polymarket", *options])

    def prepare(self) -> None:
        """Wait for the venue and write the configuration."""
        path = self._wish.folder / "polymarket" / "venue.json"
        self._venue = self._launcher.listing("the local Polymarket", path)
        settings = configuration.copy_settings(self._wish.copy_port, self._channels)
        configuration.write(self._folder / "copybot.yaml", settings)

    def start(self) -> None:
        """Start the bot."""
        environment = {
            "COPYBOT_KEY_FILE": str(self._key_file),
            "COPYBOT_TELEGRAM_TOKEN": str(self._channels["telegram"]["bot_token"]),
            "METRICS_PORT": str(self._wish.copy_port),
        }
        self._launcher.start("copybot", ["copybot", "run", "--config", self._config], environment)

    @property
    def _config(self) -> str:
        return str(self._folder / "copybot.yaml")

    # --- while it runs --------------------------------------------------------------------------

    @property
    def control(self) -> str:
        """Return where faults are asked for."""
        return str(self._venue["control"])

    def counts(self) -> dict[str, int]:
        """Return what the bot counts; zeros where its agent does not answer."""
        return agent_counts(self._wish.copy_port, COUNTS)

    def progress(self) -> str:
        """Say in one line how far it has come."""
        counts = self.counts()
        return (
            f"leaders' fills {counts['fills']:,}  refused {counts['refused']:,}  "
            f"orders {counts['orders']:,}  trades {counts['trades']:,}"
        )

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Let the leaders rest: what the bot has under way then comes to its end, and nothing follows."""
        wire.post(self.control + "/leaders", {"trading": False})

    def account(self) -> Account:
        """Compare the bot's report with the venue's ledger; raise wire.Unanswered."""
        report = output_of([str(BIN / "copybot"), "report", "--config", self._config])
        truth = wire.get(f"{self.control}/truth?address={self._address}")
        if report is None or truth.get("unsettled"):
            raise wire.Unanswered("the bot's report is not there, or trades are under way")
        return copy_account(json.loads(report), truth)
