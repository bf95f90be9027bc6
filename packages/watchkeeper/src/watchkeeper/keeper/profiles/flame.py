"""Profiles as trees of calls, alone and side by side. Pure."""

from __future__ import annotations

import msgspec

from watchkeeper.agent.profiling.profile import Labels, Profile, Stack

ROOT = "all"
# What is smaller than this share of the whole cannot be seen in a flame graph.
SMALLEST = 1 / 2000
DEEPEST = 200


class Flame(msgspec.Struct, frozen=True, kw_only=True):
    """One call: its amount with all it called, what it took itself, and what it called, greatest first."""

    name: str
    value: int
    own: int
    children: list[Flame]


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """One call in two profiles: value and base are amounts per second of each."""

    name: str
    value: float
    base: float
    children: list[Paired]


class Node:
    """A call while the tree grows; amounts are one per profile."""

    __slots__ = ("amounts", "calls", "own")

    def __init__(self, width: int) -> None:
        self.amounts = [0] * width
        self.own = [0] * width
        self.calls: dict[str, Node] = {}


def grown(profiles: list[Profile]) -> Node:
    """Return the tree of several profiles, by their main kind; threads come first, then calls."""
    root = Node(len(profiles))
    for place, profile in enumerate(profiles):
        column = main_column(profile)
        for (stack, labels), amounts in profile.amounts.items():
            plant(root, path_of(stack, labels), place, amounts[column])
    return root


def main_column(profile: Profile) -> int:
    """Return the place of the kind that viewers show first."""
    names = [kind.name for kind in profile.kinds]
    return names.index(profile.preferred) if profile.preferred in names else len(names) - 1


def path_of(stack: Stack, labels: Labels) -> list[str]:
    """Return the names from the outside in; the middle of what is too deep is left out."""
    told = [", ".join(f"{key}={value}" for key, value in labels)] if labels else []
    names = [frame.function for frame in reversed(stack)]
    if len(names) > DEEPEST:
        names = [*names[: DEEPEST // 2], "...", *names[-(DEEPEST // 2) :]]
    return [*told, *names]


def plant(root: Node, path: list[str], place: int, amount: int) -> None:
    node = root
    node.amounts[place] += amount
    for name in path:
        node = node.calls.setdefault(name, Node(len(root.amounts)))
        node.amounts[place] += amount
    node.own[place] += amount


def flame_of(profile: Profile) -> Flame:
    """Return the tree of a profile."""
    root = grown([profile])
    return cut(ROOT, root, root.amounts[0] * SMALLEST)


def cut(name: str, node: Node, least: float) -> Flame:
    """Return a node without the calls that are too small to be seen."""
    seen = [(called, one) for called, one in node.calls.items() if one.amounts[0] >= least]
    ordered = sorted(seen, key=lambda pair: (-pair[1].amounts[0], pair[0]))
    children = [cut(called, one, least) for called, one in ordered]
    return Flame(name=name, value=node.amounts[0], own=node.own[0], children=children)


def paired(present: Profile, base: Profile) -> Paired:
    """Return the tree of both, in amounts per second, so that ranges of different length compare."""
    root = grown([present, base])
    seconds = (max(present.duration, 1) / 1e9, max(base.duration, 1) / 1e9)
    whole = max(amount / each for amount, each in zip(root.amounts, seconds, strict=True))
    return cut_pair(ROOT, root, seconds, whole * SMALLEST)


def cut_pair(name: str, node: Node, seconds: tuple[float, float], least: float) -> Paired:
    value, base = node.amounts[0] / seconds[0], node.amounts[1] / seconds[1]
    children = [cut_pair(called, one, seconds, least) for called, one in node.calls.items()]
    seen = [one for one in children if max(one.value, one.base) >= least]
    seen.sort(key=lambda one: (-max(one.value, one.base), one.name))
    return Paired(name=name, value=round(value, 3), base=round(base, 3), children=seen)
