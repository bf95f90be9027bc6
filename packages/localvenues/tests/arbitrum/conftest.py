"""Where recorded reality lies, and what an end-to-end test needs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[4]
RECORDED = PROJECT.parent / "shared" / "data" / "arbitrum" / "feed"


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the folder of recorded feed data, or skip."""
    if not RECORDED.is_dir():
        pytest.skip("recorded feed data is absent (../shared/data/arbitrum/feed)")
    return RECORDED


@pytest.fixture(scope="session")
def nitro_frames(recorded: Path) -> list[str]:
    """Return real websocket frames, as text."""
    return (recorded / "nitro_frames.jsonl").read_text().splitlines()


@pytest.fixture(scope="session")
def vectors(recorded: Path) -> Any:
    """Return signature and JSON vectors."""
    return json.loads((recorded / "signature_and_json_vectors.json").read_text())


class Reader:
    """A reader of feed frames, written apart from the encoder that it checks."""

    @staticmethod
    def l2(body: bytes) -> Iterator[bytes]:
        """Yield the raw transactions of an L2 message."""
        if body[0] == 4:
            yield body[1:]
            return
        assert body[0] == 3, f"L2 message kind {body[0]}"
        at = 1
        while at < len(body):
            size = int.from_bytes(body[at : at + 8], "big")
            yield from Reader.l2(body[at + 8 : at + 8 + size])
            at += 8 + size
        assert at == len(body)

    @staticmethod
    def transactions(frame: str | bytes) -> list[bytes]:
        """Return the raw transactions of a frame's messages."""
        bodies = [
            base64.b64decode(row["message"]["message"]["l2Msg"], validate=True)
            for row in json.loads(frame).get("messages", ())
        ]
        return [raw for body in bodies for raw in Reader.l2(body)]

    @staticmethod
    def numbers(frame: str | bytes) -> list[int]:
        """Return the sequence numbers of a frame's messages."""
        return [row["sequenceNumber"] for row in json.loads(frame).get("messages", ())]


@pytest.fixture(scope="session")
def reader() -> type[Reader]:
    """Return the frame reader."""
    return Reader
