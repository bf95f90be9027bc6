"""The chain node: anvil as a child process that cannot outlive the venue."""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import shutil
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from localvenues.arbitrum.rpc import NodeUnreachable, Rpc

PACKAGE = Path(__file__).resolve().parents[3]
PR_SET_PDEATHSIG = 1
GAS_LIMIT = 1_000_000_000
# States kept for calls against recent blocks; without pruning, anvil spills every state to disk. Each one
# holds a copy of all block hashes since the start, so memory grows by about 70 bytes a block for each.
STATES_KEPT = 8
BLOCKS_KEPT = 400
START_SECONDS = 10.0
STOP_SECONDS = 1.0


class ChainError(Exception):
    """The chain node cannot start or has died; the text says why."""


def anvil_path() -> Path:
    """Return the node's binary: LOCALVENUES_ANVIL, else the one that set-up installed from npm."""
    given = os.environ.get("LOCALVENUES_ANVIL")
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    name = f"anvil-{platform.system().lower()}-{machine}"
    path = Path(given) if given else PACKAGE / "npm" / "node_modules" / "@foundry-rs" / name / "bin" / "anvil"
    if not path.exists():
        raise ChainError(f"no chain node at {path}: run `make setup`, or set LOCALVENUES_ANVIL")
    return path


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _die_with_parent() -> None:
    # Linux alone: the kernel kills the child when the venue dies, even by SIGKILL.
    if platform.system() == "Linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(slots=True)
class Chain:
    """A running node. Blocks are mined on request only: the sequencer sets the pace."""

    process: asyncio.subprocess.Process
    rpc: Rpc
    port: int
    home: Path

    @classmethod
    async def start(cls, folder: Path, chain_id: int, first: int, session: aiohttp.ClientSession) -> Chain:
        """Start the node, wait until it answers; first is its genesis block. It writes under folder only."""
        binary, port, home = anvil_path(), free_port(), folder / "anvil"
        home.mkdir(parents=True, exist_ok=True)
        with (folder / "anvil.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                str(binary),
                *_options(port, chain_id, first, home),
                stdout=log,
                stderr=log,
                env={"HOME": str(home), "TMPDIR": str(home), "PATH": os.defpath},
                preexec_fn=_die_with_parent,
                start_new_session=True,
            )
        chain = cls(process, Rpc(f"http://127.0.0.1:{port}", session), port, home)
        try:
            await asyncio.wait_for(chain._answer(), START_SECONDS)
        except BaseException:
            await chain.stop()
            raise
        return chain

    async def _answer(self) -> None:
        while self.process.returncode is None:
            try:
                await self.rpc.call("eth_chainId")
                return
            except NodeUnreachable:
                await asyncio.sleep(0.02)
        raise ChainError(self.epitaph())

    def epitaph(self) -> str:
        """Say how the node ended, with the end of its log."""
        log = self.home.parent / "anvil.log"
        tail = log.read_text(errors="replace").strip()[-500:] if log.exists() else ""
        return f"the chain node ended with {self.process.returncode}: {tail or 'it said nothing'}"

    async def died(self) -> str:
        """Wait until the node ends and say how."""
        await self.process.wait()
        return self.epitaph()

    async def stop(self) -> None:
        """End the node and remove what it wrote."""
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def _options(port: int, chain_id: int, first: int, home: Path) -> list[str]:
    values = {
        "--port": port,
        "--chain-id": chain_id,
        "--number": first,
        "--gas-limit": GAS_LIMIT,
        "--accounts": 0,
        "--order": "fifo",
        "--prune-history": STATES_KEPT,
        "--transaction-block-keeper": BLOCKS_KEPT,
        "--block-base-fee-per-gas": 20_000_000,
        "--cache-path": home,
        "--threads": 1,
    }
    words = [word for name, value in values.items() for word in (name, str(value))]
    return [*words, "--no-mining", "--disable-min-priority-fee", "--quiet"]
