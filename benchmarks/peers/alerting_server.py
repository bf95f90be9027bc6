"""Our alerting alone, as a process: Alertmanager's API v2 over the desk, its rows, the outbox.

Usage: alerting_server.py CONFIG FOLDER PORT
"""

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alertstore import AlertStore
from watchkeeper.keeper.notify.channels.settings import Place
from watchkeeper.keeper.notify.opening import speech_of
from watchkeeper.keeper.notify.outbox import Outbox
from watchkeeper.keeper.web.alertmanager import routes


async def main(config: Path, folder: Path, port: int) -> None:
    """Serve until killed."""
    alerting = parse(config.read_text())
    store = AlertStore.open(folder)
    speech = speech_of(alerting, Place(folder, folder), "", time.time)
    outbox = Outbox(folder / "outbox.db", speech.senders, time.time)
    memory = store.memory()
    memory = replace(memory, log=outbox.last_words(memory.log))
    desk = AlertDesk(alerting, store, memory, outbox.put, time.time)
    app = Starlette(routes=routes())
    app.state.alerting, app.state.version = desk, "bench"
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", http="httptools"))
    await asyncio.gather(outbox.run(), desk.run(), server.serve())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
