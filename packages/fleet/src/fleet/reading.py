"""What the keeper, the bot and the chain say while the demo runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fleet import wire
from fleet.alerting import CHATS

BALANCE_OF = "0x70a08231"


class Keeper:
    """The keeper's API; an answer that does not come is None or empty."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def answer(self, path: str) -> Any:
        """Return the JSON of a path, None where there is no answer."""
        try:
            return wire.get(self.url + path)
        except wire.Unanswered:
            return None

    def state(self) -> str:
        """Return the overall state in one word."""
        overview = self.answer("/api/overview") or {}
        return str(overview.get("overall", {}).get("status", "unknown"))

    def components(self) -> dict[str, str]:
        """Return the status of each component of each bot, by bot/component."""
        overview = self.answer("/api/overview") or {}
        bots = overview.get("bots", [])
        return {f"{bot['name']}/{row['name']}": row["status"] for bot in bots for row in bot["components"]}

    def well(self, bot: str) -> bool:
        """Tell whether a bot has components and all of them are healthy."""
        mine = [status for name, status in self.components().items() if name.startswith(bot + "/")]
        return set(mine) == {"healthy"}

    def flips(self, component: str, since: float) -> list[dict[str, Any]]:
        """Return the changes of state of a bot/component since a Unix time, oldest first."""
        rows = (self.answer("/api/flips?limit=500") or {}).get("flips", [])
        mine = [row for row in rows if row["subject"].endswith(f"/{component}") and row["at"] >= since]
        return sorted(mine, key=lambda row: float(row["at"]))

    def told(self, since: float) -> bool:
        """Tell whether an alert that began since then fires now and has been told to people."""
        rows = (self.answer("/api/alerts?limit=50") or {}).get("alerts", [])
        return any(row["status"] == "firing" and row["starts_at"] >= since for row in rows)

    def alerts(self) -> int:
        """Return how many alerts were told."""
        return len((self.answer("/api/alerts?limit=1000") or {}).get("alerts", []))


def pages(control: str) -> dict[str, int]:
    """Return how many messages each local channel has received."""
    try:
        rows = wire.get(control + "/received")
    except wire.Unanswered:
        return {}
    rows = rows if isinstance(rows, list) else rows.get("received", [])
    return dict(Counter(channel_of(row) for row in rows if row["taken"]))


def channel_of(row: Mapping[str, Any]) -> str:
    """Return a message's channel; what a bot tells of itself has a chat of its own."""
    body = row.get("body")
    chat = body.get("chat_id") if isinstance(body, dict) else None
    own = str(row["channel"]) == "telegram" and str(chat) in CHATS.values()
    return "copybot" if own else str(row["channel"])


def agent_counts(port: int, names: Mapping[str, str]) -> dict[str, int]:
    """Return a bot's own counts, summed over labels; zeros where its agent does not answer."""
    try:
        tree = wire.get(f"http://127.0.0.1:{port}/metrics.json")
    except wire.Unanswered:
        return dict.fromkeys(names, 0)
    return {key: total(tree, name) for key, name in names.items()}


def total(tree: Any, name: str) -> int:
    """Return the sum of a family's samples in the agent's JSON."""
    for family in tree.get("families", []):
        samples = [row for row in family.get("samples", []) if row["name"] == name]
        if samples:
            return int(sum(float(row["value"]) for row in samples))
    return 0


class Purse:
    """What the bot has on the chain, read at the node: its executor's tokens and its own gas money; wei."""

    def __init__(self, rpc: str, token: str, executor: str, account: str) -> None:
        self._rpc, self._token, self._executor, self._account = rpc, token, executor, account
        self._began = self._worth()

    def gain(self) -> int:
        """Return what was gained since the start, gas paid; raises wire.Unanswered."""
        return self._worth() - self._began

    def _worth(self) -> int:
        call = {"to": self._token, "data": BALANCE_OF + self._executor[2:].rjust(64, "0")}
        wrapped = int(wire.rpc(self._rpc, "eth_call", call, "latest"), 16)
        return wrapped + int(wire.rpc(self._rpc, "eth_getBalance", self._account, "latest"), 16)
