"""Where the venue is: the configuration, or a local venue's venue.json in its stead."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from copybot.bot import Venue
from copybot.clob import Contracts, Data, Gamma, Http, Signer, Trading
from copybot.ports import ApiObserver, Clock
from copybot.settings import Settings, SettingsError, VenueSettings

URLS = ("clob", "clob_ws", "data_api", "gamma", "rtds", "relayer", "chain_id")


class Place(msgspec.Struct, frozen=True):
    """A venue's addresses, contracts, and the leaders that it proposes (a local one)."""

    settings: VenueSettings
    contracts: Contracts
    leaders: tuple[str, ...] = ()


class Clients:
    """The venue's clients with one HTTP client per API; close them at the end."""

    def __init__(
        self,
        place: Place,
        signer: Signer,
        clock: Clock,
        observer: ApiObserver,
        salt: Callable[[], int] = lambda: secrets.randbits(52),
    ) -> None:
        where = place.settings

        def http(name: str, url: str) -> Http:
            return Http(name, url, observer, timeout=where.timeout_seconds, share=where.budget_share)

        clob, data, gamma = http("clob", where.clob), http("data", where.data_api), http("gamma", where.gamma)
        relayer = http("relayer", where.relayer) if where.relayer else None
        self._open = [one for one in (clob, data, gamma, relayer) if one is not None]
        trading = Trading(
            clob, signer, clock, salt, relayer=relayer, chain_id=where.chain_id, contracts=place.contracts
        )
        self.venue = Venue(trading, Data(data, nonces(clock)), Gamma(gamma))

    async def close(self) -> None:
        """Close all connections."""
        for http in self._open:
            await http.close()


def nonces(clock: Clock) -> Callable[[], str]:
    """Return a source of texts that no cache has seen: the start's time and a count."""
    start, numbers = int(clock() * 1000), count()
    return lambda: f"{start}.{next(numbers)}"


def place_of(settings: Settings, folder: Path) -> Place:
    """Return the venue's place; venue.file is relative to the configuration's folder; raise SettingsError."""
    given = settings.venue
    if given.file is None:
        return Place(given, Contracts())
    path = folder / given.file
    try:
        tree: Any = msgspec.json.decode(path.read_bytes())
        return local_place(given, tree)
    except OSError as error:
        raise SettingsError(f"venue.file: {error.strerror}: {path}") from None
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError) as error:
        raise SettingsError(f"venue.file: {path} is no venue.json: {error!r}") from None


def local_place(given: VenueSettings, tree: dict[str, Any]) -> Place:
    """Read a local venue's venue.json."""
    told = {name: tree[name] for name in URLS if name in tree}
    settings = msgspec.structs.replace(given, **told)
    contracts = tree["contracts"]
    exchanges = Contracts(str(contracts["exchange"]), str(contracts["neg_risk_exchange"]))
    return Place(settings, exchanges, tuple(str(one).lower() for one in tree.get("leaders", ())))
