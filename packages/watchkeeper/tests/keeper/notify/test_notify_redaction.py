"""No secret leaves, and what a trader must read stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.notify.redaction import HIDDEN, Redactor

HASH = "0x" + "ab12" * 16
ADDRESS = "0x" + "c0ffee00" * 5
JOIN = "".join  # what looks like a token must not stand in this file as one


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=hunter2 failed", "hunter2"),
        ('{"api_key": "k-123-456"}', "k-123-456"),
        (f"private_key: {HASH}", HASH),
        (f"the key {HASH[2:]} leaked", HASH[2:]),
        ("mnemonic: " + "abandon " * 11 + "about", "abandon"),
        ("wss://user:geheim@node.example/ws", "geheim"),
        ("https://arb-mainnet.g.example.com/v2/abcDEF123456789012345678901", "abcDEF123456789012345678901"),
        ("https://hooks.slack.com/services/T0/B0/qwertyuiop", "qwertyuiop"),
        ("https://discord.com/api/webhooks/12345/abcdef-ghijkl", "abcdef-ghijkl"),
        ("bot " + JOIN(["123456789:", "AAbbCCddEEffGGhhIIjjKKllMMnnOOpp123"]), "AAbbCC"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        (JOIN(["eyJ", "hbGciOiJIUzI1NiJ9", ".", "eyJzdWIiOiIxMjM0In0", ".", "c2lnbmF0dXJlMTIz"]), "c2lnbmF0"),
        (JOIN(["AK", "IA", "IOSFODNN7EXAMPLE"]) + " was used", "IOSFODNN7EXAMPLE"),
        ("-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "MIIabc"),
        ("auth_token=abc123", "abc123"),
    ],
)
def test_a_secret_is_hidden(text: str, secret: str) -> None:
    """Whatever looks like a secret by its form or by the word before it goes."""
    told = Redactor().text(text)
    assert secret not in told and HIDDEN in told


@pytest.mark.parametrize(
    "text",
    [
        f"transaction {HASH} failed",
        f"https://arbiscan.io/tx/{HASH}",
        f"https://arbiscan.io/address/{ADDRESS}",
        f"token={ADDRESS} against token: WETH",
        "gas 0.1 gwei, profit 12.5 USDC, block 24407242",
        "2026-11-21T09:00:00Z feed silent for 12s on 127.0.0.1:9090/metrics",
        'sum(rate(mev_swaps_detected_total{protocol="uniswap_v3"}[5m]))',
    ],
)
def test_what_a_trader_needs_stays(text: str) -> None:
    """Hashes, addresses, coins, queries and times are no secrets."""
    assert Redactor().text(text) == text


def test_a_known_secret_is_hidden_wherever_it_stands() -> None:
    """A configured value goes from every text, in the middle of a word, too; the longer one first."""
    redactor = Redactor(["abcd", "abcdef", "xy"])
    assert redactor.text("0abcdef1 abcd xy") == f"0{HIDDEN}1 {HIDDEN} xy"
    redactor.learn("fresh-secret")
    assert redactor.text("fresh-secret") == HIDDEN


def test_a_label_that_is_named_like_a_secret_loses_its_value() -> None:
    """The name alone is enough; an empty value stays empty."""
    pairs = Redactor().pairs((("db_password", "x"), ("api_key", ""), ("token", "WETH"), ("pool", "p")))
    assert pairs == (("db_password", HIDDEN), ("api_key", ""), ("token", "WETH"), ("pool", "p"))


@given(st.text(max_size=300))
def test_redaction_is_done_once_for_all(text: str) -> None:
    """A redacted text has nothing more to hide."""
    redactor = Redactor()
    assert redactor.text(redactor.text(text)) == redactor.text(text)
