"""Time degenbot 0.3.0's own arithmetic on inputs from standard input; runs in degenbot's environment.

One JSON object a line in, one out: {"task", "inputs"} to {"seconds", "answers"}. The pools are built
without their constructors, which want a node; the methods timed are degenbot's, untouched. Its caches
are emptied before every task, the inputs are unique.
"""

import json
import logging
import sys
import time
import types
from collections.abc import Callable
from fractions import Fraction
from typing import Any

logging.disable(logging.CRITICAL)

import degenbot.uniswap.v3_libraries as libraries  # noqa: E402
from degenbot.arbitrage.uniswap_lp_cycle import UniswapLpCycle  # noqa: E402
from degenbot.uniswap.types import (  # noqa: E402
    UniswapV2PoolState,
    UniswapV3BitmapAtWord,
    UniswapV3LiquidityAtTick,
    UniswapV3PoolState,
)
from degenbot.uniswap.v2_functions import constant_product_calc_exact_in  # noqa: E402
from degenbot.uniswap.v2_liquidity_pool import UniswapV2Pool  # noqa: E402
from degenbot.uniswap.v3_liquidity_pool import UniswapV3Pool  # noqa: E402

CEILING = 10**22


class Token(str):
    """A token as the cycle needs it: something that equals itself."""


def forget() -> None:
    """Empty every cache of the library."""
    for module in vars(libraries).values():
        if isinstance(module, types.ModuleType):
            for function in vars(module).values():
                getattr(function, "cache_clear", lambda: None)()


def bare(kind: type, address: str, **fields: Any) -> Any:
    """Make a pool without its constructor."""
    pool = object.__new__(kind)
    pool.address, pool.name, pool._subscribers = address, address, set()
    pool.token0, pool.token1 = Token("zero"), Token("one")
    for name, value in fields.items():
        setattr(pool, name, value)
    return pool


def v2_pool(address: str, reserves: list[int]) -> Any:
    """Make a pair of 0.3 %."""
    state = UniswapV2PoolState(address, *reserves)
    return bare(
        UniswapV2Pool, address, _state=state, fee_token0=Fraction(3, 1000), fee_token1=Fraction(3, 1000)
    )


def v3_pool(address: str, told: dict[str, Any]) -> Any:
    """Make a V3 pool with its whole tick map."""
    spacing = told["spacing"]
    ticks = {int(tick): UniswapV3LiquidityAtTick(net, gross) for tick, (gross, net) in told["ticks"].items()}
    words: dict[int, int] = {}
    for tick in ticks:
        at = tick // spacing
        words[at >> 8] = words.get(at >> 8, 0) | 1 << (at & 255)
    bitmap = {word: UniswapV3BitmapAtWord(bits) for word, bits in words.items()}
    state = UniswapV3PoolState(address, told["liquidity"], told["sqrt_price"], told["tick"], bitmap, ticks)
    fields = {"_state": state, "fee": told["fee"], "tick_spacing": spacing, "sparse_liquidity_map": False}
    return bare(UniswapV3Pool, address, **fields)


def pool_of(address: str, told: Any) -> Any:
    """Make the kind of pool that is told."""
    return v2_pool(address, told) if isinstance(told, list) else v3_pool(address, told)


def quotes_v2(inputs: Any) -> tuple[float, list[Any]]:
    """Time quotes of one pair."""
    (into, held), fee = inputs["pool"], Fraction(3, 1000)
    start = time.perf_counter()
    answers = [constant_product_calc_exact_in(amount, into, held, fee) for amount in inputs["amounts"]]
    return time.perf_counter() - start, answers


def quotes_v3(inputs: Any) -> tuple[float, list[Any]]:
    """Time quotes of one V3 pool, token0 in."""
    pool = v3_pool("pool", inputs["pool"])
    forget()
    start = time.perf_counter()
    answers = [pool.calculate_tokens_out_from_tokens_in(pool.token0, amount) for amount in inputs["amounts"]]
    return time.perf_counter() - start, answers


def optima(inputs: Any) -> tuple[float, list[Any]]:
    """Time the best amount of two-pool cycles: token0 into the first, token1 into the second."""
    cycles = []
    for at, (first, second) in enumerate(inputs):
        pools = [pool_of(f"first {at}", first), pool_of(f"second {at}", second)]
        cycles.append(UniswapLpCycle(pools[0].token0, pools, id=str(at), max_input=CEILING))
    forget()
    start = time.perf_counter()
    results = [cycle.calculate() for cycle in cycles]
    return time.perf_counter() - start, [result.input_amount for result in results]


TASKS: dict[str, Callable[[Any], tuple[float, list[Any]]]] = {
    "quotes_v2": quotes_v2,
    "quotes_v3": quotes_v3,
    "optima": optima,
}

for line in sys.stdin:
    asked = json.loads(line)
    seconds, answers = TASKS[asked["task"]](asked["inputs"])
    sys.stdout.write(json.dumps({"seconds": seconds, "answers": answers}) + "\n")
    sys.stdout.flush()
