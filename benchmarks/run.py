"""Run the benchmarks and print every figure with its peer, its ratio and its goal.

Usage: run.py [NAME ...] (without a name: all). Writes benchmarks/results/NAME.json. A benchmark is a module
here with `main() -> dict[figure, {value, unit, peer, ratio, goal, ok}]`; each runs in a process of its own.
A goal that is missed is printed and does not fail the run: machines differ, figures are for reading.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
NOT_BENCHMARKS = {"run"}


def names() -> list[str]:
    """Return the names of all benchmarks."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_BENCHMARKS)


def run(name: str) -> bool:
    """Run one benchmark in its own process; tell whether it finished."""
    target = RESULTS / f"{name}.json"
    code = (
        "import json, sys, runpy, pathlib; sys.path.insert(0, sys.argv[1]);"
        "module = __import__(sys.argv[2]); figures = module.main();"
        "pathlib.Path(sys.argv[3]).write_text(json.dumps(figures, indent=1) + '\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(HERE), name, str(target)], check=False, env={**os.environ}
    )
    return done.returncode == 0


def show(name: str) -> None:
    """Print one benchmark's figures."""
    for figure, row in json.loads((RESULTS / f"{name}.json").read_text()).items():
        value, unit = row.get("value"), row.get("unit", "")
        shown = f"{value:,.4g}" if isinstance(value, float) else f"{value}"
        ratio = f"{row['ratio']:.2f}x" if isinstance(row.get("ratio"), int | float) else ""
        peer = row.get("peer") or ""
        goal = f"goal {row['goal']}" if row.get("goal") is not None else ""
        print(f"  {figure:<46} {shown:>12} {unit:<10} {ratio:>9}  {goal:<18} {peer}")


def main() -> int:
    """Run what was asked for."""
    chosen = sys.argv[1:] or names()
    unknown = [name for name in chosen if name not in names()]
    if unknown:
        print(f"bench: no benchmark {unknown[0]!r}; there are: {', '.join(names())}", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    failed = []
    for name in chosen:
        print(f"\n{name}", flush=True)
        began = time.monotonic()
        if run(name):
            show(name)
        else:
            failed.append(name)
        print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    if failed:
        print(f"bench: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
