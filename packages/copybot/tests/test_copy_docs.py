"""Every setting and metric is documented, and everything documented exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from copybot import watch
from copybot.reading import read_settings
from copybot.settings import SECTIONS, Settings

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "reference" / "copybot-config.md"


def names() -> dict[str, Any]:
    """Return each setting with its default."""
    found = {"state": Settings().state}
    for section, kind in SECTIONS.items():
        for field in msgspec.structs.fields(kind):
            found[f"{section}.{field.name}"] = field.default
    return found


def test_the_page_documents_exactly_the_settings() -> None:
    """A setting without a row and a row without a setting are both errors."""
    rows = re.findall(r"^\| `([a-z_.]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(names())


def test_the_page_tells_the_true_defaults() -> None:
    """A default that the page names is the one that holds."""
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| `([^`]*)` \|", PAGE.read_text(), re.MULTILINE))
    for name, told in rows.items():
        default = names()[name]
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert told == shown.removesuffix(".0"), name


def test_the_table_names_exactly_the_metrics() -> None:
    """ARCHITECTURE.md is what dashboards and rules are written from."""
    agent = watch.Watch("copybot", environment={}, system=False)
    watch.Watcher(agent, read_settings({}))
    text = (ROOT / "ARCHITECTURE.md").read_text().split("## The copy bot")[1]
    told = set(re.findall(r"`(copybot_[a-z_]+)`", text))
    source = (Path(watch.__file__)).read_text()
    assert told == set(re.findall(r'"(copybot_[a-z_]+)"', source))


def test_the_table_names_exactly_the_components() -> None:
    """Probes and rules are written from the names."""
    agent = watch.Watch("copybot", environment={}, system=False)
    watch.Watcher(agent, read_settings({}))
    text = (ROOT / "ARCHITECTURE.md").read_text().split("## The copy bot")[1]
    line = re.search(r"Components: (.*)\.", text)
    assert line is not None
    told = set(re.findall(r"`([a-z_]+)`", line[1]))
    assert told == {one["name"] for one in agent.health()["components"]}  # type: ignore[attr-defined]


def test_every_failure_that_the_page_names_has_its_test() -> None:
    """A table of promises is worth what its tests are."""
    text = (ROOT / "docs" / "explanation" / "copybot-failures.md").read_text()
    named = re.findall(r"`([a-z_/]+\.py)::(test_[a-z_]+)`", text)
    assert len(named) >= 12
    for file, test in named:
        assert f"def {test}(" in (ROOT / "packages" / "copybot" / "tests" / file).read_text(), (file, test)
