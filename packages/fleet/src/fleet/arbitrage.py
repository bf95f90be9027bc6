"""The arbitrage bot in the demo: its chain, its contract, its configuration, its money."""

from __future__ import annotations

from typing import Any

from arbbot.execute import Ledger, LocalSigner
from fleet import configuration, wire
from fleet.account import Account
from fleet.launcher import Launcher
from fleet.reading import Purse, agent_counts
from fleet.wish import Wish

FUND = 30 * 10**18
WEI = 10**18
COUNTS = {
    "frames": "mev_sequencer_frames_received_total",
    "swaps": "mev_swaps_detected_total",
    "opportunities": "mev_opportunities_detected_total",
    "executions": "mev_executions_attempted_total",
    "executions_succeeded": "mev_executions_succeeded_total",
}


class Arbitrage:
    """One life of the arbitrage bot on the local Arbitrum."""

    bot = "arbbot"
    says = "chain node, contracts, pools, traders, feed"
    must_count: tuple[str, ...] = ("frames", "swaps", "opportunities", "executions_succeeded")
    must_earn = True

    def __init__(self, wish: Wish, launcher: Launcher) -> None:
        self._wish, self._launcher = wish, launcher
        self._folder = wish.folder / "arbbot"
        self._key_file = self._folder / "key"
        self._purse: Purse | None = None
        self._venue: dict[str, Any] = {}

    # --- coming up ------------------------------------------------------------------------------

    def launch(self) -> None:
        """Start the venue, which funds the bot's account."""
        (self._wish.folder / "venue").mkdir()
        self._folder.mkdir()
        self._account = "0x" + LocalSigner(configuration.write_key(self._key_file)).address.hex()
        options = ["--dir", str(self._wish.folder / "venue"), "--seed", str(self._wish.seed)]
        self._launcher.start("venue", ["localvenues", "arbitrum", *options, "--fund", self._account])

    def prepare(self) -> None:
        """Wait for the venue, deploy the executor contract, write the configuration."""
        path = self._wish.folder / "venue" / "venue.json"
        self._venue = self._launcher.listing("the local Arbitrum", path)
        configuration.write(self._folder / "dex.yaml", configuration.dex_book(self._venue))
        executor = self._launcher.step("arbbot: executor contract", self._deploy)
        token = self._venue["tokens"]["WETH"]["address"]
        self._purse = Purse(self._venue["rpc"], token, executor, self._account)

    def _deploy(self) -> str:
        self._configure(None)
        command = ["arbbot", "deploy", "--config", str(self._folder / "arbbot.yaml"), "--fund", str(FUND)]
        line = self._launcher.finish("deploy", command, {"ARBBOT_KEY_FILE": str(self._key_file)})
        executor = configuration.executor_of(line)
        self._configure(executor)
        return executor

    def _configure(self, executor: str | None) -> None:
        settings = configuration.bot_settings(self._venue, self._wish.bot_port, executor)
        configuration.write(self._folder / "arbbot.yaml", settings)

    def start(self) -> None:
        """Start the bot."""
        environment = {
            "ARBBOT_KEY_FILE": str(self._key_file),
            "EXECUTION_ENABLED": "true",
            "METRICS_PORT": str(self._wish.bot_port),
        }
        command = ["arbbot", "run", "--config", str(self._folder / "arbbot.yaml")]
        self._launcher.start("arbbot", command, environment)

    # --- while it runs --------------------------------------------------------------------------

    @property
    def control(self) -> str:
        """Return where faults are asked for."""
        return str(self._venue["control"])

    def counts(self) -> dict[str, int]:
        """Return what the bot counts; zeros where its agent does not answer."""
        return agent_counts(self._wish.bot_port, COUNTS)

    def progress(self) -> str:
        """Say in one line how far it has come."""
        counts = self.counts()
        try:
            profit = f"{self._gain() / WEI:+.4f} ETH"
        except wire.Unanswered:  # the node may be away, as a fault asks for
            profit = "unknown, the node does not answer"
        return (
            f"frames {counts['frames']:,}  swaps {counts['swaps']:,}  "
            f"opportunities {counts['opportunities']:,}  "
            f"executed {counts['executions_succeeded']:,}/{counts['executions']:,}  "
            f"profit {profit}"
        )

    def _gain(self) -> int:
        return 0 if self._purse is None else self._purse.gain()

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Do nothing: a transaction is over within a block, so books and chain meet again and again."""

    def account(self) -> Account:
        """Compare the bot's rows with the chain; raise wire.Unanswered."""
        gain = self._gain()
        rows = Ledger(self._folder / "state" / "executions.sqlite")
        totals = rows.totals()
        rows.close()
        return Account("ETH", WEI, {"profit": totals.profit - totals.gas_cost}, {"profit": gain})
