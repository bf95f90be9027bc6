"""Profiles as text: for people, and as folded stacks for flame graphs."""

from collections.abc import Iterator

from watchkeeper.agent.profiling.profile import Labels, Profile, Stack, flat


def text(profile: Profile) -> str:
    """Write every stack with its amounts, the greatest first, the innermost frame on top."""
    last = profile.column(profile.preferred) if profile.preferred else -1
    kinds = ", ".join(f"{kind.name} ({kind.unit})" for kind in profile.kinds)
    lines = [f"{kinds}; seconds: {profile.duration / 1e9:.1f}; total: {numbers(profile.totals())}", ""]
    ordered = sorted(profile.amounts.items(), key=lambda one: -one[1][last])
    for (stack, labels), amounts in ordered:
        lines += [f"{numbers(amounts)} {told(labels)}".rstrip(), *map("    ".__add__, frames(stack)), ""]
    return "\n".join(lines)


def folded(profile: Profile) -> str:
    """Write one line per stack, the outermost frame first, with the amount of the preferred kind."""
    column = profile.column(profile.preferred) if profile.preferred else -1
    lines: dict[str, int] = {}
    for (stack, labels), amounts in profile.amounts.items():
        names = [told(labels).replace(";", ","), *(frame.function for frame in reversed(stack))]
        line = ";".join(name for name in names if name)
        lines[line] = lines.get(line, 0) + amounts[column]
    return "".join(f"{line} {amount}\n" for line, amount in sorted(lines.items()))


def top(profile: Profile, most: int = 20) -> str:
    """Write the functions that took most themselves, as pprof's `-top` does, of the preferred kind."""
    column = profile.column(profile.preferred) if profile.preferred else len(profile.kinds) - 1
    kind, total = profile.kinds[column], profile.totals()[column]
    table = sorted(flat(profile, column).items(), key=lambda one: (-one[1][0], -one[1][1], one[0]))
    lines = [f"{kind.name}: {shown(total, kind.unit)} in {profile.duration / 1e9:.1f} s"]
    lines.append(f"{'own':>12} {'own %':>7} {'with calls':>12} {'%':>7}  function")
    for name, (own, whole) in table[:most]:
        shares = [100 * amount / total if total else 0.0 for amount in (own, whole)]
        left = f"{shown(own, kind.unit):>12} {shares[0]:6.1f}%"
        lines.append(f"{left} {shown(whole, kind.unit):>12} {shares[1]:6.1f}%  {name}")
    return "\n".join(lines) + "\n"


def shown(amount: int, unit: str) -> str:
    """Write an amount for people."""
    if unit == "nanoseconds":
        return f"{amount / 1e9:.3f} s" if abs(amount) >= 1e9 else f"{amount / 1e6:.2f} ms"
    return f"{amount / 1024:.1f} KiB" if unit == "bytes" else str(amount)


def numbers(amounts: tuple[int, ...]) -> str:
    """Write amounts with spaces between."""
    return " ".join(map(str, amounts))


def told(labels: Labels) -> str:
    """Write labels in brackets."""
    return f"[{', '.join(f'{key}={value}' for key, value in labels)}]" if labels else ""


def frames(stack: Stack) -> Iterator[str]:
    """Yield the lines of a stack."""
    for frame in stack:
        yield f"{frame.function} {frame.file}:{frame.line}"
    if not stack:
        yield "(no stack)"
