"""`watchkeeper slo`: compile objectives to rules, export those of a configuration, show the budgets."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchkeeper.cli import budgets
from watchkeeper.cli.asking import DEFAULT_URL, Refused, Unanswered

if TYPE_CHECKING:
    from watchkeeper.keeper.slo import Objective, RuleGroup

NAME = "slo"
HELP = "objectives: compile to rules, export for Prometheus, show what is left of the budgets"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="compile|export|show", required=True)
    one = verbs.add_parser("compile", help="print the rules of files of objectives")
    one.add_argument(
        "files", nargs="*", metavar="FILE", help="OpenSLO, Sloth's, or our own (the packaged ones)"
    )
    one.add_argument("--period", default="30d", help="where a file does not tell it (%(default)s)")
    one.add_argument("--windows", metavar="FILE", help="a table of alert windows in Sloth's form")
    one.add_argument("--indicators", metavar="FILE", help="queries that stand for Sloth's indicator plugins")
    one.add_argument("--operator", metavar="NAME", help="write a PrometheusRule of this name")
    one.add_argument("--out", metavar="FILE", help="where to write (standard output)")
    two = verbs.add_parser("export", help="write the rules of a keeper's objectives for another engine")
    two.add_argument("--config", default="keeper.yaml", metavar="FILE", help="(%(default)s)")
    two.add_argument("--out", metavar="FILE", help="where to write (standard output)")
    three = verbs.add_parser("show", help="show target, burn and what is left, from a running keeper")
    three.add_argument("--url", default=DEFAULT_URL, help="the keeper, or any Prometheus (%(default)s)")
    three.add_argument("--history", metavar="LENGTH", help="how the budgets moved over a length such as 7d")
    three.add_argument("--json", action="store_true", help="one JSON object per line")


def run(given: argparse.Namespace) -> int:
    """Return 0; 1 for objectives that cannot be used or a budget that is spent; 2 for wrong usage."""
    from watchkeeper.keeper.config import ConfigError
    from watchkeeper.keeper.objectives import ObjectivesError

    try:
        if given.verb == "show":
            return show(given)
        put(compiled_text(given) if given.verb == "compile" else exported_text(given), given.out)
    except (ObjectivesError, Refused) as error:
        return failed(str(error), 1)
    except (ConfigError, Unanswered, OSError) as error:
        return failed(str(error), 2)
    return 0


def failed(text: str, code: int) -> int:
    sys.stderr.write(f"watchkeeper: {text}\n")
    return code


def put(text: str, out: str | None) -> None:
    if out:
        Path(out).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def compiled_text(given: argparse.Namespace) -> str:
    """Return the rules of the files; raise ObjectivesError."""
    from watchkeeper.keeper.objectives import ObjectivesError, windows_of
    from watchkeeper.keeper.slo import SloError, compiled, custom_resource, rule_file
    from watchkeeper.keeper.slo.pack import pack_files

    windows = windows_of(Path(given.windows)) if given.windows else None
    groups: list[RuleGroup] = []
    for file in [Path(name) for name in given.files] or pack_files():
        try:
            groups += [group for one in objectives(file, given) for group in compiled(one, windows)]
        except (SloError, OSError, UnicodeDecodeError) as error:
            raise ObjectivesError(f"{file}: {error}") from None
    return custom_resource(groups, given.operator) if given.operator else rule_file(groups)


def objectives(file: Path, given: argparse.Namespace) -> list[Objective]:
    from watchkeeper.keeper.slo import ObjectiveInvalid, read_objectives
    from watchkeeper.keeper.slo.lengths import seconds

    try:
        period = seconds(given.period)
    except ValueError as error:
        raise ObjectiveInvalid(f"--period: {error}") from None
    return read_objectives(file.read_text(encoding="utf-8"), period, indicators(given.indicators))


def indicators(name: str | None) -> dict[str, dict[str, str]]:
    """Return the templates of indicator plugins of a file."""
    import yaml

    from watchkeeper.keeper.slo import ObjectiveInvalid

    if not name:
        return {}
    try:
        found = yaml.safe_load(Path(name).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ObjectiveInvalid(f"{name}: not YAML: {error}") from None
    if not isinstance(found, dict) or not all(isinstance(one, dict) for one in found.values()):
        raise ObjectiveInvalid(f"{name}: expected a mapping of plugins to their queries")
    return found


def exported_text(given: argparse.Namespace) -> str:
    """Return the rules of a configuration's objectives in one file; raise ObjectivesError, ConfigError."""
    from watchkeeper.keeper.config import load
    from watchkeeper.keeper.objectives import Objectives, ObjectivesError, windows_of
    from watchkeeper.keeper.slo import SloError, compiled, read_objectives, rule_file

    path = Path(given.config)
    config, base = load(path), path.resolve().parent
    kept = Objectives(base, config.slo.files, config.slo.pack, base / config.data)
    windows = windows_of(base / config.slo.windows_file) if config.slo.windows_file else None
    groups: list[RuleGroup] = []
    for source in kept.sources():
        try:
            found = read_objectives(source.read_text(encoding="utf-8"))
            groups += [group for one in found for group in compiled(one, windows)]
        except (SloError, OSError, UnicodeDecodeError) as error:
            raise ObjectivesError(f"{source}: {error}") from None
    return rule_file(groups)


def show(given: argparse.Namespace) -> int:
    """Print a line for each budget; return 1 where any is spent."""
    rows = budgets.read(given.url, given.history)
    for row in rows:
        sys.stdout.write((json.dumps(row) if given.json else line(row)) + "\n")
    if not rows and not given.json:
        sys.stdout.write("no objective has been recorded\n")
    return 1 if any(row["remaining"] is not None and row["remaining"] <= 0 for row in rows) else 0


def line(row: dict[str, Any]) -> str:
    """Return one budget as a line: name, target, period, what is left, burn, when it ends; then history."""
    name = row["id"] + (" " + ",".join(f"{k}={v}" for k, v in row["labels"].items()) if row["labels"] else "")
    left = "unknown" if row["remaining"] is None else f"{100 * row['remaining']:.2f} % left"
    burn = "" if row["burn"] is None else f"  burn {row['burn']:.2f}x"
    end = f"  spent by {row['exhausted_at']}" if row["exhausted_at"] else ""
    story = "".join(f"\n  {at}  {100 * share:8.2f} %" for at, share in row.get("history", ()))
    return f"{name:44}  {row['target']:g} % over {row['days']:g} d  {left}{burn}{end}{story}"
