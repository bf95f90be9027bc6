"""venue.json: where everything is, for bots and those who start them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from localvenues.arbitrum.abi import text
from localvenues.arbitrum.market import TICK_SPACING

if TYPE_CHECKING:
    from localvenues.arbitrum.venue import Venue

NAME = "venue.json"


def describe(venue: Venue) -> dict[str, Any]:
    """Return the listing of an open venue; addresses carry the checksum's letter case."""
    settings, on = venue.settings, venue.deployment
    node = f"127.0.0.1:{venue.chain.port}"
    return {
        "chain_id": settings.chain_id,
        "rpc": f"http://127.0.0.1:{venue.proxy.listener.port}",
        "rpc_ws": f"ws://{node}",
        "feed": f"ws://127.0.0.1:{venue.feed.listener.port}/feed",
        "control": f"http://127.0.0.1:{venue.control.listener.port}",
        "block_time": settings.block_time,
        "genesis_block_offset": settings.offset,
        "feed_signer": text(venue.signer.address) if venue.signer else None,
        "funded": venue.funded(),
        **_contracts(venue),
        "tokens": {
            token.symbol: {"address": text(token.address), "decimals": token.decimals}
            for token in on.tokens.values()
        },
        "pools": [
            {
                "protocol": "uniswap",
                "version": pool.version,
                "address": text(pool.address),
                "tokens": [text(pool.token0.address), text(pool.token1.address)],
                "symbols": [pool.token0.symbol, pool.token1.symbol],
                "fee": pool.fee,
            }
            for pool in on.pools
        ],
    }


def _contracts(venue: Venue) -> dict[str, Any]:
    on = venue.deployment
    return {
        "weth": text(on.weth),
        "universal_router": text(on.universal_router),
        "v2": {
            "factory": text(on.v2_factory),
            "router": text(on.v2_router),
            "init_code_hash": "0x" + on.v2_init_code_hash.hex(),
        },
        "v3": {
            "factory": text(on.v3_factory),
            "swap_router": text(on.swap_router),
            "swap_router02": text(on.swap_router02),
            "quoter_v2": text(on.quoter_v2),
            "position_manager": text(on.position_manager),
            "init_code_hash": "0x" + on.v3_init_code_hash.hex(),
            "fee_tiers": sorted(TICK_SPACING),
        },
    }


def write(folder: Path, listing: dict[str, Any]) -> None:
    """Write venue.json so that a reader sees all of it or none."""
    fresh = folder / f".{NAME}.new"
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(listing), indent=2) + b"\n")
    fresh.replace(folder / NAME)


def remove(folder: Path) -> None:
    """Remove venue.json: there is no such venue any more, or not yet."""
    (folder / NAME).unlink(missing_ok=True)
