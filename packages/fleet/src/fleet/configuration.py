"""The files that venues, bots and keeper are started with, written from what the venue says of itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fleet.alerting import CHATS

TICK_SPACINGS = {100: 1, 500: 10, 3000: 60, 10000: 200}  # Uniswap V3's own


def write(path: Path, tree: Any) -> None:
    """Write a YAML file."""
    path.write_text(yaml.safe_dump(tree, sort_keys=False))


def write_key(path: Path) -> bytes:
    """Make a throw-away key for the local chain, readable by its owner alone, and return it."""
    key = secrets.token_bytes(32)
    path.touch(mode=0o600)
    path.write_text(key.hex())
    return key


def dex_book(venue: dict[str, Any]) -> dict[str, Any]:
    """Return the local chain's dex.yaml."""
    v2, v3 = venue["v2"], venue["v3"]
    routers = {
        "uniswap_v2_router": (v2["router"], "uniswap_v2"),
        "uniswap_swap_router": (v3["swap_router"], "swap_router"),
        "uniswap_swap_router_02": (v3["swap_router02"], "swap_router_02"),
        "uniswap_universal_router": (venue["universal_router"], "universal_router"),
    }
    return {
        "chain_id": venue["chain_id"],
        "native": "WETH",
        "tokens": {
            name: {"address": row["address"], "decimals": row["decimals"]}
            for name, row in venue["tokens"].items()
        },
        "routers": {
            name: {"address": address, "protocol": "uniswap", "kind": kind}
            for name, (address, kind) in routers.items()
        },
        "factories": {
            "uniswap_v2": {
                "protocol": "uniswap",
                "version": "v2",
                "address": v2["factory"],
                "init_code_hash": v2["init_code_hash"],
                "fee": 3000,
            },
            "uniswap_v3": {
                "protocol": "uniswap",
                "version": "v3",
                "address": v3["factory"],
                "init_code_hash": v3["init_code_hash"],
                "tick_spacings": {fee: TICK_SPACINGS[fee] for fee in v3["fee_tiers"]},
            },
        },
    }


def bot_settings(venue: dict[str, Any], port: int, executor: str | None) -> dict[str, Any]:
    """Return the bot's arbbot.yaml for the local chain."""
    return {
        "chain_id": venue["chain_id"],
        "genesis_block_offset": venue.get("genesis_block_offset", 0),
        "dex": "dex.yaml",
        "state": "state",
        "feed": {"url": venue["feed"], "silence_seconds": 2.0, "backoff_limit_seconds": 2.0},
        "rpc": {"url": venue["rpc"], "timeout_seconds": 1.5, "reconcile_seconds": 0.5, "stale_seconds": 4.0},
        "market": {"tokens": list(venue["tokens"]), "base": "WETH"},
        "limits": {"max_position": 20 * 10**18, "max_impact_bps": 300},
        "execution": {"enabled": executor is not None, "executor": executor},
        "metrics": {"port": port},
    }


def executor_of(line: str) -> str:
    """Return the contract's address from what `arbbot deploy` prints last."""
    return str(json.loads(line)["executor"])


def copy_settings(port: int, channels: Mapping[str, Any]) -> dict[str, Any]:
    """Return the copy bot's copybot.yaml for the local Polymarket: paper, its leaders, quick to react."""
    return {
        "state": "state",
        "venue": {"file": "../polymarket/venue.json", "timeout_seconds": 3},
        "wallets": {"silence_seconds": 4},
        "scanner": {"silence_seconds": 4},
        "sizing": {"mode": "proportional", "ratio": "0.05", "max_order": 25},
        "risk": {"slippage": "0.05", "per_market": 400, "per_leader": 800, "total": 4000, "pause_seconds": 4},
        "execution": {"uncertain_seconds": 15, "settle_seconds": 1, "reconcile_seconds": 5},
        "alerts": {
            "environment": "staging",
            "telegram_url": channels["telegram"]["api_url"],
            "staging_chat": CHATS["staging"],
            "production_chat": CHATS["production"],
        },
        "metrics": {"port": port},
    }


def keeper_settings(port: int, bots: Mapping[str, int]) -> dict[str, Any]:
    """Return the keeper's keeper.yaml for the demo: each bot by its port, everything each second."""
    return {
        "data": "data",
        "alerting": {"config_file": "alertmanager.yml"},
        # A chain node and traders share the machine: a busy processor is no sign of trouble here.
        "guard": {"cpu_trip": 0, "stalled_trip": 0},
        "listen": {"port": port},
        "global": {
            "scrape_interval": "1s",
            "scrape_timeout": "800ms",
            "external_labels": {"environment": "staging"},
        },
        "scrape_configs": [
            {
                "job_name": bot,
                "static_configs": [{"targets": [f"127.0.0.1:{bot_port}"], "labels": {"bot": bot}}],
            }
            for bot, bot_port in bots.items()
        ],
        "judge": {
            "every": "1s",
            "target_down": {"for": "2s"},
            "silence": [
                {
                    "name": "feed",
                    "metric": "mev_sequencer_last_frame_timestamp_seconds",
                    "limit": "3s",
                    "what": "frame",
                }
            ],
        },
    }
