"""The paths."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from watchkeeper.keeper.store import Flip
from watchkeeper.keeper.web.answers import BadQuery, json, moment, whole
from watchkeeper.keeper.web.api import chosen_bot, live_of
from watchkeeper.keeper.web.health.past import as_csv, shares_of, spells_of
from watchkeeper.keeper.web.health.shapes import PastTold
from watchkeeper.keeper.web.sight import Sight
from watchkeeper.keeper.web.users.entrance import Handler
from watchkeeper.keeper.web.users.routes import by_path

DEFAULT_SECONDS = 86_400.0
MOST = 10_000


async def history(request: Request) -> Response:
    """Answer the past states of a bot's components, silences and targets."""
    return json(past_of(request))


async def history_csv(request: Request) -> Response:
    """Answer the same as a file for a spreadsheet."""
    told = past_of(request)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{file_name(told.bot)}"',
    }
    return Response(as_csv(told.spells), 200, headers, "text/csv")


def file_name(bot: str) -> str:
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in bot)
    return f"health-{plain[:60]}.csv"


def past_of(request: Request) -> PastTold:
    """Return what the query asks for: the last day where no range is given."""
    sight = live_of(request).sight
    bot, name = chosen_bot(request, sight), request.query_params.get("component")
    limit = whole(request, "limit", 1_000, 1, MOST)
    end = moment(request, "end", sight.now())
    start = moment(request, "start", max(0.0, end - DEFAULT_SECONDS))
    if start >= end:
        raise BadQuery("start, end: expected a start before the end")
    now = min(end, max(start, sight.now()))  # nobody knows how long a state will last
    spells = [
        one for one in spells_of(flips_of(sight, bot, start, end, limit), now) if name in (None, one.name)
    ]
    spells = spells[-limit:]
    return PastTold(bot=bot, start=start, end=end, spells=spells, shares=shares_of(spells, start, now))


def flips_of(sight: Sight, bot: str, start: float, end: float, limit: int) -> list[Flip]:
    """Return the changes of all that belongs to a bot, oldest first."""
    prefixes = [f"component/{bot}/", f"silence/{bot}/"]
    found = [flip for prefix in prefixes for flip in sight.flips.below(prefix, start, end, limit)]
    mine = {f"target/{contact.job}/{contact.instance}" for contact in sight.contacts() if contact.bot == bot}
    for subject in sorted(mine):
        found += [flip for flip in sight.flips.below(subject, start, end, limit) if flip.subject == subject]
    return sorted(found, key=lambda flip: flip.at)


PATHS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/api/health/history", history),
    ("GET", "/api/health/history.csv", history_csv),
)


def routes() -> list[BaseRoute]:
    """Return the routes."""
    return by_path(PATHS)
