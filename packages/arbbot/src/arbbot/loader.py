"""Bring the chain's pools into a Market: discovery and loading over RPC, before the first decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from arbbot.dex.book import DexBook
from arbbot.dex.load import DexBookError, arbitrum_one, load_book
from arbbot.pools import TOPICS, Call, Discovery, Factory, Loading, Log, Market, PoolSpec
from arbbot.rpc import Request, Rpc, RpcRefused
from arbbot.settings import Settings, SettingsError

PACKAGED = "arbitrum_one"
TRIES = 4


class LoadError(Exception):
    """No market could be loaded; the text says what was looked for."""


def read_book(settings: Settings, folder: Path) -> DexBook:
    """Return the dex book that the settings name: a file beside them, or the packaged one."""
    path = folder / settings.dex
    if settings.dex == PACKAGED and not path.exists():
        book = arbitrum_one()
    else:
        try:
            book = load_book(path)
        except FileNotFoundError:
            raise SettingsError(f"dex: no such file: {path} (or write {PACKAGED})") from None
        except (OSError, DexBookError) as error:
            raise SettingsError(f"{path}: {error}") from None
    if book.chain_id != settings.chain_id:
        raise SettingsError(
            f"dex: {settings.dex} is of chain {book.chain_id}, chain_id is {settings.chain_id}"
        )
    for name in (*settings.market.tokens, settings.market.base):
        if name not in book.tokens:
            known = ", ".join(book.tokens)
            raise SettingsError(f"market: token {name} is not in {settings.dex}; there are: {known}")
    return book


async def load_market(
    rpc: Rpc, book: DexBook, settings: Settings, tell: Callable[[str], None] = lambda text: None
) -> Market:
    """Find the pools of the settings' tokens in the book's factories, and load them at one block.

    Raises LoadError where nothing is found, RpcError where the node fails.
    """
    tokens = chosen_tokens(book, settings)
    search = Discovery(factories(book), list(tokens.values()))
    specs = search.specs(await ask(rpc, search.calls(), await settled_block(rpc)))
    if not specs:
        raise LoadError(f"no pool of {', '.join(tokens)} in the factories of {settings.dex}")
    tell(f"found {len(specs)} pools")
    loading, block = await load_pools(rpc, specs)
    for address, reason in loading.refused.items():
        tell(f"pool 0x{address.hex()} is left out: {reason}")
    if not loading.loaded:
        raise LoadError("no pool could be loaded")
    return Market(loading.loaded, block, settings.genesis_block_offset)


async def reload_market(rpc: Rpc, market: Market) -> None:
    """Load the market's own pools anew; one that cannot be read any more is left out."""
    specs = [PoolSpec(pool.address, pool.protocol, pool.version, pool.fee) for pool in market.pools.values()]
    loading, block = await load_pools(rpc, specs)
    market.replace(block, loading.loaded)


async def load_pools(rpc: Rpc, specs: Sequence[PoolSpec]) -> tuple[Loading, int]:
    """Load pools at one block, and again at a newer one where the node has forgotten that block."""
    for attempt in range(TRIES):
        block = await settled_block(rpc)
        loading = Loading(specs)
        try:
            while calls := loading.calls():
                loading.feed(await ask(rpc, calls, block))
        except RpcRefused:
            if attempt == TRIES - 1:
                raise
        else:
            return loading, block
    raise AssertionError("unreachable")


async def settled_block(rpc: Rpc) -> int:
    """Return the block before the newest: while a node mines, a call at the newest may see beyond it."""
    return max(0, int(await rpc.call("eth_blockNumber"), 16) - 1)


def chosen_tokens(book: DexBook, settings: Settings) -> dict[str, bytes]:
    """Return the tokens to watch by symbol."""
    names = settings.market.tokens or tuple(book.tokens)
    return {name: book.tokens[name].address for name in names}


def factories(book: DexBook) -> list[Factory]:
    """Return the book's factories as discovery wants them."""
    return [
        Factory(row.protocol, row.version, row.address, tuple(row.tick_spacings)) for row in book.factories
    ]


async def ask(rpc: Rpc, calls: Sequence[Call], block: int) -> list[bytes | None]:
    """Answer calls at one block; a call that the chain reverts is None. Raises RpcRefused otherwise."""
    requests: list[Request] = [("eth_call", [shown(call), hex(block)]) for call in calls]
    return [answer(row) for row in await rpc.batch(requests)]


def answer(row: Any) -> bytes | None:
    """Return one answer's bytes, None where the contract reverted."""
    if not isinstance(row, RpcRefused):
        return bytes.fromhex(row[2:])
    if row.reverted:
        return None
    raise row


def shown(call: Call) -> dict[str, str]:
    """Return a call as JSON-RPC wants it."""
    return {"to": "0x" + call.to.hex(), "data": "0x" + call.data.hex()}


async def read_logs(rpc: Rpc, market: Market, head: int) -> list[Log]:
    """Return the watched pools' logs of the blocks after the market's own, up to head."""
    question = {
        "fromBlock": hex(market.block + 1),
        "toBlock": hex(head),
        "address": ["0x" + address.hex() for address in market.pools],
        "topics": [["0x" + topic.hex() for topic in TOPICS]],
    }
    return [Log.from_json(row) for row in await rpc.call("eth_getLogs", question)]
