"""Put the real contracts, tokens, pools and liquidity on a fresh chain.

Every address is known before anything is sent: the deployer's nonces and the CREATE2 salts fix them.
So all transactions are signed in one go and mined in as few blocks as a feed message can carry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from localvenues.arbitrum import market
from localvenues.arbitrum.abi import call
from localvenues.arbitrum.contracts import creation, init_code_hash
from localvenues.arbitrum.market import Pool, PoolSpec, Token, TokenSpec
from localvenues.arbitrum.rpc import Rpc
from localvenues.arbitrum.transactions import (
    Account,
    Transaction,
    create2_address,
    created_address,
    keccak,
)

ETHER = 10**18
NOBODY = bytes(20)
FOREVER = 2**40
UNLIMITED = 2**256 - 1
CREATION_GAS = 9_000_000
CALL_GAS = 6_000_000
GAS_PRICE = 10**8
# A block's transactions travel in one feed message, and readers ignore one above 256 KiB.
BLOCK_BYTES = 160_000
# OpenZeppelin 3.x keeps an ERC-20's decimals in storage slot 5 and offers no setter.
DECIMALS_SLOT = 5
SUPPLY_USD = 1e13
DEPOSIT_ETHER = 10_000_000


class DeploymentFailed(Exception):
    """A transaction of the deployment was refused or reverted."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Addresses of everything on the chain."""

    deployer: Account
    tokens: dict[str, Token]
    pools: tuple[Pool, ...]
    v2_factory: bytes
    v2_router: bytes
    v3_factory: bytes
    swap_router: bytes
    swap_router02: bytes
    quoter_v2: bytes
    position_manager: bytes
    universal_router: bytes
    v2_init_code_hash: bytes
    v3_init_code_hash: bytes

    @property
    def weth(self) -> bytes:
        """Return the wrapped ether contract's address."""
        return self.tokens["WETH"].address


@dataclass(slots=True)
class Script:
    """Signed transactions of one account, in order of its nonces."""

    account: Account
    chain_id: int
    nonce: int = 0
    raws: list[bytes] = field(default_factory=list)

    def send(self, to: bytes | None, data: bytes, value: int = 0) -> None:
        """Sign one transaction."""
        gas = CREATION_GAS if to is None else CALL_GAS
        t = Transaction(self.chain_id, self.nonce, gas, to, value, data, gas_price=GAS_PRICE)
        self.raws.append(self.account.sign(t))
        self.nonce += 1

    def create(self, code: bytes) -> bytes:
        """Sign a creation and return the address that the contract will have."""
        address = created_address(self.account.address, self.nonce)
        self.send(None, code)
        return address

    def take(self) -> list[bytes]:
        """Return what was signed since the last call."""
        raws, self.raws = self.raws, []
        return raws


def write(script: Script) -> Deployment:
    """Sign the whole deployment: contracts, tokens, pools with liquidity."""
    weth = script.create(creation("WETH9"))
    tokens = {spec.symbol: _token(script, spec, weth) for spec in market.TOKENS}
    made = _contracts(script, weth)
    pools = tuple(_pool(spec, tokens, made) for spec in market.POOLS)
    deployment = Deployment(script.account, tokens, pools, **made)
    _fill(script, deployment)
    return deployment


def _token(script: Script, spec: TokenSpec, weth: bytes) -> Token:
    address = weth
    if spec.symbol != "WETH":
        owner, types = script.account.address, ("string", "string", "uint256", "address")
        values = (spec.name, spec.symbol, market.amount(spec, SUPPLY_USD), owner)
        address = script.create(creation("ERC20PresetFixedSupply", types, values))
    return Token(spec.symbol, address, spec.decimals, spec.usd, spec.swing)


def _contracts(script: Script, weth: bytes) -> dict[str, bytes]:
    two = ("address", "address")
    owner = script.account.address
    v2_factory = script.create(creation("UniswapV2Factory", ("address",), (owner,)))
    v2_router = script.create(creation("UniswapV2Router02", two, (v2_factory, weth)))
    v3_factory = script.create(creation("UniswapV3Factory"))
    script.send(v3_factory, call("enableFeeAmount(uint24,int24)", 100, 1))
    manager = script.create(
        creation("NonfungiblePositionManager", ("address",) * 3, (v3_factory, weth, NOBODY))
    )
    routers = {
        "swap_router": script.create(creation("SwapRouter", two, (v3_factory, weth))),
        "swap_router02": script.create(
            creation("SwapRouter02", ("address",) * 4, (v2_factory, v3_factory, manager, weth))
        ),
        "quoter_v2": script.create(creation("QuoterV2", two, (v3_factory, weth))),
    }
    hashes = (init_code_hash("UniswapV2Pair"), init_code_hash("UniswapV3Pool"))
    universal = script.create(_universal_router(weth, v2_factory, v3_factory, manager, hashes))
    return {
        "v2_factory": v2_factory,
        "v2_router": v2_router,
        "v3_factory": v3_factory,
        "position_manager": manager,
        "universal_router": universal,
        "v2_init_code_hash": hashes[0],
        "v3_init_code_hash": hashes[1],
        **routers,
    }


def _universal_router(
    weth: bytes, v2: bytes, v3: bytes, manager: bytes, hashes: tuple[bytes, bytes]
) -> bytes:
    """Return the router's creation code, without Permit2: it swaps what it was sent, no allowances."""
    shape = "(address,address,address,address,bytes32,bytes32,address,address,address,address)"
    values = (NOBODY, weth, v2, v3, *hashes, NOBODY, manager, NOBODY, NOBODY)
    return creation("UniversalRouter", (shape,), (values,))


def _pool(spec: PoolSpec, tokens: dict[str, Token], made: dict[str, bytes]) -> Pool:
    first, second = (tokens[symbol] for symbol in spec.pair)
    token0, token1 = (first, second) if first.address < second.address else (second, first)
    if spec.version == "v2":
        salt, factory = keccak(token0.address + token1.address), made["v2_factory"]
    else:
        padded = [word.rjust(32, b"\0") for word in (token0.address, token1.address)]
        salt, factory = keccak(b"".join(padded) + spec.fee.to_bytes(32, "big")), made["v3_factory"]
    address = create2_address(factory, salt, made[f"{spec.version}_init_code_hash"])
    return Pool(spec.version, address, token0, token1, spec.fee)


def _fill(script: Script, on: Deployment) -> None:
    """Give every pool its liquidity."""
    script.send(on.weth, call("deposit()"), value=DEPOSIT_ETHER * ETHER)
    for token in on.tokens.values():
        for spender in (on.v2_router, on.position_manager):
            script.send(token.address, call("approve(address,uint256)", spender, UNLIMITED))
    for spec, pool in zip(market.POOLS, on.pools, strict=True):
        (_fill_v2 if spec.version == "v2" else _fill_v3)(script, on, pool, spec.depth)


def _fill_v2(script: Script, on: Deployment, pool: Pool, depth: float) -> None:
    amounts = [market.amount(token, depth) for token in (pool.token0, pool.token1)]
    shape = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
    pair = (pool.token0.address, pool.token1.address)
    script.send(on.v2_router, call(shape, *pair, *amounts, 0, 0, script.account.address, FOREVER))


def _fill_v3(script: Script, on: Deployment, pool: Pool, depth: float) -> None:
    unit = [market.amount(token, 1e6) for token in (pool.token0, pool.token1)]
    price = unit[1] / unit[0]
    shape = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
    key = (pool.token0.address, pool.token1.address, pool.fee)
    script.send(on.position_manager, call(shape, *key, market.sqrt_price_x96(*unit)))
    for lower, upper, share in market.ranges(pool.fee):
        ticks = [market.tick_at(price * edge, market.TICK_SPACING[pool.fee]) for edge in (lower, upper)]
        amounts = [market.amount(token, depth * share) for token in (pool.token0, pool.token1)]
        position = (*key, *ticks, *amounts, 0, 0, script.account.address, FOREVER)
        mint = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        script.send(on.position_manager, call(mint, position))


Mine = Callable[[], Awaitable[Any]]


async def run(rpc: Rpc, raws: Sequence[bytes], mine: Mine) -> None:
    """Send signed transactions in order, a block at a time; raise DeploymentFailed where one reverts."""
    start, size = 0, 0
    for index, raw in enumerate(raws):
        size += len(raw) + 9
        last = index + 1 == len(raws)
        if last or size + len(raws[index + 1]) > BLOCK_BYTES:
            await _send(rpc, raws[start : index + 1], mine)
            start, size = index + 1, 0


async def _send(rpc: Rpc, raws: Sequence[bytes], mine: Mine) -> None:
    # Sent one after another: a batch's calls may arrive in any order, and nonces may not.
    hashes = [await rpc.call("eth_sendRawTransaction", "0x" + raw.hex()) for raw in raws]
    await mine()
    receipts = await rpc.batch([("eth_getTransactionReceipt", (one,)) for one in hashes])
    failed = [row for row, receipt in zip(hashes, receipts, strict=True) if not _succeeded(receipt)]
    if failed:
        raise DeploymentFailed(f"{len(failed)} transactions failed, the first is {failed[0]}")


def _succeeded(receipt: Any) -> bool:
    return isinstance(receipt, dict) and receipt["status"] == "0x1"


async def set_decimals(rpc: Rpc, on: Deployment) -> None:
    """Give each token its own decimals."""
    for token in on.tokens.values():
        if token.address != on.weth:
            value = "0x" + token.decimals.to_bytes(32, "big").hex()
            await rpc.call("anvil_setStorageAt", "0x" + token.address.hex(), hex(DECIMALS_SLOT), value)


async def verify(rpc: Rpc, on: Deployment) -> None:
    """Check that there is code at every address that was computed."""
    places = [on.v2_router, on.swap_router, on.swap_router02, on.quoter_v2, on.universal_router]
    places += [pool.address for pool in on.pools] + [token.address for token in on.tokens.values()]
    codes = await rpc.batch([("eth_getCode", ("0x" + place.hex(), "latest")) for place in places])
    empty = [place.hex() for place, code in zip(places, codes, strict=True) if code in ("0x", None)]
    if empty:
        raise DeploymentFailed(f"no code at {', '.join(empty)}")
