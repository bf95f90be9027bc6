"""`watchkeeper check-config`: say whether a configuration can be used."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchkeeper.keeper.config import Config

NAME = "check-config"
HELP = "check a configuration file: keeper.yaml, or an alertmanager.yml"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", default="keeper.yaml", metavar="FILE", help="keeper.yaml (%(default)s)"
    )


def run(given: argparse.Namespace) -> int:
    """Return 0 where the file can be used, 2 with the reason where not."""
    from watchkeeper.keeper.access import token_of
    from watchkeeper.keeper.config import ConfigError, load

    path = Path(given.file)
    if is_alertmanager(path):
        return check_alerting(path)
    base = path.resolve().parent
    try:
        config = load(path)
        token_of(config.listen, os.environ, base)
        check_objectives(config, base)
        rules = check_rules(config, base)
    except ConfigError as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    if config.alerting.config_file and (code := check_alerting(base / config.alerting.config_file)):
        return code
    jobs = len(config.scrape_configs)
    targets = sum(len(group.targets) for job in config.scrape_configs for group in job.static_configs)
    judges = len(config.judge.silence)
    sys.stdout.write(
        f"{path}: good: {jobs} jobs, {targets} targets in the file, {judges} silence judges, "
        f"{rules} rules in rule_files\n"
    )
    return 0


def check_rules(config: Config, base: Path) -> int:
    """Return how many rules `rule_files` hold; raise ConfigError with file and line of all that is wrong.

    A pattern that no file matches is told, and no error: files may come later.
    """
    from watchkeeper.keeper.config import ConfigError
    from watchkeeper.keeper.rules import RuleFileError, load
    from watchkeeper.keeper.ruling import files_of

    count, wrong = 0, []
    for pattern in config.rule_files:
        found = files_of(base, [pattern], pack=False)
        if not found:
            sys.stderr.write(f"watchkeeper: rule_files: no file matches {pattern}\n")
        for file in found:
            try:
                count += len(load(file).rules)
            except RuleFileError as error:
                wrong.append(str(error))
    if wrong:
        raise ConfigError("rule_files: " + "\n".join(wrong))
    return count


def check_objectives(config: Config, base: Path) -> None:
    """Raise ConfigError where a file of objectives that the configuration names cannot be used."""
    from watchkeeper.keeper.config import ConfigError
    from watchkeeper.keeper.objectives import Objectives, ObjectivesError, compile_file, windows_of

    slo = config.slo
    try:
        windows = windows_of(base / slo.windows_file) if slo.windows_file else None
        for source in Objectives(base, slo.files, slo.pack, base / config.data).sources():
            compile_file(source, windows)
    except ObjectivesError as error:
        raise ConfigError(f"slo: {error}") from None


def is_alertmanager(path: Path) -> bool:
    """Return whether a file is Alertmanager's by its name or its keys."""
    from watchkeeper.keeper.alerts.config import looks_like_alertmanager

    if path.name.startswith("alertmanager") and path.suffix in (".yml", ".yaml"):
        return True
    try:
        return looks_like_alertmanager(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return False


def check_alerting(path: Path) -> int:
    """Return 0 where an alertmanager.yml can be used, 2 with the reasons where not."""
    from watchkeeper.keeper.alerts import AlertsError
    from watchkeeper.keeper.alerts.config import SENDABLE, lacking, parse
    from watchkeeper.keeper.notify.channels.settings import Place
    from watchkeeper.keeper.notify.opening import faults_of

    try:
        alerting = parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, AlertsError) as error:
        sys.stderr.write(f"watchkeeper: {path}: {error}\n")
        return 2
    lacks = lacking(alerting, SENDABLE)
    found = lacks or faults_of(alerting, Place(path.parent, path.parent))
    sys.stderr.writelines(f"watchkeeper: {path}: {one}\n" for one in found)
    if found:
        return 2
    routes = sum(1 for _ in alerting.route.walk())
    parts = [f"{routes} routes", f"{len(alerting.receivers)} receivers"]
    parts += [f"{len(alerting.inhibit_rules)} inhibit rules", f"{len(alerting.intervals)} time intervals"]
    sys.stdout.write(f"{path}: good: {', '.join(parts)}\n")
    return 0
