"""What an operation's figures say: percentiles, trend, class, and what to do. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from watchkeeper.agent.operations.operation import Operation

FEWEST_FOR_TREND = 20
WORSE, MUCH_WORSE = 1.25, 2.0  # the newer half's median over the older half's
SHARES = (50, 90, 95, 99)
HEAVY_TAIL = 10.0  # p99 over p50
NOTICEABLE = 0.1  # p95 over target; below it nobody minds that something becomes slower
LARGE_SHARE = 0.4  # of the time of all operations
FEW_ERRORS, SOME_ERRORS, MANY_ERRORS = 0.001, 0.01, 0.1
TARGETS = (0.5, 1.0, 2.0, 5.0)  # p95 over target, up to which excellent, good, average, poor end


class Grade(StrEnum):
    """The class of an operation, best first."""

    EXCELLENT = "excellent"
    GOOD = "good"
    AVERAGE = "average"
    POOR = "poor"
    CRITICAL = "critical"


GRADES = tuple(Grade)


@dataclass(frozen=True, slots=True)
class Account:
    """An operation's figures; times in seconds. Percentiles and trend are of its last runs."""

    name: str
    count: int
    errors: int
    error_rate: float
    total: float
    mean: float
    min: float
    max: float
    p50: float
    p90: float
    p95: float
    p99: float
    target: float
    trend: str
    grade: Grade

    def document(self) -> dict[str, object]:
        """Return it for JSON; the grade is called `class`."""
        found = asdict(self)
        found["class"] = found.pop("grade").value
        return found


def account(operation: Operation) -> Account:
    """Return the figures of an operation that ran at least once."""
    recent = operation.recent()
    ordered = sorted(recent)
    points = {f"p{share}": percentile(ordered, share) for share in SHARES}
    rate = operation.errors / operation.count
    return Account(
        name=operation.name,
        count=operation.count,
        errors=operation.errors,
        error_rate=rate,
        total=operation.total,
        mean=operation.total / operation.count,
        min=operation.shortest,
        max=operation.longest,
        target=operation.target,
        trend=trend(recent),
        grade=grade(points["p95"], operation.target, rate),
        **points,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the least value that `share` percent of the ascending values do not exceed (nearest rank)."""
    return ordered[max(0, -int(-len(ordered) * share // 100) - 1)]


def trend(recent: Sequence[float]) -> str:
    """Compare the newer half of the runs with the older: improving, stable, degrading or critical."""
    if len(recent) < FEWEST_FOR_TREND:
        return "stable"
    middle = len(recent) // 2
    older, newer = (percentile(sorted(half), 50) for half in (recent[:middle], recent[middle:]))
    if newer > older * MUCH_WORSE:
        return "critical"
    if newer > older * WORSE:
        return "degrading"
    return "improving" if newer * WORSE < older else "stable"


def grade(p95: float, target: float, error_rate: float) -> Grade:
    """Return the worse of the classes by time and by errors."""
    by_time = sum(p95 > target * factor for factor in TARGETS)
    by_errors = sum(error_rate > limit for limit in (0.0, FEW_ERRORS, SOME_ERRORS, MANY_ERRORS))
    return GRADES[max(by_time, by_errors)]


def advice(one: Account, share: float) -> list[str]:
    """Say what to look at; nothing where all is well. share: of the time of all operations, 0 to 1."""
    found = []
    if one.error_rate > SOME_ERRORS:
        found.append(f"{one.error_rate:.1%} of the runs fail: look at the errors before the speed")
    if one.p95 > one.target:
        found.append(
            f"p95 is {seconds(one.p95)}, the target {seconds(one.target)}: see profile for its stack"
        )
    if one.p99 > one.p50 * HEAVY_TAIL and one.p99 > one.target / 2:
        found.append(
            f"p99 is {one.p99 / one.p50:.0f} times the median: look for waits, locks, retries, stalls"
        )
    if one.trend in ("degrading", "critical") and one.p95 > one.target * NOTICEABLE:
        found.append("it becomes slower: compare with an older profile, look for growing collections")
    if share > LARGE_SHARE and one.grade not in (Grade.EXCELLENT, Grade.GOOD):
        found.append(f"it takes {share:.0%} of the time of all operations: the first one to improve")
    return found


def seconds(value: float) -> str:
    """Write seconds for people."""
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e6:.3g} µs"
