"""The reference page names every option, fault and key there is."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from localvenues.arbitrum.venue import FAULT_NAMES
from localvenues.cli import main, parser, settings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "venue-arbitrum.md"


def test_every_option_is_documented() -> None:
    verbs = next(one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    options = [word for one in verbs.choices["arbitrum"]._actions for word in one.option_strings]
    page = PAGE.read_text()
    assert len(options) > 10
    assert [
        word for word in options if word.startswith("--") and word != "--help" and f"`{word}" not in page
    ] == []


def test_every_fault_is_documented() -> None:
    page = PAGE.read_text()
    assert [name for name in FAULT_NAMES if f"| `{name}` |" not in page] == []


def test_options_reach_the_settings(tmp_path: Path) -> None:
    words = ["arbitrum", "--dir", str(tmp_path), "--fund", "0x" + "ab" * 20, "--rate", "2.5", "--offset", "7"]
    asked = settings(parser().parse_args([*words, "--faults", "rpc_down@1+2", "--sign-feed"]))
    assert asked.folder == tmp_path.resolve()
    assert asked.fund == (b"\xab" * 20,)
    assert (asked.rate, asked.offset, asked.sign_feed) == (2.5, 7, True)
    assert [(one.name, one.start, one.seconds) for one in asked.faults] == [("rpc_down", 1.0, 2.0)]


@pytest.mark.parametrize("words", [[], ["arbitrum"], ["arbitrum", "--dir", "x", "--fund", "0x12"], ["moon"]])
def test_a_bad_command_line_ends_with_two(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
