"""The configuration's errors name the key and what to do; keys never get in."""

from pathlib import Path
from typing import Any

import pytest

from arbbot.loader import read_book
from arbbot.settings import SettingsError, execution_enabled, load_settings, read_key, read_settings

KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"


def tree(**more: Any) -> dict[str, Any]:
    base = {"chain_id": 1, "dex": "dex.yaml", "feed": {"url": "ws://h"}, "rpc": {"url": "http://h"}}
    return base | more


def test_the_smallest_configuration_has_execution_off() -> None:
    """What is not said is safe."""
    settings = read_settings(tree())
    assert not settings.execution.enabled
    assert not execution_enabled(settings, {"EXECUTION_ENABLED": "true"})


def test_execution_needs_two_switches() -> None:
    """Configuration alone is not enough, nor the environment alone."""
    settings = read_settings(tree(execution={"enabled": True}))
    assert not execution_enabled(settings, {})
    assert not execution_enabled(settings, {"EXECUTION_ENABLED": "1"})
    assert execution_enabled(settings, {"EXECUTION_ENABLED": "true"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fed": {}}, ["unknown key fed", "did you mean feed"]),
        ({"feed": {"url": "ws://h", "silense_seconds": 1}}, ["feed.silense_seconds", "feed.silence_seconds"]),
        ({"feed": {"url": "http://h"}}, ["feed.url", "wss://"]),
        ({"feed": {"url": "ws://h", "grade": "lax"}}, ["feed.grade", "permissive"]),
        ({"feed": {"url": "ws://h", "signers": ["0x12"]}}, ["feed.signers[0]", "no address"]),
        ({"execution": {"executor": "0xzz"}}, ["execution.executor", "no address"]),
        ({"execution": {"executor": ""}}, ["execution.executor", "no address"]),
        (
            {"execution": {"executor": "0x82aF49447D8a07e3bd95BD0d56f35241523fBaB1"}},
            ["execution.executor", "checksum", "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"],
        ),
        ({"rpc": {"url": "http://127.0.0.1:99999/path"}}, ["rpc.url", "port"]),
        ({"rpc": {"url": "http://[::1/path"}}, ["rpc.url", "no host"]),
        ({"feed": {"url": "wss://"}}, ["feed.url", "no host"]),
        ({"limits": {"min_profit": -1}}, ["limits.min_profit", "between"]),
        ({"rpc": {"url": "http://h", "retries": "many"}}, ["rpc.retries"]),
        ({"chain_id": 0}, ["chain_id"]),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, Any], words: list[str]) -> None:
    """The error names the key, and the nearest right one or the choices."""
    with pytest.raises(SettingsError) as caught:
        read_settings(tree(**change))
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    "value", [KEY, "0x" + KEY, int(KEY, 16), {"deep": ["x", "0x" + KEY]}, " 0x" + KEY.upper()[2:] + "ab "]
)
def test_a_private_key_in_the_configuration_is_refused_and_not_repeated(value: Any) -> None:
    """Wherever a key stands, the error says where and shows nothing of it."""
    with pytest.raises(SettingsError) as caught:
        read_settings(tree(execution=value))
    assert "ARBBOT_KEY_FILE" in str(caught.value)
    assert KEY[:12] not in str(caught.value).lower()


def test_an_url_that_cannot_be_used_is_not_repeated() -> None:
    """A provider's URL holds the caller's own key."""
    with pytest.raises(SettingsError) as caught:
        read_settings(tree(rpc={"url": "https://node.example:port/v2/caller-key"}))
    assert "caller-key" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f'"0x{KEY}": 1',
        f"0x{KEY}: 1",
        f"log:\n  {KEY}: 1",
        f'private: "0x{KEY}',
        f"private:\t0x{KEY}",
        f"private: 0x{KEY}: 1",
        f"!!python/name:{KEY} x",
    ],
)
def test_a_key_in_a_wrong_place_of_the_file_is_not_repeated(text: str, tmp_path: Path) -> None:
    """Neither as the name of a setting nor in the line that is no YAML."""
    file = tmp_path / "arbbot.yaml"
    file.write_text(f"chain_id: 1\n{text}\n")
    with pytest.raises(SettingsError, match=r"arbbot\.yaml") as caught:
        load_settings(file)
    assert KEY[:12] not in str(caught.value) and str(int(KEY, 16)) not in str(caught.value)


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: " + "[" * 5000])
def test_a_file_without_end_is_a_clear_error(text: str, tmp_path: Path) -> None:
    """An alias may contain itself; brackets may go on and on."""
    file = tmp_path / "arbbot.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match="too deep"):
        load_settings(file)


@pytest.mark.parametrize("key", ["00" * 32, "ff" * 32])
def test_a_number_that_signs_nothing_is_no_key(key: str) -> None:
    """The curve has fewer points than 32 bytes have values."""
    with pytest.raises(SettingsError, match="order"):
        read_key({"ARBBOT_KEY": key})


def test_a_key_file_that_is_no_text_is_a_clear_error(tmp_path: Path) -> None:
    """A key in raw bytes is not taken; the error names the file."""
    file = tmp_path / "key"
    file.write_bytes(bytes(range(200, 232)))
    with pytest.raises(SettingsError, match="no text"):
        read_key({"ARBBOT_KEY_FILE": str(file)})


def test_a_token_that_the_book_lacks_is_named_before_anything_runs() -> None:
    """The check of a configuration finds it, not only the first start."""
    settings = read_settings(tree(chain_id=42161, dex="arbitrum_one", market={"base": "WHET"}))
    with pytest.raises(SettingsError, match=r"WHET.*WETH"):
        read_book(settings, Path("/nowhere"))


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    """The file wins over the environment variable; errors hold nothing of a broken key."""
    file = tmp_path / "key"
    file.write_text("0x" + KEY + "\n")
    assert read_key({"ARBBOT_KEY_FILE": str(file)}).hex() == KEY
    assert read_key({"ARBBOT_KEY": KEY}).hex() == KEY
    for environment in ({}, {"ARBBOT_KEY": KEY[:-1]}, {"ARBBOT_KEY_FILE": str(tmp_path / "none")}):
        with pytest.raises(SettingsError) as caught:
            read_key(environment)
        assert KEY[:12] not in str(caught.value)


def test_a_missing_or_broken_file_is_a_clear_error(tmp_path: Path) -> None:
    """The file's name is in the text."""
    broken = tmp_path / "arbbot.yaml"
    for text in (None, "a: [", "[]", ""):
        if text is not None:
            broken.write_text(text)
        with pytest.raises(SettingsError, match=r"arbbot\.yaml"):
            load_settings(broken)
