"""Start is recovery: enter the stored series, then take the journal in again."""

from __future__ import annotations

import logging

import numpy as np

from watchkeeper.keeper.store.database import Database
from watchkeeper.keeper.store.errors import ChunkCorrupt
from watchkeeper.keeper.store.head import NEVER
from watchkeeper.keeper.store.index import Index
from watchkeeper.keeper.store.intake import Intake
from watchkeeper.keeper.store.journal import decode_frame
from watchkeeper.keeper.store.series import Refs

_log = logging.getLogger(__name__)
_FRAME_SAMPLES = 1 << 16


def load_series(database: Database, index: Index, intake: Intake) -> Refs:
    """Enter all stored series; return by ref the last journal frame whose samples are in chunks."""
    rows = list(database.series())
    sealed = np.full(rows[-1].id + 1 if rows else 0, -1, np.int64)
    for row in rows:
        index.add(row.id, row.labels)
        intake.admit(row.id)
        sealed[row.id] = row.sealed
        intake.head.last_time[row.id] = NEVER if row.last is None else row.last
    return sealed


def replay(database: Database, intake: Intake, sealed: Refs) -> int:
    """Take the journal's samples in that are not in chunks yet; return how many frames were corrupt.

    They are journalled anew under higher numbers; the next flush swaps the frames in one transaction.
    """
    corrupt = 0
    for seq, data in database.frames():
        try:
            refs, times, values = decode_frame(seq, data)
        except ChunkCorrupt as error:
            _log.error("journal frame %d is corrupt and left out: %s", seq, error)
            corrupt += 1
            continue
        inside = (refs >= 0) & (refs < len(sealed))
        fresh = inside & (sealed[np.where(inside, refs, 0)] < seq) if len(sealed) else inside
        intake.accept(refs[fresh], times[fresh], values[fresh], trusted=True)
        if intake.journal.open_samples > _FRAME_SAMPLES:
            intake.journal.cut()
    return corrupt
