"""The diary: every change of an alert, at once, as a line of the keeper's log and of a file.

It hears what nobody may miss later: no group, silence or interval holds it back. The changes are rows
already; the outbox owes each of its two channels those that it has not taken yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from watchkeeper.keeper.alerts import Notice, Notification, Slot, fingerprint, notices
from watchkeeper.keeper.alerts.groups import ROW
from watchkeeper.keeper.config.tree import Notify
from watchkeeper.keeper.memory import ALERT, last_row
from watchkeeper.keeper.notify.channels.paper import JsonlSender, LogSender
from watchkeeper.keeper.notify.channels.sender import Sender, Voice
from watchkeeper.keeper.notify.outbox import Line, Outbox
from watchkeeper.keeper.store import Flip, Flips

RECEIVER = "diary"
BATCH = 100
STORY = 200


def pens(notify: Notify, folder: Path, voice: Voice) -> dict[Line, Sender]:
    """Return the channels of the section `notify`; paths of files start from the data folder."""
    found: dict[Line, Sender] = {}
    if notify.log.enabled:
        found[Line(RECEIVER, "log")] = LogSender(voice)
    if notify.jsonl.enabled:
        path, limit = folder / notify.jsonl.path, int(notify.jsonl.max_bytes)
        found[Line(RECEIVER, "jsonl")] = JsonlSender(voice, path, limit, notify.jsonl.keep)
    return found


class Diary:
    """Hands the rows of alerts on, each once to each line; a restart goes on where the outbox's rows end."""

    def __init__(self, flips: Flips, lines: Iterable[Line], outbox: Outbox) -> None:
        """Begin behind what each line was told last; raises OutboxUnwritable.

        A new line begins at the end: nobody wants the alerts of the past month.
        """
        end = last_row(flips)
        self._heard = {line: outbox.told_up_to(slot_of(line), end) for line in lines}
        self._mark = min(self._heard.values(), default=end)
        self._flips = flips
        self._outbox = outbox

    async def follow(self) -> None:
        """Hand on the alerts among the rows that were written since the last time."""
        while self._heard and (rows := self._flips.after(self._mark, BATCH)):
            alerts = [(row, flip) for row, flip in rows if flip.subject.startswith(ALERT)]
            await self._outbox.put(
                [one for row, flip in alerts for one in self._of(row, notice_of(self._flips, flip))]
            )
            self._mark = rows[-1][0]

    async def unwritten(self, flip: Flip) -> None:
        """Hand on an alert whose row the disk refused: silence is worse than a line without a number."""
        (notice,) = notices([plain(flip)])
        await self._outbox.put(list(self._of(0, notice)))

    def _of(self, row: int, notice: Notice) -> Iterable[Notification]:
        for line, heard in self._heard.items():
            if not row or row > heard:
                yield notification_of(line, row, notice)


def slot_of(line: Line, row: int = 1) -> Slot:
    """Return where a line's rows stand in the outbox; those without a number stand apart."""
    return Slot(RECEIVER if row else f"{RECEIVER}/unwritten", line.receiver, line.channel, line.place)


def notification_of(line: Line, row: int, notice: Notice) -> Notification:
    """Return what one line is told of one row."""
    names = frozenset({fingerprint(notice.alert.labels)})
    firing, resolved = (
        (names, frozenset[str]()) if notice.alert.ends_at is None else (frozenset[str](), names)
    )
    slot = slot_of(line, row)
    return Notification(notice.at, slot, (), (notice.alert,), firing, resolved, ROW, row=row)


def notice_of(flips: Flips, flip: Flip) -> Notice:
    """Return the notice of one alert row; a resolved one takes its start from the rows before it."""
    story = [row for row in flips.of(flip.subject, STORY)[::-1] if row.at <= flip.at and row != flip]
    return notices(plain(row) for row in [*story[-1:], flip])[-1]


def plain(flip: Flip) -> tuple[float, str, str, str, str]:
    return flip.at, flip.subject.removeprefix(ALERT), flip.to_state, flip.reason, flip.severity
