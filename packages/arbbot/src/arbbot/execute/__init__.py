"""Execution: a plan becomes one atomic transaction, written down before it is sent."""

from arbbot.execute.calldata import execute_call, own_swaps
from arbbot.execute.executor import Executor
from arbbot.execute.ledger import Ledger
from arbbot.execute.signing import LocalSigner, Signer

__all__ = ["Executor", "Ledger", "LocalSigner", "Signer", "execute_call", "own_swaps"]
