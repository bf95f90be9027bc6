"""The executor: a row, then an order, then what became of it."""

from copybot.executor.executor import Desk, Executor
from copybot.executor.ledger import OrderLedger, OrderRow

__all__ = ["Desk", "Executor", "OrderLedger", "OrderRow"]
