"""report, leaders score, backtest, address: what a person asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from copybot.backtest import backtest
from copybot.cli import main
from copybot.executor import OrderLedger
from copybot.leaders import score
from copybot.model import MICRO, Level, OwnTrade, Plan
from copybot.positions import PositionLedger
from copybot.report import report
from copybot.settings import Settings, SettingsError
from copybot.state import State
from copybot.vitals import (
    LATELY,
    STUCK_SECONDS,
    ApiVitals,
    BookVitals,
    BreakerVitals,
    ExecutorVitals,
    StreamVitals,
    WalletVitals,
)
from copybot.wallets import WalletLedger

LEADER = "0x" + "a1" * 20


def test_the_report_tells_profit_by_leader_and_market_and_what_was_missed(state: State, fill: Any) -> None:
    """Its sums are the books'."""
    wallets, orders, books = WalletLedger(state), OrderLedger(state), PositionLedger(state)
    wallets.follow(LEADER, 0)
    one, other = fill(), fill(tx="0x2")
    wallets.admit([one, other], "push", 0, 0)
    wallets.decide(other.key, "refused", "slippage", "too dear")
    books.open_with(100 * MICRO)
    plan = Plan(one.key, LEADER, one.token, one.condition, "BUY", 510_000, 10 * MICRO, 10_000, False)
    orders.attempt(plan, "FAK", 1.0)
    for side, price, name in (("BUY", 500_000, "t1"), ("SELL", 700_000, "t2")):
        level = (Level(price, 10 * MICRO),)
        trade = OwnTrade(name, "o", one.token, one.condition, side, level, "CONFIRMED", 1.0)  # type: ignore[arg-type]
        books.apply(trade, LEADER, 10_000)
    told = report(state)
    assert told["realised"] == "1.980000" and told["cash"] == "101.980000"
    assert [(row["leader"], row["realised"]) for row in told["by_leader"]] == [(LEADER, "1.980000")]
    assert [row["realised"] for row in told["by_market"]] == ["1.980000"]
    assert told["positions"] == []
    assert books.by_leader() == {LEADER: 1_980_000}
    assert told["fills"] == {"copied": 1, "refused": 1} and told["refused"] == {"slippage": 1}
    assert told["missed"][0]["detail"] == "too dear"


@pytest.mark.parametrize(
    "name", ["pscanner/activity.json", "py-sdk_data_v2/trades.json", "polymarket-cli/trades.json"]
)
def test_recorded_activity_can_be_replayed(recorded: Path, name: str) -> None:
    """Each fill is copied or refused with a reason, and the money adds up."""
    data = (recorded / name).read_bytes()
    told = backtest(data, Settings(), "1000")
    assert told["fills"] == told["copied"] + sum(told["refused"].values()) > 0
    lines = b"\n".join(json.dumps(row).encode() for row in json.loads(data))
    assert backtest(lines, Settings(), "1000") == told


def test_a_replayed_round_trip_earns_what_the_prices_say() -> None:
    """Bought at 0.50, sold at 0.60, each half the allowed slippage worse."""
    base = {"proxyWallet": LEADER, "asset": "7", "conditionId": "0xc", "size": 100}
    rows = [
        base | {"side": "BUY", "price": 0.5, "timestamp": 1000, "transactionHash": "0x1"},
        base | {"side": "SELL", "price": 0.6, "timestamp": 2000, "transactionHash": "0x2"},
        base | {"side": "?", "price": 0.6, "timestamp": 2000, "transactionHash": "0x3"},
    ]
    told = backtest(json.dumps(rows).encode(), Settings(), "1000")
    assert told["copied"] == 2 and told["unreadable"] == {"side": 1}
    assert 0.7 < float(told["realised"]) < 1.0


@pytest.mark.parametrize("payout", [100, 0])
@pytest.mark.parametrize("version", [1, 2])
def test_a_replayed_redemption_closes_what_was_copied(payout: int, version: int) -> None:
    """A REDEEM row names no token: the one of which the leader held the payout has won, if any was paid."""
    base = {"proxyWallet": LEADER, "conditionId": "0xc", "type": "TRADE", "side": "BUY", "size": 100}
    redeem = {"type": "REDEEM", "asset": "", "side": "", "price": 0, "outcomeIndex": 999, "timestamp": 3000}
    rows = [
        base | redeem | {"size": payout, ("usdcSize", "usdc_size")[version - 1]: payout},
        base | {"asset": "7", "price": 0.5, "timestamp": 1000, "transactionHash": "0x1"},
        base | {"asset": "8", "price": 0.5, "timestamp": 2000, "transactionHash": "0x2", "size": 2},
    ]
    told = backtest(json.dumps(rows).encode(), Settings(), "1000")
    assert (told["copied"], told["redeemed"], told["unreadable"]) == (2, 2, {})
    assert float(told["worth"]) == pytest.approx(1000 + float(told["realised"]))
    assert (float(told["realised"]) > 0) is (payout > 0)


def test_a_replay_needs_cash_that_is_not_negative() -> None:
    with pytest.raises(SettingsError, match="--cash"):
        backtest(b"[]", Settings(), "-1")


def test_a_leader_who_wins_scores_higher(fill: Any) -> None:
    """Profit on volume and the share of winning sales decide; a pace beyond following costs."""
    won = [
        fill(side=side, price=price, timestamp=at)
        for side, price, at in (("BUY", 400_000, 0), ("SELL", 600_000, 9))
    ]
    lost = [
        fill(side=side, price=price, timestamp=at)
        for side, price, at in (("BUY", 600_000, 0), ("SELL", 400_000, 9))
    ]
    good, bad = score(LEADER, won, []), score(LEADER, lost, [])
    assert good.points > bad.points and (good.realised, bad.realised) == (20 * MICRO, -20 * MICRO)
    assert not score(LEADER, won, []).row()["too_fast_to_copy"]
    assert score(LEADER, won * 50, []).row()["too_fast_to_copy"]
    assert score(LEADER, [], []).points == 0


def test_the_paper_key_is_made_once_and_kept_private(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    """The address stays the same; nobody else can read the file."""
    for name in ("COPYBOT_KEY", "COPYBOT_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "copybot.yaml"
    config.write_text("")
    addresses = set()
    for _ in range(2):
        assert main(["address", "--config", str(config)]) == 0
        addresses.add(capsys.readouterr().out.strip())
    assert len(addresses) == 1
    assert (tmp_path / "copybot-state" / "paper.key").stat().st_mode & 0o077 == 0


def test_a_wrong_configuration_ends_with_a_word_for_it(tmp_path: Path, capsys: Any) -> None:
    """Exit status 2, and the key at fault."""
    config = tmp_path / "copybot.yaml"
    config.write_text("risk: {totl: 1}")
    assert main(["check-config", "--config", str(config)]) == 2
    assert "risk.total" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["report", "pause", "resume"])
@pytest.mark.parametrize("what", ["no database", "no folder"])
def test_rows_that_cannot_be_opened_end_with_a_word_for_it(
    tmp_path: Path, capsys: Any, verb: str, what: str
) -> None:
    """A damaged file, or a file where the folder should be: exit 1 and one line, no stack."""
    place = tmp_path / "copybot-state"
    if what == "no folder":
        place.write_text("")
    else:
        place.mkdir()
        (place / "copybot.sqlite").write_bytes(b"no database at all" * 400)
    config = tmp_path / "copybot.yaml"
    config.write_text("{}")
    assert main([verb, "--config", str(config)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("copybot: ") and "copybot.sqlite: " in said and said.count("\n") == 1


def test_a_damaged_paper_key_is_told_and_not_shown(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.delenv("COPYBOT_KEY", raising=False)
    (tmp_path / "copybot-state").mkdir()
    (tmp_path / "copybot-state" / "paper.key").write_text("ab12" * 15)
    config = tmp_path / "copybot.yaml"
    config.write_text("{}")
    assert main(["address", "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert "paper.key" in said and "ab12" not in said


def test_a_configuration_that_holds_itself_is_refused(tmp_path: Path, capsys: Any) -> None:
    config = tmp_path / "copybot.yaml"
    config.write_text("wallets: &again [*again]")
    assert main(["check-config", "--config", str(config)]) == 2
    assert "hold themselves" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["0x1"], [f"{LEADER},{LEADER}"], [LEADER, "--days", "nan"], [LEADER, "--days", "-5"]]
)
def test_a_score_of_nobody_is_a_wrong_call(words: list[str], capsys: Any) -> None:
    """The venue answers a list of wallets with no fills: that would look like a leader who never trades."""
    with pytest.raises(SystemExit) as caught:
        main(["leaders", "score", *words])
    assert caught.value.code == 2
    assert "error: argument" in capsys.readouterr().err


def test_live_without_the_official_client_ends_with_a_word_for_it(
    tmp_path: Path, capsys: Any, monkeypatch: Any
) -> None:
    for name, value in {"COPYBOT_LIVE": "true", "COPYBOT_KEY": "a1" * 32, "METRICS_ENABLED": "false"}.items():
        monkeypatch.setenv(name, value)
    config = tmp_path / "copybot.yaml"
    config.write_text("execution: {mode: live}")
    assert main(["run", "--config", str(config)]) == 1
    assert capsys.readouterr().err.strip() == (
        "copybot: live trading needs the extra: pip install 'copybot[live]'"
    )


def test_live_with_one_switch_is_not_called_paper(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.delenv("COPYBOT_LIVE", raising=False)
    config = tmp_path / "copybot.yaml"
    config.write_text("execution: {mode: live}")
    assert main(["check-config", "--config", str(config)]) == 0
    assert "live (refused while COPYBOT_LIVE" in capsys.readouterr().out


def test_vitals_turn_at_their_thresholds() -> None:
    """API success rate and failures, scans, orders, breaker, books."""
    api = ApiVitals(failures=5, success_rate=0.8)
    for at in range(5):
        assert api.verdict(at)[0] == "healthy"
        api.called("clob", at, "timeout")
    assert api.verdict(5)[0] == "unhealthy"
    api.called("clob", 5, "refused")  # a refusal is an answer
    assert api.verdict(6)[0] == "healthy"
    wallets = WalletVitals(scan=3.0, silence=20.0)
    assert wallets.verdict(0)[0] == "degraded"
    wallets.count, wallets.scanned, wallets.stream.frame = 25, 0.0, 0.0
    wallets.stream.joined()
    assert [wallets.verdict(at)[0] for at in (10, 25, 31)] == ["healthy", "degraded", "unhealthy"]
    orders = ExecutorVitals()
    for outcome in ["rejected"] * 4 + ["matched"] + ["absent"] * 5:
        assert orders.verdict(0) == ("healthy", "")
        orders.executed(outcome)
    assert orders.verdict(0)[0] == "degraded"
    breaker = BreakerVitals()
    breaker.loss_status = "warning"
    assert breaker.verdict(0)[0] == "degraded"
    breaker.paused = True
    assert breaker.verdict(0)[0] == "unhealthy"
    books = BookVitals()
    books.reconciled(1)
    assert books.verdict(0)[0] == "healthy"
    books.reconciled(2)
    assert books.verdict(0)[0] == "degraded"


def test_a_break_is_told_for_longer_than_it_lasts() -> None:
    """A stream that broke off and came back at once is seen by whoever looks each few seconds."""
    stream = StreamVitals("market")
    assert "not connected" in stream.trouble(0)
    stream.joined()
    assert stream.trouble(0) == ""
    stream.left(1.0, "silence")
    stream.joined()
    assert "broke off 2 s ago (silence)" in stream.trouble(3.0)
    assert stream.trouble(1.0 + LATELY) == ""
    stream.unread.note(20.0)
    assert "could not be read" in stream.trouble(21.0)
    assert stream.trouble(20.0 + LATELY) == ""


def test_slow_calls_a_silent_exchange_and_stuck_trades_are_told() -> None:
    """Each turns its own component, and turns it back."""
    api = ApiVitals(failures=5, success_rate=0.8)
    for seconds, told in ((2.0, "degraded"), (0.1, "healthy")):
        for at in range(20):
            api.called("data", at, None, seconds)
        assert api.verdict(20)[0] == told
    orders = ExecutorVitals()
    orders.called("data", 0.0, "unavailable")
    orders.called("clob", 0.0, "refused")
    assert orders.verdict(0.0)[0] == "healthy"
    orders.called("clob", 0.0, "restarting")
    assert orders.verdict(1.0) == ("degraded", "the exchange did not answer 1 calls (restarting)")
    assert orders.verdict(LATELY)[0] == "healthy"
    books = BookVitals()
    for oldest, told in ((STUCK_SECONDS, "healthy"), (STUCK_SECONDS + 1, "degraded"), (0.0, "healthy")):
        books.oldest = oldest
        assert books.verdict(0)[0] == told
