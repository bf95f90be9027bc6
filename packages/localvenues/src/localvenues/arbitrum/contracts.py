"""The real contracts' creation code, read from the pinned packages' artifacts."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from localvenues.arbitrum.abi import encode
from localvenues.arbitrum.transactions import keccak

PROJECT = Path(__file__).resolve().parents[5]


class MissingContract(Exception):
    """A contract's artifact is not there; the text says how to get it."""


def artifacts_folder() -> Path:
    """Return the folder of artifacts: LOCALVENUES_CONTRACTS, else the one that set-up filled."""
    given = os.environ.get("LOCALVENUES_CONTRACTS")
    return Path(given) if given else PROJECT / ".cache" / "contracts"


@lru_cache(maxsize=32)
def creation_code(name: str) -> bytes:
    """Return the bytecode that creates the named contract, without constructor arguments."""
    path = artifacts_folder() / f"{name}.json"
    if not path.exists():
        raise MissingContract(f"no artifact {path}: run `make setup`, or set LOCALVENUES_CONTRACTS")
    code: Any = msgspec.json.decode(path.read_bytes())["bytecode"]
    if isinstance(code, dict):
        code = code["object"]
    return bytes.fromhex(code.removeprefix("0x"))


def creation(name: str, types: tuple[str, ...] = (), values: tuple[Any, ...] = ()) -> bytes:
    """Return the creation code with the constructor's arguments behind it."""
    return creation_code(name) + encode(types, values)


def init_code_hash(name: str) -> bytes:
    """Return the hash that CREATE2 addresses of a factory's pools are made with."""
    return keccak(creation_code(name))
