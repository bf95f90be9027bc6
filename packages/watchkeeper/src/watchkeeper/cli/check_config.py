"""`watchkeeper check-config`: say whether a configuration can be used."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

NAME = "check-config"
HELP = "check a configuration file"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", default="keeper.yaml", metavar="FILE", help="keeper.yaml (%(default)s)"
    )


def run(given: argparse.Namespace) -> int:
    """Return 0 where the file can be used, 2 with the reason where not."""
    from watchkeeper.keeper.access import token_of
    from watchkeeper.keeper.config import ConfigError, load

    path = Path(given.file)
    try:
        config = load(path)
        token_of(config.listen, os.environ, path.resolve().parent)
    except ConfigError as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    jobs = len(config.scrape_configs)
    targets = sum(len(group.targets) for job in config.scrape_configs for group in job.static_configs)
    judges = len(config.judge.silence)
    sys.stdout.write(f"{path}: good: {jobs} jobs, {targets} targets in the file, {judges} silence judges\n")
    return 0
