"""A profile as a value: stacks with their amounts. What pprof writes and reads, and what a keeper merges."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """What an amount counts: `cpu` in `nanoseconds`, `samples` in `count`."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of one function; `line` is the line that ran, `first_line` where the function begins."""

    function: str
    file: str
    line: int
    first_line: int = 0


Stack = tuple[Frame, ...]  # the innermost frame first
Place = tuple[Stack, Labels]
Amounts = tuple[int, ...]

SAMPLES = Kind("samples", "count")
CPU = Kind("cpu", "nanoseconds")


@dataclass(frozen=True, slots=True)
class Profile:
    """Amounts per stack, as many for each as there are kinds.

    began: Unix nanoseconds; duration: nanoseconds; period: of `period_kind` between two samples, 0 where
    nothing is sampled; preferred: the kind that viewers show first, the last one where it is empty.
    """

    kinds: tuple[Kind, ...]
    amounts: dict[Place, Amounts] = field(default_factory=dict)
    began: int = 0
    duration: int = 0
    period_kind: Kind | None = None
    period: int = 0
    preferred: str = ""
    comments: tuple[str, ...] = ()

    def totals(self) -> Amounts:
        """Return the sums over all stacks, one per kind."""
        return tuple(sum(column) for column in zip(*self.amounts.values(), strict=True)) or (
            (0,) * len(self.kinds)
        )

    def column(self, name: str) -> int:
        """Return the place of a kind among the amounts; raise `KeyError` where there is none."""
        for place, kind in enumerate(self.kinds):
            if kind.name == name:
                return place
        raise KeyError(f"the profile has no {name!r}, only {', '.join(kind.name for kind in self.kinds)}")


def added(amounts: dict[Place, Amounts], place: Place, more: Amounts) -> None:
    """Add amounts to one stack."""
    before = amounts.get(place)
    amounts[place] = more if before is None else tuple(a + b for a, b in zip(before, more, strict=True))


def merged(profiles: Iterable[Profile]) -> Profile:
    """Return the sum of profiles of the same kinds, from the first to the last one.

    Raise `ValueError` where there is none or where their kinds differ.
    """
    several = sorted(profiles, key=lambda one: one.began)
    if not several:
        raise ValueError("there is no profile to merge")
    first, amounts = several[0], dict[Place, Amounts]()
    for one in several:
        if one.kinds != first.kinds:
            raise ValueError(f"profiles of different kinds: {first.kinds} and {one.kinds}")
        for place, more in one.amounts.items():
            added(amounts, place, more)
    return replace(first, amounts=amounts, duration=sum(one.duration for one in several))


def flat(profile: Profile, column: int) -> dict[str, tuple[int, int]]:
    """Return per function what it took itself and what it took with all it called, of one kind.

    A function that calls itself counts once per sample.
    """
    table: dict[str, tuple[int, int]] = {}
    for (stack, _), amounts in profile.amounts.items():
        amount = amounts[column]
        for name in {frame.function for frame in stack}:
            own, whole = table.get(name, (0, 0))
            table[name] = (own + (amount if stack[0].function == name else 0), whole + amount)
    return table
