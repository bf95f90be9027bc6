"""Who owns what. Nothing is created or lost but by deposit, mint and merge; holdings cover holds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from localvenues.polymarket.exchange.money import ONE


class LedgerError(Exception):
    """A booking would break the ledger's law: a bug of the venue, never of a bot."""


@dataclass(slots=True)
class Position:
    """What an account did with one token: average cost without fees, and what it realised."""

    shares: int = 0
    cost: int = 0
    bought: int = 0
    spent: int = 0
    realized: int = 0
    fees: int = 0
    since: int = 0
    updated: int = 0

    @property
    def average(self) -> int:
        """Return the average price paid per share held, or per share ever bought once none is left."""
        shares, cost = (self.shares, self.cost) if self.shares else (self.bought, self.spent)
        return cost * ONE // shares if shares else 0

    def add(self, shares: int, cost: int) -> None:
        """Book shares that came for a cost."""
        self.shares += shares
        self.cost += cost
        self.bought += shares
        self.spent += cost

    def take(self, shares: int, proceeds: int) -> None:
        """Book shares that left for proceeds."""
        cost = self.cost * shares // self.shares if self.shares else 0
        self.shares -= shares
        self.cost -= cost
        self.realized += proceeds - cost


@dataclass(slots=True)
class Account:
    """Settled cash and positions; held is what open orders and unsettled trades bind."""

    cash: int = 0
    deposited: int = 0
    fees: int = 0
    held: int = 0
    held_tokens: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    positions: dict[str, Position] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """Return the cash that nothing binds."""
        return self.cash - self.held

    def shares(self, token: str) -> int:
        """Return settled shares of a token."""
        position = self.positions.get(token)
        return position.shares if position else 0

    def free_shares(self, token: str) -> int:
        """Return shares of a token that nothing binds."""
        return self.shares(token) - self.held_tokens.get(token, 0)

    def position(self, token: str, now: int) -> Position:
        """Return the position in a token, opened at this time if there is none."""
        found = self.positions.get(token)
        if found is None:
            found = self.positions[token] = Position(since=now)
        found.updated = now
        return found

    def bind(self, cash: int = 0, token: str = "", shares: int = 0) -> None:
        """Bind cash or shares; negative amounts free them again."""
        self.held += cash
        if token and shares:
            self.held_tokens[token] += shares
            if not self.held_tokens[token]:
                del self.held_tokens[token]


class Ledger:
    """All accounts, the collateral behind minted pairs, and the fees collected."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.vault: defaultdict[str, int] = defaultdict(int)
        self.fees = 0
        self.deposits = 0

    def account(self, address: str) -> Account:
        """Return an address's account; a new one is empty."""
        found = self.accounts.get(address)
        if found is None:
            found = self.accounts[address] = Account()
        return found

    def deposit(self, address: str, amount: int) -> None:
        """Give an address cash from outside."""
        account = self.account(address)
        account.cash += amount
        account.deposited += amount
        self.deposits += amount

    def buy(self, address: str, token: str, shares: int, cash: int, now: int, fee: int = 0) -> None:
        """Book bound cash out and shares in."""
        account = self.account(address)
        account.bind(cash=-(cash + fee))
        account.cash -= cash + fee
        position = account.position(token, now)
        position.add(shares, cash)
        self._collect(account, fee, token, now)
        self._check(account, token)

    def sell(self, address: str, token: str, shares: int, cash: int, now: int, fee: int = 0) -> None:
        """Book bound shares out and cash in, less the fee."""
        account = self.account(address)
        account.bind(token=token, shares=-shares)
        account.cash += cash - fee
        account.position(token, now).take(shares, cash)
        self._collect(account, fee, token, now)
        self._check(account, token)

    def _collect(self, account: Account, fee: int, token: str, now: int) -> None:
        if fee:
            account.fees += fee
            account.position(token, now).fees += fee
            self.fees += fee

    def mint(self, condition: str, shares: int) -> None:
        """Lock a dollar per new pair."""
        self.vault[condition] += shares

    def burn(self, condition: str, shares: int) -> None:
        """Free a dollar per destroyed pair."""
        self.vault[condition] -= shares
        if self.vault[condition] < 0:
            raise LedgerError(f"{condition} holds less than its shares")

    def _check(self, account: Account, token: str) -> None:
        if account.cash < 0 or account.held < 0 or account.shares(token) < 0:
            raise LedgerError("an account went below nothing")

    def total(self) -> int:
        """Return all cash there is: in accounts, behind pairs, in fees. It equals all deposits."""
        return sum(one.cash for one in self.accounts.values()) + sum(self.vault.values()) + self.fees
