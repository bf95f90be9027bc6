"""The bot's own key: given by environment or file; on paper made once and kept beside the rows."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from copybot.settings import KEY_LIKE, Settings, SettingsError, read_key, read_secret


def key_of(settings: Settings, folder: Path) -> bytes:
    """Return the signing key; raise SettingsError where live trading has none."""
    if read_secret("COPYBOT_KEY") or settings.execution.mode == "live":
        return read_key()
    path = folder / settings.state / "paper.key"
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_once(path, secrets.token_hex(32))
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {getattr(error, 'strerror', None) or 'no text'}") from None
    if not KEY_LIKE.fullmatch(text):
        raise SettingsError(f"{path} is not 64 hexadecimal digits (its text is not shown); mend or remove it")
    return bytes.fromhex(text.removeprefix("0x"))


def write_once(path: Path, text: str) -> None:
    """Write a new file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
