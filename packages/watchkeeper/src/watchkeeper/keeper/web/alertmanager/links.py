"""/ack: the page behind the link in a message. The signed token is all that it asks for.

Looking at the page acknowledges nothing: chats and mail programs look at links by themselves.
"""

from __future__ import annotations

from html import escape

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alerts import GroupView
from watchkeeper.keeper.answering import Answering
from watchkeeper.keeper.notify.errors import TokenInvalid
from watchkeeper.keeper.web.alertmanager.bodies import body_of, decoded
from watchkeeper.keeper.web.alertmanager.errors import Refused, answer
from watchkeeper.keeper.web.alertmanager.words import name_of

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Acknowledge</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
</head><body><main><h1>{title}</h1>{list}{form}<p id="told" role="status"></p></main>
<script src="/ack.js"></script></body></html>
"""
FORM = """<form id="ack"><label>Your name <input id="who" required maxlength="80" autocomplete="name"></label>
<button>Acknowledge</button></form>"""
SCRIPT = """const form = document.getElementById("ack"), told = document.getElementById("told");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = new URLSearchParams(location.search).get("token");
  const who = document.getElementById("who").value;
  const answer = await fetch("/ack", {
    method: "POST",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({token, who}),
  });
  const said = await answer.json();
  told.textContent = said.said ?? said;
  if (answer.ok) form.remove();
});
"""
MOST_SHOWN = 20


class Word(msgspec.Struct, forbid_unknown_fields=True):
    token: str
    who: str = ""


async def get_page(request: Request) -> Response:
    """Show what the token is for, and a button."""
    answering: Answering = request.app.state.answering
    try:
        group = answering.group(request.query_params.get("token", ""))
    except TokenInvalid as error:
        return page(403, f"This link cannot be used: {error}")
    return page(200, "Nothing of this group fires any more") if group is None else page(200, "", group)


def page(status: int, title: str, group: GroupView | None = None) -> Response:
    if group is None:
        text = PAGE.format(title=escape(title), list="", form="")
        return Response(text, status, media_type="text/html")
    lines = []
    for view in group.alerts[:MOST_SHOWN]:
        taken = f" (acknowledged by {view.acknowledgement.who})" if view.acknowledgement else ""
        summary = dict(view.alert.annotations).get("summary", "")
        lines.append(f"<li>{escape(f'{view.alert.name}: {summary}{taken}')}</li>")
    count = len(group.alerts)
    title = f"{count} alert{'s' if count != 1 else ''}"
    text = PAGE.format(title=title, list=f"<ul>{''.join(lines)}</ul>", form=FORM)
    return Response(text, 200, {"Cache-Control": "no-store"}, media_type="text/html")


async def get_script(request: Request) -> Response:
    return Response(SCRIPT, media_type="text/javascript")


async def post_word(request: Request) -> Response:
    """Acknowledge the group of a token; 403 for one that is forged or too old."""
    answering: Answering = request.app.state.answering
    given = decoded(await body_of(request, "word", 4096), Word, "word")
    who = name_of(request) or given.who.strip()[:80]
    if not who:
        raise Refused(400, "who: say who you are")
    try:
        return answer({"said": await answering.acknowledge(given.token, who)})
    except TokenInvalid as error:
        raise Refused(403, str(error)) from None
