"""venue.json: where everything is, for bots and those who start them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from localvenues.polymarket.contracts import CONTRACTS
from localvenues.polymarket.exchange.model import Market
from localvenues.polymarket.exchange.money import text
from localvenues.polymarket.wire.signatures import checksum

if TYPE_CHECKING:
    from localvenues.polymarket.venue import Venue

NAME = "venue.json"


def describe(venue: Venue) -> dict[str, Any]:
    """Return the listing of an open venue."""
    settings = venue.settings
    ports = {name: door.port for name, door in venue.listeners.items()}
    return {
        "chain_id": settings.chain_id,
        "seed": settings.seed,
        "speed": settings.speed,
        "started": venue.clock.now() / 1000,
        "clob": f"http://127.0.0.1:{ports['clob']}",
        "clob_ws": f"ws://127.0.0.1:{ports['clob_ws']}/ws",
        "data_api": f"http://127.0.0.1:{ports['data']}",
        "gamma": f"http://127.0.0.1:{ports['gamma']}",
        "rtds": f"ws://127.0.0.1:{ports['rtds']}",
        "relayer": f"http://127.0.0.1:{ports['relayer']}",
        "control": f"http://127.0.0.1:{ports['control']}",
        "contracts": asdict(CONTRACTS),
        "funded": {checksum(one): str(settings.fund_amount) for one in settings.fund},
        "leaders": [one.wallet for one in venue.world.leaders.all],
        "markets": [_market(one) for one in venue.world.open_markets(venue.clock.now())],
    }


def _market(one: Market) -> dict[str, Any]:
    return {
        "condition_id": one.condition_id,
        "slug": one.slug,
        "question": one.question,
        "token_ids": list(one.tokens),
        "outcomes": list(one.outcomes),
        "tick_size": str(one.tick),
        "min_order_size": text(one.min_size),
        "neg_risk": one.neg_risk,
        "end": one.end // 1000,
    }


def write(folder: Path, listing: dict[str, Any]) -> None:
    """Write venue.json so that a reader sees all of it or none."""
    fresh = folder / f".{NAME}.new"
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(listing), indent=2) + b"\n")
    fresh.replace(folder / NAME)


def remove(folder: Path) -> None:
    """Remove venue.json: there is no such venue any more, or not yet."""
    (folder / NAME).unlink(missing_ok=True)
