"""The venues' command line."""

import pytest

from localvenues.cli import parser


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--rpc-port", "70000"),
        ("--feed-port", "-1"),
        ("--control-port", "http"),
        ("--block-time", "0"),
        ("--block-time", "nan"),
        ("--rate", "-3"),
        ("--rate", "inf"),
        ("--fund", "0x12"),
    ],
)
def test_a_value_that_cannot_be_meant_is_named(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before a node is started: exit code 2, with the option and the value."""
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(["arbitrum", "--dir", "venue", f"{option}={value}"])
    told = capsys.readouterr().err
    assert caught.value.code == 2 and option in told and value in told


def test_numbers_that_can_be_meant_are_taken() -> None:
    """Port 0 is any free one, rate 0 a market without traders."""
    words = parser().parse_args(["arbitrum", "--dir", "v", "--rpc-port", "0", "--rate", "0"])
    assert (words.rpc_port, words.rate, words.block_time) == (0, 0.0, 0.25)
