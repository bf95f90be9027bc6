"""Answers as strict readers see them."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.agent.server.response import as_json

any_text = st.text(st.characters(exclude_categories=()), max_size=20)


@given(any_text)
def test_a_document_is_read_by_a_strict_reader_whatever_its_texts_hold(reason: str) -> None:
    """A check that fails over a file name that is no UTF-8 must not make its whole page unreadable."""
    told = msgspec.json.decode(b"".join(as_json(503, {"reason": reason}).body))
    assert told == {"reason": "".join("?" if 0xD800 <= ord(sign) < 0xE000 else sign for sign in reason)}
