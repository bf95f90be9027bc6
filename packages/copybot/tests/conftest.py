"""What the copy bot's tests share: recorded data, fills by short words, an observer that counts."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from copybot.model import Fill
from copybot.state import State

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "polymarket"
LEADER, STRANGER = "0x" + "a1" * 20, "0x" + "b2" * 20
TOKEN, CONDITION = "71" * 30, "0x" + "c3" * 32


@pytest.fixture
def recorded() -> Path:
    """The folder of recorded responses."""
    if not RECORDED.is_dir():
        pytest.skip("no recorded Polymarket responses beside the project (../shared/data/polymarket)")
    return RECORDED


@pytest.fixture
def state() -> Any:
    """Rows in memory."""
    one = State(":memory:")
    yield one
    one.close()


class Observed:
    """Counts every call by name and first argument; stands in for any observer."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.seen: list[tuple[str, tuple[Any, ...]]] = []

    def operation(self, name: str) -> Any:
        self.calls[f"operation:{name}"] += 1
        return nullcontext(self)

    def __getattr__(self, name: str) -> Any:
        def note(*arguments: Any) -> None:
            self.calls[name] += 1
            self.calls[f"{name}:{arguments[0] if arguments else ''}"] += 1
            self.seen.append((name, arguments))

        return note


@pytest.fixture
def observed() -> Observed:
    """An observer that counts."""
    return Observed()


@pytest.fixture
def fill() -> Any:
    """Make a fill from a few words."""

    def make(**words: Any) -> Fill:
        base = {
            "leader": LEADER,
            "tx": "0x" + "d4" * 32,
            "token": TOKEN,
            "condition": CONDITION,
            "side": "BUY",
            "price": 500_000,
            "size": 100_000_000,
            "timestamp": 1_000,
        }
        return Fill(**(base | words))

    return make
