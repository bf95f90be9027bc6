"""Acknowledge by the signed token of a button or a link: who holds it speaks for its group."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts import GroupView
from watchkeeper.keeper.notify.tokens import Tokens, group_name


@dataclass(frozen=True, slots=True)
class Answering:
    """Reads tokens and lets their holders take groups on."""

    desk: AlertDesk
    tokens: Tokens

    def group(self, token: str) -> GroupView | None:
        """Return the group that a token is for, None once it is over; raise TokenInvalid."""
        name = self.tokens.read(token, self.desk.now())
        return next((one for one in self.desk.groups() if group_name(one.key) == name), None)

    async def acknowledge(self, token: str, who: str) -> str:
        """Take a group's alerts on; return what to tell who asked. Raise TokenInvalid."""
        group = self.group(token)
        if group is None:
            return "nothing of this group fires any more"
        for view in group.alerts:
            await self.desk.acknowledge(view.alert.fingerprint, who)
        count = len(group.alerts)
        return f"{count} alert{'s' if count != 1 else ''} acknowledged by {who}"
