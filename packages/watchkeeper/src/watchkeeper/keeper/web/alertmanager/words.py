"""What people say of alerts, where Alertmanager has no paths: acknowledge, resolve, ask who would hear."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts import AlertUnknown, preview
from watchkeeper.keeper.alerts.matchers import Matchers, agree, read_matchers
from watchkeeper.keeper.web.alertmanager.bodies import body_of, decoded
from watchkeeper.keeper.web.alertmanager.errors import Refused, answer
from watchkeeper.keeper.web.alertmanager.times import moment

MOST_BYTES = 1 << 20


class Word(msgspec.Struct, forbid_unknown_fields=True):
    """Who says it of which alerts: by fingerprint, or all that matchers accept; until when."""

    who: str = ""
    fingerprints: list[str] = []
    matchers: list[str] = []
    until: str | None = None
    seconds: float | None = None
    note: str = ""


async def post_acknowledgement(request: Request) -> Response:
    """Acknowledge alerts; answer their fingerprints."""
    desk: AlertDesk = request.app.state.alerting
    word = await word_of(request)
    until = until_of(word, desk.now())
    found = meant(word, desk)
    for one in found:
        await desk.acknowledge(one, word.who, until, word.note)
    return answer({"acknowledged": found})


async def post_withdrawal(request: Request) -> Response:
    """Take acknowledgements back."""
    desk: AlertDesk = request.app.state.alerting
    word = await word_of(request)
    found = meant(word, desk)
    for one in found:
        await desk.unacknowledge(one, word.who)
    return answer({"unacknowledged": found})


async def post_resolution(request: Request) -> Response:
    """End alerts by somebody's word."""
    desk: AlertDesk = request.app.state.alerting
    word = await word_of(request)
    found = meant(word, desk)
    for one in found:
        await desk.resolve(one, word.who)
    return answer({"resolved": found})


async def word_of(request: Request) -> Word:
    word = decoded(await body_of(request, "word", MOST_BYTES), Word, "word")
    word.who = name_of(request) or word.who.strip()
    if not word.who:
        raise Refused(400, "who: say who you are")
    if not word.fingerprints and not word.matchers:
        raise Refused(400, "fingerprints or matchers: say which alerts")
    return word


def name_of(request: Request) -> str:
    """Return the name of somebody who has logged in; nobody speaks for another."""
    visitor = getattr(request.state, "visitor", None)
    return str(getattr(visitor, "name", "") or "")


def until_of(word: Word, now: float) -> float | None:
    """Return until when a word holds; None is until the alert is over. Raise Refused."""
    try:
        until = moment(word.until)
    except ValueError as error:
        raise Refused(400, f"until: {error}") from None
    if word.seconds is not None:
        until = now + word.seconds
    if until is not None and until <= now:
        raise Refused(400, "until: expected a time to come")
    return until


def meant(word: Word, desk: AlertDesk) -> list[str]:
    """Return the fingerprints of the alerts that are meant; raise AlertUnknown where there is none."""
    views = desk.alerts()
    known = {view.alert.fingerprint for view in views}
    for one in word.fingerprints:
        if one not in known:
            raise AlertUnknown(f"no alert has the fingerprint {one!r}")
    if not word.matchers:
        return list(dict.fromkeys(word.fingerprints))
    matchers = read(word.matchers)
    found = [view.alert.fingerprint for view in views if agree(matchers, dict(view.alert.labels))]
    if not found:
        raise AlertUnknown(f"no alert matches {', '.join(word.matchers)}")
    return list(dict.fromkeys([*word.fingerprints, *found]))


def read(texts: list[str]) -> Matchers:
    return tuple(one for text in texts for one in read_matchers(text))


async def get_preview(request: Request) -> Response:
    """Answer to whom an alert with the labels of `label=name=value` would go now; nothing is sent."""
    desk: AlertDesk = request.app.state.alerting
    labels: dict[str, str] = {}
    for text in request.query_params.getlist("label"):
        name, _, value = text.partition("=")
        labels[name] = value
    found = preview(desk.dispatcher, labels, desk.now())
    return answer(
        {
            "silencedBy": list(found.silenced_by),
            "inhibitedBy": list(found.inhibited_by),
            "routes": [
                {
                    "receiver": one.route.terms.receiver,
                    "groupKey": one.group_key,
                    "channels": [f"{each.kind}[{each.place}]" for each in one.integrations],
                    "mutedBy": list(one.muted_by),
                    "escalation": one.policy,
                }
                for one in found.passages
            ],
        }
    )
