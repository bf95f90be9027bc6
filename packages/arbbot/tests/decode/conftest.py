"""Recorded data and makers of feed messages for the tests of the decode room."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from arbbot.decode import Message

RECORDED = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "arbitrum"


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded Arbitrum data, or a skip that says so."""
    if not RECORDED.is_dir():
        pytest.skip("recorded data is absent: ../shared/data/arbitrum")
    return RECORDED


@pytest.fixture(scope="session")
def load(recorded: Path) -> Callable[[str], Any]:
    """Read a recorded JSON file by its name."""
    return lambda name: json.loads((recorded / name).read_text("utf-8"))


@pytest.fixture(scope="session")
def make_message() -> Callable[..., Message]:
    """Make a sequencer message around an l2Msg; keywords replace its fields."""

    def make(l2: bytes, **fields: Any) -> Message:
        usual: dict[str, Any] = {
            "sequence": 1,
            "kind": 3,
            "sender": bytes.fromhex("a4b000000000000000000073657175656e636572"),
            "l1_block": 20_000_000,
            "timestamp": 1_760_000_000,
            "request_id": None,
            "base_fee": 0,
            "delayed_read": 7,
        }
        return Message(**{**usual, "l2": l2, **fields})

    return make
