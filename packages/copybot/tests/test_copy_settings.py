"""The configuration's errors name the key and what to do; keys never get in; live needs two switches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from copybot.compose import followed, refuse_real_paper
from copybot.reading import load_settings, read_settings
from copybot.settings import Settings, SettingsError, live_enabled, read_key, read_secret
from copybot.venue import place_of

KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"


def test_nothing_said_is_paper() -> None:
    """What is not said is safe, and the empty file is valid."""
    assert read_settings({}) == Settings()
    assert not live_enabled(read_settings({}), {"COPYBOT_LIVE": "true"})


def test_live_needs_two_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known failure: live by default. The file alone is not enough, nor the environment alone."""
    settings = read_settings({"execution": {"mode": "live"}})
    assert not live_enabled(settings, {}) and live_enabled(settings, {"COPYBOT_LIVE": "true"})
    monkeypatch.delenv("COPYBOT_LIVE", raising=False)
    with pytest.raises(SettingsError, match="COPYBOT_LIVE"):
        refuse_real_paper(settings)


def test_paper_orders_never_leave_this_machine() -> None:
    """The defaults name the real venue: paper refuses it."""
    with pytest.raises(SettingsError, match="local venue"):
        refuse_real_paper(read_settings({}))
    refuse_real_paper(read_settings({"venue": {"clob": "http://127.0.0.1:1"}}))


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"wallet": {}}, ["unknown key wallet", "did you mean wallets"]),
        ({"risk": {"slipage": 1}}, ["unknown key risk.slipage", "risk.slippage"]),
        ({"risk": {"slippage": "much"}}, ["risk.slippage", "no amount"]),
        ({"risk": {"slippage": 2}}, ["risk.slippage", "between"]),
        ({"risk": {"daily_loss_warning": 0.2}}, ["daily_loss_warning", "more than"]),
        ({"wallets": {"leaders": ["0x12"]}}, ["wallets.leaders[0]", "no address"]),
        ({"wallets": {"scan_seconds": 0}}, ["wallets.scan_seconds", "between"]),
        ({"venue": {"rtds": "http://h"}}, ["venue.rtds", "wss://"]),
        ({"sizing": {"mode": "all-in"}}, ["mode"]),
        ({"alerts": {"staging_chat": KEY}}, ["alerts.staging_chat", "COPYBOT_KEY_FILE"]),
        ([], ["expected a mapping"]),
    ],
)
def test_an_error_names_the_key(tree: Any, words: list[str]) -> None:
    """And never repeats a key that stood in the file."""
    with pytest.raises(SettingsError) as caught:
        read_settings(tree)
    assert all(word in str(caught.value) for word in words)
    assert KEY not in str(caught.value)


def test_a_secret_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    """The file wins; errors do not repeat what stood there."""
    path = tmp_path / "key"
    path.write_text(f"0x{KEY}\n")
    assert read_key({"COPYBOT_KEY_FILE": str(path)}) == bytes.fromhex(KEY)
    assert read_secret("X", {"X": " y "}) == "y"
    path.write_text("open sesame")
    with pytest.raises(SettingsError) as caught:
        read_key({"COPYBOT_KEY_FILE": str(path)})
    assert "sesame" not in str(caught.value)


def test_a_local_venue_tells_where_it_is_and_whom_to_follow(tmp_path: Path) -> None:
    """venue.json stands in for the addresses; configured leaders win over proposed ones."""
    listing = {
        "clob": "http://127.0.0.1:7", "chain_id": 5, "leaders": ["0x" + "AB" * 20],
        "contracts": {"exchange": "0x" + "01" * 20, "neg_risk_exchange": "0x" + "02" * 20},
    }  # fmt: skip
    (tmp_path / "venue.json").write_bytes(msgspec.json.encode(listing))
    settings = read_settings({"venue": {"file": "venue.json"}})
    place = place_of(settings, tmp_path)
    assert (place.settings.clob, place.settings.chain_id) == ("http://127.0.0.1:7", 5)
    assert followed(settings, place).wallets.leaders == ("0x" + "ab" * 20,)
    own = read_settings({"venue": {"file": "venue.json"}, "wallets": {"leaders": ["0x" + "cd" * 20]}})
    assert followed(own, place).wallets.leaders == ("0x" + "cd" * 20,)
    for text in ("{", "[]", "{}"):
        (tmp_path / "venue.json").write_text(text)
        with pytest.raises(SettingsError, match="venue"):
            place_of(settings, tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is what a person needs."""
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: no such file"):
        load_settings(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    "text",
    [
        f'"0x{KEY}": 1',
        f"0x{KEY}: 1",
        f"risk:\n  {KEY}: 1",
        f'private: "0x{KEY}',
        f"private:\t0x{KEY}",
        f"[0x{KEY}",
    ],
)
def test_a_key_in_a_wrong_place_of_the_file_is_not_repeated(text: str, tmp_path: Path) -> None:
    """Neither as the name of a setting nor in a line that is no YAML."""
    file = tmp_path / "copybot.yaml"
    file.write_text(f"execution: {{mode: paper}}\n{text}\n")
    with pytest.raises(SettingsError, match=r"copybot\.yaml") as caught:
        load_settings(file)
    assert KEY[:12] not in str(caught.value) and str(int(KEY, 16)) not in str(caught.value)


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: " + "[" * 5000])
def test_a_file_without_end_is_a_clear_error(text: str, tmp_path: Path) -> None:
    """An alias may contain itself; brackets may go on and on."""
    file = tmp_path / "copybot.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match="too deep"):
        load_settings(file)
