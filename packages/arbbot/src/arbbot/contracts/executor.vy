# pragma version 0.4.3
# pragma evm-version cancun
"""
@title  Cycle executor
@notice Swaps a token around a cycle of Uniswap V2 and V3 style pools in one transaction and keeps the
        result only if the balance grew by at least min_profit. It trades its own balance; nobody but the
        owner can trade or withdraw, and only the pool that is being asked at that moment may call back.
"""

interface ERC20:
    def balanceOf(account: address) -> uint256: view

interface PairV2:
    def getReserves() -> (uint112, uint112, uint32): view
    def swap(amount0_out: uint256, amount1_out: uint256, to: address, data: Bytes[32]): nonpayable

interface PoolV3:
    def swap(
        recipient: address, zero_for_one: bool, amount: int256, price_limit: uint160, data: Bytes[32]
    ) -> (int256, int256): nonpayable

struct Hop:
    pool: address
    version: uint256  # 2 or 3
    token_in: address
    token_out: address
    fee: uint256  # hundredths of a bip; only version 2 needs it

event Executed:
    token: indexed(address)
    amount_in: uint256
    profit: uint256

FEE_UNIT: constant(uint256) = 1_000_000
MIN_PRICE: constant(uint160) = 4295128740  # TickMath.MIN_SQRT_RATIO + 1
MAX_PRICE: constant(uint160) = 1461446703485210103287273052203988822378723970341  # MAX_SQRT_RATIO - 1

owner: public(immutable(address))
paying_pool: transient(address)
paying_token: transient(address)


@deploy
def __init__():
    owner = msg.sender


@external
@nonreentrant
def execute(token: address, amount_in: uint256, min_profit: uint256, hops: DynArray[Hop, 4]) -> uint256:
    """
    @notice Trade amount_in of token around the hops; revert unless the balance grows by min_profit.
    @return The profit, in the token's smallest unit.
    """
    assert msg.sender == owner, "not the owner"
    assert len(hops) >= 2, "no cycle"
    assert hops[0].token_in == token, "wrong start"
    assert hops[len(hops) - 1].token_out == token, "wrong end"
    before: uint256 = staticcall ERC20(token).balanceOf(self)
    assert before >= amount_in, "position too large"
    amount: uint256 = amount_in
    for hop: Hop in hops:
        if hop.version == 2:
            amount = self._swap_v2(hop, amount)
        else:
            assert hop.version == 3, "unknown version"
            amount = self._swap_v3(hop, amount)
    after: uint256 = staticcall ERC20(token).balanceOf(self)
    assert after >= before + min_profit, "unprofitable"
    log Executed(token=token, amount_in=amount_in, profit=after - before)
    return after - before


@internal
def _swap_v2(hop: Hop, amount: uint256) -> uint256:
    zero_for_one: bool = convert(hop.token_in, uint160) < convert(hop.token_out, uint160)
    reserve0: uint112 = 0
    reserve1: uint112 = 0
    at: uint32 = 0
    reserve0, reserve1, at = staticcall PairV2(hop.pool).getReserves()
    reserve_in: uint256 = convert(reserve0, uint256) if zero_for_one else convert(reserve1, uint256)
    reserve_out: uint256 = convert(reserve1, uint256) if zero_for_one else convert(reserve0, uint256)
    paid: uint256 = amount * (FEE_UNIT - hop.fee)
    out: uint256 = paid * reserve_out // (reserve_in * FEE_UNIT + paid)
    self._pay(hop.token_in, hop.pool, amount)
    if zero_for_one:
        extcall PairV2(hop.pool).swap(0, out, self, b"")
    else:
        extcall PairV2(hop.pool).swap(out, 0, self, b"")
    return out


@internal
def _swap_v3(hop: Hop, amount: uint256) -> uint256:
    zero_for_one: bool = convert(hop.token_in, uint160) < convert(hop.token_out, uint160)
    limit: uint160 = MIN_PRICE if zero_for_one else MAX_PRICE
    self.paying_pool = hop.pool
    self.paying_token = hop.token_in
    amount0: int256 = 0
    amount1: int256 = 0
    amount0, amount1 = extcall PoolV3(hop.pool).swap(
        self, zero_for_one, convert(amount, int256), limit, b""
    )
    self.paying_pool = empty(address)
    spent: int256 = amount0 if zero_for_one else amount1
    assert spent == convert(amount, int256), "partial fill"
    return convert(-amount1 if zero_for_one else -amount0, uint256)


@external
def uniswapV3SwapCallback(amount0: int256, amount1: int256, data: Bytes[32]):
    """
    @notice Pay the pool that is being asked right now; anybody else is refused.
    """
    self._called_back(amount0, amount1)


@external
def pancakeV3SwapCallback(amount0: int256, amount1: int256, data: Bytes[32]):
    """
    @notice The same, under PancakeSwap's name.
    """
    self._called_back(amount0, amount1)


@internal
def _called_back(amount0: int256, amount1: int256):
    assert msg.sender == self.paying_pool, "not the pool"
    owed: int256 = max(amount0, amount1)
    assert owed > 0, "nothing owed"
    self.paying_pool = empty(address)
    self._pay(self.paying_token, msg.sender, convert(owed, uint256))


@external
def withdraw(token: address, amount: uint256):
    """
    @notice Send tokens to the owner.
    """
    assert msg.sender == owner, "not the owner"
    self._pay(token, owner, amount)


@internal
def _pay(token: address, to: address, amount: uint256):
    # Some tokens answer nothing to transfer; an answer, where there is one, must be true.
    answer: Bytes[32] = raw_call(
        token,
        abi_encode(to, amount, method_id=method_id("transfer(address,uint256)")),
        max_outsize=32,
    )
    if len(answer) > 0:
        assert convert(convert(answer, bytes32), bool), "transfer failed"
