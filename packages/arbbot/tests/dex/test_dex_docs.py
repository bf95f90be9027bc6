"""What the reference pages of the dex book and of replay say is so."""

import re
from pathlib import Path

from arbbot.decode.errors import CalldataError, FrameError, MessageError, TransactionError
from arbbot.dex.book import ROUTER_KINDS, SALTS
from arbbot.dex.load import parse_book

PAGES = Path(__file__).resolve().parents[4] / "docs" / "reference"
DEX, REPLAY = (PAGES / "dex.md").read_text("utf-8"), (PAGES / "replay.md").read_text("utf-8")


def words(text: str) -> set[str]:
    return set(re.findall(r"`([a-z0-9_]+)`", text))


def test_the_example_of_the_page_is_a_book() -> None:
    example = re.search(r"```yaml\n(.*?)```", DEX, re.DOTALL)
    assert example is not None
    book = parse_book(example[1])
    assert (book.chain_id, len(book.tokens), len(book.routers), len(book.factories)) == (42161, 2, 1, 2)


def test_every_kind_salt_and_reason_is_documented() -> None:
    rows = set(re.findall(r"^\| `([a-z0-9_]+)` \|", DEX, re.MULTILINE))
    assert set(ROUTER_KINDS) <= rows
    assert set(SALTS) <= words(DEX)
    assert CalldataError.reasons <= words(DEX)
    shown = FrameError.reasons | MessageError.reasons | TransactionError.reasons
    assert shown <= words(REPLAY)
