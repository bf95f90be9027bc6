"""`watchkeeper profile`: fetch a profile from a bot and show its top, or keep it for `go tool pprof`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from watchkeeper.cli.agent_door import DEFAULT_URL, fetched
from watchkeeper.cli.asking import Refused, Unanswered

NAME = "profile"
HELP = "take a profile of a bot: CPU, heap, threads, tasks or stalls"
KINDS = ("cpu", "heap", "threads", "tasks", "block")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", default=DEFAULT_URL, metavar="URL", help="the agent (%(default)s)")
    parser.add_argument("--kind", choices=KINDS, default="cpu", help="what to show (%(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="cpu, heap: so long (%(default)s)")
    parser.add_argument("--past", type=float, metavar="SECONDS", help="cpu: the last seconds, at once")
    parser.add_argument("--top", type=int, default=20, metavar="N", help="functions to show (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write pprof's format to a file instead")


def run(given: argparse.Namespace) -> int:
    """Return 0, or 2 where the agent does not answer or its answer is no profile."""
    from watchkeeper.agent.profiling import folded
    from watchkeeper.agent.profiling.reading import BadProfile, read

    try:
        body = fetched(path_of(given), given.url.rstrip("/"))
        profile = read(body)
        if given.out is not None:
            given.out.write_bytes(body)
    except (Unanswered, Refused, BadProfile, OSError) as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    if given.out is None:
        sys.stdout.write(folded.top(profile, given.top))
    else:
        sys.stdout.write(
            f"{given.out}: {len(profile.amounts)} stacks; open it with: go tool pprof {given.out}\n"
        )
    return 0


def path_of(given: argparse.Namespace) -> str:
    """Return the path to ask for."""
    name = {"cpu": "profile"}.get(given.kind, given.kind)
    if given.kind == "cpu" and given.past is not None:
        return f"/debug/pprof/{name}?past={given.past:g}"
    return f"/debug/pprof/{name}" + (f"?seconds={given.seconds:g}" if given.kind in ("cpu", "heap") else "")
