"""Where a component is heading."""

import pytest

from watchkeeper import Status
from watchkeeper.agent.health.trend import Run, Trend, trend

H, D, U = Status.HEALTHY, Status.DEGRADED, Status.UNHEALTHY


def runs(statuses: list[Status], durations: list[float] | None = None) -> list[Run]:
    return [
        Run(float(number), (durations or [0.001] * len(statuses))[number], status, "")
        for number, status in enumerate(statuses)
    ]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], Trend.STABLE),
        ([U] * 5, Trend.STABLE),
        ([H] * 10, Trend.STABLE),
        ([H] * 5 + [D] * 5, Trend.DEGRADING),
        ([H] * 5 + [H, U, H, U, U], Trend.DEGRADING),
        ([U] * 5 + [H] * 5, Trend.IMPROVING),
        ([H] * 5 + [U] * 5, Trend.CRITICAL),
        ([U] * 10, Trend.CRITICAL),
        ([H, D] * 5, Trend.STABLE),
    ],
)
def test_the_newer_half_is_compared_with_the_older(statuses: list[Status], expected: Trend) -> None:
    assert trend(runs(statuses)) is expected


def test_a_check_that_takes_twice_as_long_degrades_and_one_that_is_fast_anyway_does_not() -> None:
    assert trend(runs([H] * 6, [0.1] * 3 + [0.3] * 3)) is Trend.DEGRADING
    assert trend(runs([H] * 6, [0.3] * 3 + [0.1] * 3)) is Trend.IMPROVING
    assert trend(runs([H] * 6, [0.0001] * 3 + [0.0003] * 3)) is Trend.STABLE
