"""`watchkeeper coverage`: list bots, components and metrics that no alert looks at."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watchkeeper.keeper.rules import Rule
    from watchkeeper.keeper.rules.coverage import Coverage

NAME = "coverage"
HELP = "list bots, components and metrics that no alert looks at (exit code 1 if there is one)"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="rule files; those that the keeper has loaded where none is given",
    )
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="a keeper or Prometheus (%(default)s)")
    parser.add_argument(
        "--series", metavar="FILE", help="ask nobody: read series from a file, one name{label=...} a line"
    )
    parser.add_argument(
        "--ignore", default="^scrape_", metavar="REGEX", help="names that need no alert (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(given: argparse.Namespace) -> int:
    """Return 0 where everything is covered, 1 where something is not, 2 where that cannot be known."""
    from watchkeeper.cli.alerts import Unanswered
    from watchkeeper.keeper.rules import RulesError
    from watchkeeper.keeper.rules.coverage import coverage

    try:
        ignored = re.compile(given.ignore)
        found = coverage(rules_of(given), series_of(given))
    except (RulesError, Unanswered, OSError, ValueError, re.error) as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    return told(found, ignored, as_json=given.json)


def rules_of(given: argparse.Namespace) -> list[Rule]:
    """Return the rules of the named files, else those that the keeper has loaded, else the default pack.

    Raises RuleFileError, Unanswered.
    """
    from watchkeeper.keeper.rules import load, read
    from watchkeeper.keeper.rules.pack import pack_files

    if not given.files and not given.series:
        return list(read(loaded(given.url), given.url).rules)
    paths = [Path(name) for name in given.files] or pack_files()
    return [rule for path in paths for rule in load(path).rules]


def loaded(url: str) -> str:
    """Return the rules that a Prometheus API has loaded as the text of a rule file. Raises Unanswered."""
    from watchkeeper.cli.alerts import ask

    found: Any = ask(f"{url.rstrip('/')}/api/v1/rules")
    rules = [rule for group in found["data"]["groups"] for rule in group["rules"]]
    kinds = {"alerting": "alert", "recording": "record"}
    bare = [{kinds[rule["type"]]: rule["name"], "expr": rule["query"]} for rule in rules]
    return json.dumps({"groups": [{"name": "loaded", "rules": bare}]})


def series_of(given: argparse.Namespace) -> list[tuple[tuple[str, str], ...]]:
    """Return the labels of all series. Raises Unanswered, OSError, ValueError."""
    from watchkeeper.keeper.promql import PromqlError
    from watchkeeper.keeper.promql.testing.notation import metric

    if not given.series:
        return [tuple(sorted(labels.items())) for labels in asked(given.url)]
    lines = Path(given.series).read_text(encoding="utf-8").splitlines()
    try:
        return [metric(line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    except PromqlError as error:
        raise ValueError(f"{given.series}: {error}") from None


def asked(url: str) -> list[Mapping[str, str]]:
    """Ask a Prometheus API for every series. Raises Unanswered."""
    from watchkeeper.cli.alerts import ask

    found: Any = ask(f"{url.rstrip('/')}/api/v1/series?match[]=%7B__name__%3D~%22.%2B%22%7D")
    return list(found["data"])


def told(found: Coverage, ignored: re.Pattern[str], *, as_json: bool) -> int:
    """Write what no alert looks at, as lines or as JSON; return the exit code."""
    gaps = {kind: [name for name in names if not ignored.search(name)] for kind, names in found.gaps.items()}
    if as_json:
        sys.stdout.write(json.dumps({"uncovered": gaps}, indent=2) + os.linesep)
    else:
        write_lines(found, gaps)
    return 1 if any(gaps.values()) else 0


def write_lines(found: Coverage, gaps: Mapping[str, list[str]]) -> None:
    """Write one line per kind and one per name."""
    for kind, names in gaps.items():
        total = len(getattr(found, kind))
        sys.stdout.write(f"{kind}: {total - len(names)} of {total} covered\n")
        sys.stdout.writelines(f"  no alert looks at {name}\n" for name in names)
