"""Run a folder of test scripts: `python -m watchkeeper.keeper.promql.testing DIR`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from .run import run_script


def main(arguments: list[str]) -> int:
    """Run every script below the given folder; return 1 when a case failed, 2 when there is none."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m watchkeeper.keeper.promql.testing DIR\n")
        return 2
    folder = Path(arguments[0])
    scripts = sorted(folder.rglob("*.test")) if folder.is_dir() else [folder] if folder.is_file() else []
    if not scripts:
        sys.stderr.write(f"no test script found in {folder}\n")
        return 2
    total = Counter[str]()
    for script in scripts:
        total += _run(script)
    sys.stdout.write(f"total: {_summary(total)}\n")
    return 1 if total["failed"] else 0


def _run(script: Path) -> Counter[str]:
    counts = Counter[str]()
    lines = []
    for outcome in run_script(script.read_text()):
        counts[outcome.status] += 1
        if outcome.status != "passed":
            lines.append(f"  {outcome.status} line {outcome.line}: {outcome.expr}\n    {outcome.reason}\n")
    sys.stdout.write(f"{script.name}: {_summary(counts)}\n{''.join(lines)}")
    return counts


def _summary(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[status]} {status}" for status in ("passed", "failed", "skipped"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
