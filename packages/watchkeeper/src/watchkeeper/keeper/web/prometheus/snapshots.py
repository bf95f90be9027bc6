"""POST /api/v1/admin/tsdb/snapshot: a consistent copy of the samples in the data folder."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.web.prometheus.envelope import Forbidden, success
from watchkeeper.keeper.web.prometheus.queries import source_of
from watchkeeper.keeper.web.prometheus.receiving import foreign


async def snapshot(request: Request) -> Response:
    """Write a copy; answer its name (as Prometheus does) and its folder."""
    if foreign(request) is not None:
        raise Forbidden("requests of foreign web pages are refused")
    source = source_of(request)
    moment = datetime.fromtimestamp(source.now(), UTC)
    name = f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    folder: Path = source.data / "snapshots" / name
    await asyncio.to_thread(source.store.snapshot, folder)
    return success({"name": name, "folder": str(folder.resolve())})
