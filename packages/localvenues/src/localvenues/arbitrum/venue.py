"""The venue's composition: what is started in which order, and stopped in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from localvenues.arbitrum import deploy, feed, listing, proxy, traders, truth
from localvenues.arbitrum.abi import call, text
from localvenues.arbitrum.chain import Chain, ChainError
from localvenues.arbitrum.control import Control
from localvenues.arbitrum.deploy import ETHER, Deployment, Script
from localvenues.arbitrum.feed import Feed
from localvenues.arbitrum.proxy import Proxy
from localvenues.arbitrum.sequencer import Composer, Sequenced, Sequencer
from localvenues.arbitrum.transactions import Account, keccak
from localvenues.faults import Fault, Faults

FAULT_NAMES = (*feed.FAULTS, *proxy.FAULTS)
FUNDED_ETHER = 100
FUNDED_WETH = 50
CONFIRM_BLOCKS = 240
DEPLOYER_ETHER = 10**9
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the venue is asked to be. rate is trades per second; offset is sequence 0's block number."""

    folder: Path
    seed: int = 1
    rpc_port: int = 0
    feed_port: int = 0
    control_port: int = 0
    block_time: float = 0.25
    fund: tuple[bytes, ...] = ()
    faults: tuple[Fault, ...] = ()
    sign_feed: bool = False
    chain_id: int = 412_346
    offset: int = 0
    rate: float = 8.0
    backlog: int = 1200
    require_version: bool = False


def own_account(seed: int, role: str) -> Account:
    """Return the venue's account for a role; the same seed gives the same key."""
    return Account.from_secret(keccak(f"localvenues arbitrum {seed} {role}".encode()))


class Venue:
    """A running venue."""

    def __init__(self, settings: Settings, chain: Chain, session: aiohttp.ClientSession) -> None:
        self.settings, self.chain = settings, chain
        self.feed = Feed(settings.chain_id, settings.backlog, settings.require_version)
        self.proxy = Proxy(chain.rpc.url, session)
        self.signer = own_account(settings.seed, "feed") if settings.sign_feed else None
        composer = Composer(settings.chain_id, settings.offset, settings.seed, self.signer)
        self.sequencer = Sequencer(chain.rpc, composer, self._publish, settings.seed, settings.offset)
        self.faults = Faults(dict.fromkeys(feed.FAULTS, self.feed) | dict.fromkeys(proxy.FAULTS, self.proxy))
        self.control = Control(self.status, self._balances, self.faults)
        self.deployment: Deployment
        self.crowd: traders.Crowd

    async def _publish(self, sequenced: Sequenced) -> None:
        self.feed.publish(sequenced.message)
        self.crowd.notice(sequenced.block)
        if sequenced.number % CONFIRM_BLOCKS == 0:
            self.feed.confirm()

    async def _balances(self, address: bytes) -> dict[str, Any]:
        return await truth.balances(self.chain.rpc, self.deployment, address)

    def status(self) -> dict[str, Any]:
        """Return counts of what the venue has done."""
        backlog = self.feed.backlog
        return {
            "blocks": self.sequencer.block - self.settings.offset,
            "block": self.sequencer.block,
            "transactions": self.sequencer.transactions,
            "feed": {
                "clients": len(self.feed.clients),
                "connections": self.feed.connections,
                "frames_sent": self.feed.frames_sent,
                "backlog": [backlog.head, backlog.tail] if len(backlog) else [],
            },
            "rpc": {"requests": self.proxy.requests, "refused": self.proxy.refused},
            "traders": self.crowd.status(),
        }

    def funded(self) -> dict[str, dict[str, str]]:
        """Return what the guests were given, in wei."""
        gift = {"eth": str(FUNDED_ETHER * ETHER), "weth": str(FUNDED_WETH * ETHER)}
        return {text(guest): gift for guest in self.settings.fund}

    async def deploy(self) -> None:
        """Put contracts, liquidity, the traders' and the guests' money on the chain."""
        settings, rpc = self.settings, self.chain.rpc
        script = Script(own_account(settings.seed, "deployer"), settings.chain_id)
        crowd = [own_account(settings.seed, f"trader {index}") for index in range(traders.CROWD)]
        rich = {script.account.address: DEPLOYER_ETHER, **{one.address: 10**6 for one in crowd}}
        for address, ether in (rich | dict.fromkeys(settings.fund, FUNDED_ETHER)).items():
            await rpc.call("anvil_setBalance", "0x" + address.hex(), hex(ether * ETHER))
        self.deployment = deploy.write(script)
        for guest in settings.fund:
            pay = call("transfer(address,uint256)", guest, FUNDED_WETH * ETHER)
            script.send(self.deployment.weth, pay)
        self.crowd = traders.Crowd(self.deployment, crowd, settings.chain_id, settings.seed, settings.rate)
        await deploy.run(rpc, script.take(), self.sequencer.mine)
        await deploy.set_decimals(rpc, self.deployment)
        await deploy.verify(rpc, self.deployment)
        await deploy.run(rpc, self.crowd.opening(script), self.sequencer.mine)
        await self.crowd.look(rpc)

    async def open(self) -> None:
        """Open the doors and say where they are in venue.json."""
        settings = self.settings
        await self.feed.listener.open(settings.feed_port)
        await self.proxy.listener.open(settings.rpc_port)
        await self.control.listener.open(settings.control_port)
        listing.write(settings.folder, listing.describe(self))
        for fault in settings.faults:
            self.faults.schedule(fault)

    async def close(self) -> None:
        """Shut the doors."""
        listing.remove(self.settings.folder)
        await self.faults.stop()
        for door in (self.feed, self.proxy, self.control):
            await door.listener.close()

    async def run(self) -> None:
        """Mine, trade and serve until something breaks; then raise why."""
        rpc, pace = self.chain.rpc, self.settings.block_time
        works = {
            asyncio.ensure_future(self.sequencer.run(pace)),
            asyncio.ensure_future(self.crowd.run(rpc, pace)),
        }
        death = asyncio.ensure_future(self.chain.died())
        try:
            done, _ = await asyncio.wait({*works, death}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({death}, timeout=0.5)
            if death.done():
                raise ChainError(death.result())
            done.pop().result()
        finally:
            for task in (*works, death):
                task.cancel()
            await asyncio.gather(*works, death, return_exceptions=True)


@asynccontextmanager
async def opened(settings: Settings, say: Say) -> AsyncIterator[Venue]:
    """Start a venue and yield it when it is ready; stop it in reverse order."""
    async with AsyncExitStack() as stack:
        settings.folder.mkdir(parents=True, exist_ok=True)
        listing.remove(settings.folder)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        say("starting the chain node")
        chain = await Chain.start(settings.folder, settings.chain_id, settings.offset, session)
        stack.push_async_callback(chain.stop)
        venue = Venue(settings, chain, session)
        say("deploying contracts, tokens and pools")
        await venue.deploy()
        stack.push_async_callback(venue.close)
        await venue.open()
        say(f"ready: {settings.folder / listing.NAME}")
        yield venue
