"""The documents are true to the project: links lead somewhere, commands exist, nothing names a machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BIN = Path(sys.executable).parent
COMMAND = re.compile(r"^(?:\$ )?(watchkeeper|arbbot|localvenues|fleet) ([a-z-]+)", re.MULTILINE)
TARGET = re.compile(r"\bmake ([a-z]+)\b")


def targets() -> set[str]:
    """Return the Makefile's targets."""
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    """Relative links and images name files that are there."""
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    """A page that says `make x` is right about x."""
    text = page.read_text()
    code = "\n".join(re.findall(r"`([^`\n]+)`", text) + re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL))
    assert set(TARGET.findall(code)) <= targets()


def test_no_page_names_a_machine() -> None:
    """Paths of one machine and names of hosts that only a builder knows have no place in a document."""
    for page in PAGES:
        text = page.read_text()
        for word in ("/work/", "/root/", "/tmp/pytest"):
            assert word not in text, f"{page}: {word}"


@pytest.mark.parametrize("program", ["watchkeeper", "arbbot", "localvenues", "fleet"])
def test_every_command_explains_itself(program: str) -> None:
    """--help of each program and of each verb that a document names ends with 0 and says something."""
    verbs = {verb for page in PAGES for name, verb in COMMAND.findall(page.read_text()) if name == program}
    for words in ([], *([verb] for verb in sorted(verbs))):
        done = subprocess.run(
            [str(BIN / program), *words, "--help"], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{program} {words}: {done.stderr}"
        assert "usage" in done.stdout.lower()
