"""`arbbot replay`: recorded frames in, one JSON line per transaction out."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import rlp
from coincurve import PrivateKey
from eth_account import Account

from arbbot.decode import feed_hash, parse_frame
from arbbot.dex.address import checksum
from arbbot.replay import replay

RECORDED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "arbitrum"
POSTER = "0xA4b000000000000000000073657175656e636572"
SIGNER = "0xDaa526086787d9DEbE1D7F3FFdb1fE50cf8687F4"
Rows = list[dict[str, Any]]


@pytest.fixture
def recorded() -> Path:
    """The folder of recorded Arbitrum data, or a skip that says so."""
    if not RECORDED.is_dir():
        pytest.skip("recorded data is absent: ../shared/data/arbitrum")
    return RECORDED


class Runner:
    """Runs the verb on lines and keeps what it said."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys, self.told = folder, capsys, ""

    def __call__(self, *lines: object, options: tuple[str, ...] = (), code: int = 0) -> Rows:
        path = self.folder / "frames.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("\n".join(texts), "utf-8")
        return self.on(str(path), *options, code=code)

    def on(self, *arguments: str, code: int = 0) -> Rows:
        assert replay(list(arguments)) == code
        out, self.told = self.capsys.readouterr()
        return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Give a runner of the verb."""
    return Runner(tmp_path, capsys)


def tx(nonce: int = 0, chain_id: int | None = 42161) -> bytes:
    fields = {"nonce": nonce, "gas": 21000, "gasPrice": 1, "to": POSTER, "value": 1}
    if chain_id is not None:
        fields["chainId"] = chain_id
    return b"\x04" + bytes(Account.sign_transaction(fields, b"\x11" * 32).raw_transaction)


def frame(
    l2: bytes, sequence: int | None = 1, header: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    head = {
        "kind": 3,
        "sender": POSTER,
        "blockNumber": 5,
        "timestamp": 1_760_000_000,
        "requestId": None,
        "baseFeeL1": 0,
    }
    inner = {"header": {**head, **(header or {})}, "l2Msg": base64.b64encode(l2).decode()}
    message = {"sequenceNumber": sequence, "message": {"message": inner, "delayedMessagesRead": 1}, **fields}
    return {"version": 1, "messages": [message]}


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


UNSIGNED = b"\x00" + word(500_000) + word(10**9) + word(3) + word(12) + word(5) + b"\xaa\xbb\xcc\xdd"


@pytest.mark.parametrize("name", ["arb1_messages", "nitro_frames"])
def test_recordings_agree_with_their_expected_rows(recorded: Path, run: Runner, name: str) -> None:
    expected = json.loads((recorded / f"feed/{name}.expected.json").read_text("utf-8"))
    messages = expected["messages"] if isinstance(expected, dict) else expected
    wanted = [(m["sequenceNumber"], i, row) for m in messages for i, row in enumerate(m["txs"])]
    rows = run.on(str(recorded / f"feed/{name}.jsonl"))
    assert len(rows) == len(wanted)
    for row, (sequence, index, fields) in zip(rows, wanted, strict=True):
        assert (row["sequenceNumber"], row["index"]) == (sequence, index)
        assert {key: row[key] for key in fields} == fields
        assert row.get("feedSigner") == (SIGNER if name == "nitro_frames" else None)


def test_recorded_swaps_agree_and_nothing_else_is_called_a_swap(recorded: Path, run: Runner) -> None:
    known = {
        row["hash"]: row for row in json.loads((recorded / "calldata/nitro_frames_swaps.json").read_text())
    }
    swapping = 0
    for row in run.on(str(recorded / "feed/nitro_frames.jsonl")):
        legs = list(expected_legs(known.get(row["hash"], {})))
        assert [leg_of(swap) for swap in row["swaps"]] == legs
        swapping += bool(legs)
    assert swapping == 5


def expected_legs(row: dict[str, Any]) -> Any:
    decoded = [*(row.get("inner_decoded") or []), row.get("decoded")]
    for fields in filter(None, decoded):
        if "tokenIn" in fields:
            path = [checksum(bytes.fromhex(fields[key][2:])) for key in ("tokenIn", "tokenOut")]
            yield path, [int(fields["fee"])], fields["amountIn"], fields["amountOutMinimum"]
        for entry in fields.get("inputs", ()):
            if not isinstance(entry, str) and entry[0] == "V3_SWAP_EXACT_IN":
                wire = bytes.fromhex(entry[1]["path"][2:])
                path = [checksum(wire[i : i + 20]) for i in range(0, len(wire), 23)]
                fees = [int.from_bytes(wire[i : i + 3], "big") for i in range(20, len(wire), 23)]
                yield path, fees, entry[1]["amountIn"], entry[1]["amountOutMin"]


def leg_of(swap: dict[str, Any]) -> Any:
    assert (swap["protocol"], swap["version"], swap["kind"]) == ("uniswap", "v3", "exact_in")
    assert swap["amount_out"] is swap["amount_in_max"] is None
    return swap["path"], swap["fees"], swap["amount_in"], swap["amount_out_min"]


def test_a_message_is_shown_once_and_again_with_another_block(run: Runner) -> None:
    one, other = {"blockHash": "0x" + "01" * 32}, {"blockHash": "0x" + "02" * 32}
    lines = [frame(tx(), 5, **one), frame(tx(), 5, **one), frame(tx(), 5, **other), frame(tx(), 5, **one)]
    assert len(run(*lines)) == 2
    assert len(run(frame(tx(), 5, **one), frame(tx(), 5))) == 1
    assert "2 repeated" not in run.told
    assert "1 repeated" in run.told


def test_messages_without_a_number_are_told_apart_by_their_content(run: Runner) -> None:
    rows = run(frame(tx(1), None), frame(tx(2), None), frame(tx(1), None))
    assert [row["nonce"] for row in rows] == ["1", "2"]


def test_a_rejected_message_is_one_line_and_no_transaction(run: Runner) -> None:
    bad = b"\x03" + len(tx()).to_bytes(8, "big") + tx() + (1).to_bytes(8, "big") + b"\x08"
    rows = run(frame(bad, 7), frame(tx(), 8))
    assert rows[0] == {"sequenceNumber": 7, "error": "l2_kind", "detail": "L2 kind 8"}
    assert rows[1]["sequenceNumber"] == 8
    assert "1 rejected" in run.told


def test_malformed_lines_are_told_and_counted_and_the_rest_is_shown(run: Runner) -> None:
    rows = run("{broken", "", '{"version":3}', frame(tx(), 8), "\x00")
    assert len(rows) == 1
    assert "line 1: json" in run.told
    assert "line 3: version" in run.told
    assert "3 malformed" in run.told


def test_an_unsigned_transaction_takes_the_chain_id_from_its_neighbours(run: Runner) -> None:
    batch = b"\x03" + b"".join(len(part).to_bytes(8, "big") + part for part in (UNSIGNED, tx(chain_id=4663)))
    alone, first, _ = run(frame(UNSIGNED, 1), frame(batch, 2))
    assert (alone["type"], alone["chainId"], alone["hash"]) == (0x65, None, None)
    assert (first["chainId"], first["from"], first["selector"]) == (4663, POSTER, "0xaabbccdd")
    (given,) = run(frame(UNSIGNED, 1), options=("--chain-id", "4663"))
    assert given["hash"] == first["hash"]


def test_transactions_of_l1_have_rows_too(run: Runner) -> None:
    request = {"requestId": "0x" + "0e" * 32}
    head = (
        word(12),
        word(5),
        word(100),
        word(30),
        word(13),
        word(14),
        word(200_000),
        word(9),
        word(2),
        b"\x01\x02",
    )
    deposit, retryable, report = run(
        frame(bytes(19) + b"\x0c" + word(9), 1, {"kind": 12, **request}),
        frame(b"".join(head), 2, {"kind": 9, **request}),
        frame(word(1) + bytes(20) + word(2) + word(3) + word(4), 3, {"kind": 13}),
        options=("--chain-id", "42161"),
    )
    assert (deposit["type"], deposit["value"], deposit["from"]) == (100, "9", POSTER)
    assert (retryable["type"], retryable["retryData"], retryable["depositValue"]) == (105, "0x0102", "100")
    assert (report["type"], report["hash"], report["from"]) == (
        106,
        None,
        checksum(bytes(17) + b"\x0a\x4b\x05"),
    )


def test_a_transaction_of_another_chain_is_marked(run: Runner) -> None:
    (row,) = run(frame(tx(chain_id=1)), options=("--chain-id", "42161"))
    assert (row["chainId"], row["error"], row["swaps"]) == (1, "chain_id", [])
    (row,) = run(frame(tx(chain_id=1)))
    assert "error" not in row


def test_a_transaction_nobody_could_sign_is_marked(run: Runner) -> None:
    raw = bytearray(tx())
    raw[-32:] = b"\xff" * 32
    (row,) = run(frame(bytes(raw)))
    assert (row["from"], row["error"]) == (None, "signature")


def test_integers_beyond_every_width_are_decimal_text(run: Runner) -> None:
    huge = 1 << 40_000
    fields = [b"\x01", b"", b"", b"", b"", b"", huge.to_bytes(5001, "big"), b"", [], b"", b"\x01", b"\x01"]
    (row,) = run(frame(b"\x04\x02" + rlp.encode(fields)))
    assert len(row["value"]) == 12_042
    assert int(row["value"][-15:]) == pow(2, 40_000, 10**15)
    named = [(1 << 60).to_bytes(8, "big"), *fields[1:6], b"", *fields[7:]]
    (row,) = run(frame(b"\x04\x02" + rlp.encode(named)))
    assert row["chainId"] == str(1 << 60)


def signed_frame(chain_id: int, **fields: Any) -> dict[str, Any]:
    content = frame(tx(chain_id=chain_id), **fields)
    (message,) = parse_frame(json.dumps(content)).messages
    signature = PrivateKey(b"\x33" * 32).sign_recoverable(feed_hash(message, chain_id), hasher=None)
    content["messages"][0]["signatureV2"] = base64.b64encode(signature).decode()
    return content


def test_the_feeds_signer_is_shown_and_can_be_demanded(run: Runner) -> None:
    content = signed_frame(4663)
    (row,) = run(content)
    signer = row["feedSigner"]
    run(content, options=("--verify-signer", signer))
    run(content, options=("--verify-signer", SIGNER), code=1)
    run(frame(tx()), options=("--verify-signer", signer), code=1)
    content["messages"][0]["signatureV2"] = "AAAA"
    (row,) = run(content, options=("--verify-signer", signer), code=1)
    assert (row["feedSigner"], row["feedSignerError"]) == (None, "signature")


def test_the_express_lane_is_shown_where_it_is_known(run: Runner) -> None:
    (row,) = run(frame(tx(), blockMetadata="AAI="))
    assert row["expressLane"] is True
    (row,) = run(frame(tx()))
    assert "expressLane" not in row


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl: No such file"),
        (["."], "Is a directory"),
        (["-", "--dex", "nowhere.yaml"], "nowhere.yaml: No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_said(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err


@pytest.mark.parametrize(
    "options",
    [
        ["--chain-id", "-1"],
        ["--chain-id", "x"],
        ["--grade", "lax"],
        ["--verify-signer", "0x12"],
        ["--unknown"],
    ],
)
def test_wrong_arguments_end_with_2(options: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        replay(["file", *options])
    assert caught.value.code == 2


def test_a_bad_dex_book_is_said(tmp_path: Path, run: Runner) -> None:
    book = tmp_path / "dex.yaml"
    book.write_text("chain_id: 1\nrouter: {}\n")
    run(frame(tx()), options=("--dex", str(book)), code=2)
    assert "dex.yaml: router: unknown key; the nearest is 'routers'" in run.told


def test_the_book_names_the_protocol_and_the_grade_decides(
    recorded: Path, tmp_path: Path, run: Runner
) -> None:
    book = tmp_path / "dex.yaml"
    router = (
        '{address: "0xCaf681a66D020601342297493863E78C959E5cb2", protocol: pancakeswap, kind: swap_router_02}'
    )
    book.write_text(f"chain_id: 4663\nrouters:\n  r: {router}\n")
    source = str(recorded / "feed/nitro_frames.jsonl")
    strict = run.on(source, "--dex", str(book), "--grade", "strict")
    protocols = [swap["protocol"] for row in strict for swap in row["swaps"]]
    assert protocols == ["pancakeswap"] * 4
    assert {row["swapError"] for row in strict if "swapError" in row} == {"router"}


def pipe(script: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHON": sys.executable}
    return subprocess.run(
        ["bash", "-c", script], input=data, capture_output=True, timeout=60, env=environment, check=False
    )


def test_standard_input_is_read_and_a_broken_pipe_ends_quietly() -> None:
    lines = b"".join(json.dumps(frame(tx(i), i)).encode() + b"\n" for i in range(3))
    done = pipe('"$PYTHON" -m arbbot.replay -', lines)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 3)
    many = b"".join(
        lines.replace(b'"sequenceNumber": ', b'"sequenceNumber": ' + str(i).encode()) for i in range(1, 400)
    )
    done = pipe('set -o pipefail; "$PYTHON" -m arbbot.replay - | head -n 1', many)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, b"", 1)


def test_a_full_disk_is_said_of_the_output(tmp_path: Path) -> None:
    """The error must not be taken for one of the file that is read."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("/dev/full is absent")
    file = tmp_path / "frames.jsonl"
    file.write_text(
        '{"version":1,"messages":[{"sequenceNumber":1,"message":{"message":{"header":{"kind":10}}}}]}\n'
    )
    with full.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "arbbot.replay", str(file)],
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert "the output: No space left" in done.stderr
