"""Risk: limits on money and price, the day's loss, the circuit breaker."""

from copybot.risk.breaker import Breaker, Cause, Pause
from copybot.risk.daily import Day, LossStatus, day_at, loss_of, status_of
from copybot.risk.judge import Rules, Scene, judge_buy, judge_exit, judge_sell
from copybot.risk.limits import Exposure, Limits, allowed, exit_reason, limits_of, slipped

__all__ = [
    "Breaker",
    "Cause",
    "Day",
    "Exposure",
    "Limits",
    "LossStatus",
    "Pause",
    "Rules",
    "Scene",
    "allowed",
    "day_at",
    "exit_reason",
    "judge_buy",
    "judge_exit",
    "judge_sell",
    "limits_of",
    "loss_of",
    "slipped",
    "status_of",
]
