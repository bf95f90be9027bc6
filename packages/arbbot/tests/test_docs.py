"""Every setting is documented, and every documented setting exists."""

import re
from pathlib import Path

import msgspec

from arbbot.settings import SECTIONS, Settings, load_settings

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "reference" / "arbbot-config.md"


def settings() -> set[str]:
    names = set()
    for field in msgspec.structs.fields(Settings):
        section = SECTIONS.get(field.name)
        if section is None:
            names.add(field.name)
        else:
            names |= {f"{field.name}.{inner.name}" for inner in msgspec.structs.fields(section)}
    return names


def test_the_page_documents_exactly_the_settings() -> None:
    """A setting without a row and a row without a setting are both errors."""
    rows = set(re.findall(r"^\| `([a-z_.]+)` \|", PAGE.read_text(), re.MULTILINE))
    assert rows == settings()


def test_the_example_for_arbitrum_one_is_a_valid_configuration() -> None:
    """What the how-to tells people to copy loads, with execution off."""
    loaded = load_settings(ROOT / "examples" / "arbitrum-one" / "arbbot.yaml")
    assert loaded.chain_id == 42161
    assert not loaded.execution.enabled
