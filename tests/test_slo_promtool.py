"""Objectives against the real promtool: it takes every rule that ours compiles to."""

import subprocess
from pathlib import Path

import pytest

from watchkeeper.keeper.slo import compiled, read_objectives, rule_file
from watchkeeper.keeper.slo.pack import pack_files

pytestmark = pytest.mark.peer("promtool")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RECORDED = [*(SHARED / "sloth" / "in").glob("*"), *(SHARED / "openslo").rglob("*.yaml")]
# What promtool 2.42 refuses in Sloth's expected output, too: queries of VictoriaMetrics, label names with
# a dash. And where Go programs stand in the place of queries.
OTHERS = (
    "victoria-metrics.yml",
    "contrib-slo-plugins.yml",
    "plugin-getting-started.yml",
    "plugin-k8s-getting-started.yml",
)
FILES = [*pack_files(), *(path for path in sorted(RECORDED) if path.name not in OTHERS)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_promtool_takes_the_compiled_rules(path: Path, tmp_path: Path) -> None:
    """No error, and no lint unless two of Sloth's objectives share the name and labels of their alerts."""
    rules = tmp_path / "rules.yaml"
    found = read_objectives(path.read_text())
    rules.write_text(rule_file([group for one in found for group in compiled(one)]))
    lint = ["--lint=none"] if "sloth" in path.parts else []
    told = subprocess.run(
        ["promtool", "check", "rules", *lint, str(rules)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert "SUCCESS" in told.stdout
