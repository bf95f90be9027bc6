"""The dex book: what is known about a chain's exchanges before anything is asked of it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from arbbot.model import Version

RouterKind = Literal[
    "uniswap_v2",
    "camelot_v2",
    "swap_router",
    "swap_router_02",
    "algebra",
    "universal_router_v1",
    "universal_router",
    "other",
]
Salt = Literal["pair", "pair_abi", "pair_fee"]
ROUTER_KINDS: tuple[str, ...] = get_args(RouterKind)
SALTS: tuple[str, ...] = get_args(Salt)


@dataclass(frozen=True, slots=True)
class Token:
    """An ERC-20 token: 20 address bytes, and how many decimals its unit has."""

    symbol: str
    address: bytes
    decimals: int


@dataclass(frozen=True, slots=True)
class Router:
    """A router contract. kind says which functions it has and how its paths are packed."""

    name: str
    address: bytes
    protocol: str
    kind: RouterKind


@dataclass(frozen=True, slots=True)
class Factory:
    """A pool factory.

    deployer is the contract that CREATE2s the pools, mostly the factory itself. salt tells what a pool's
    address is made of: `pair` is the packed pair (V2), `pair_abi` the ABI-encoded pair (Algebra), `pair_fee`
    the ABI-encoded pair and fee (V3). fee is the fixed fee in hundredths of a bip, None where pools have
    their own; tick_spacings maps a fee tier to its tick spacing. init_code_hash is None where unknown.
    """

    name: str
    protocol: str
    version: Version
    address: bytes
    deployer: bytes
    init_code_hash: bytes | None
    salt: Salt
    fee: int | None
    tick_spacings: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class DexBook:
    """All exchanges of one chain. routers and token_by_address are keyed by 20 raw bytes."""

    chain_id: int
    native: str | None
    tokens: Mapping[str, Token]
    routers: Mapping[bytes, Router]
    factories: tuple[Factory, ...]

    @property
    def token_by_address(self) -> Mapping[bytes, Token]:
        """Index the tokens by address; build it once, it is a fresh mapping each time."""
        return MappingProxyType({token.address: token for token in self.tokens.values()})

    def factory(self, protocol: str, version: Version) -> Factory | None:
        """Find a protocol's factory, or None."""
        for factory in self.factories:
            if (factory.protocol, factory.version) == (protocol, version):
                return factory
        return None
