"""The configuration's errors name the key and what to do; keys never get in."""

from pathlib import Path
from typing import Any

import pytest

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
