"""/api/v2/silences and /api/v2/silence/{id}."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts import MatcherInvalid, Silence, SilenceInvalid, SilenceUnknown
from watchkeeper.keeper.alerts.labels import labelset
from watchkeeper.keeper.alerts.matchers import Matcher, Matchers, Operator, ordered
from watchkeeper.keeper.alerts.silences import ACTIVE, PENDING, check_new
from watchkeeper.keeper.web.alertmanager.bodies import body_of, check_origin, decoded
from watchkeeper.keeper.web.alertmanager.errors import (
    REQUIRED,
    TOO_FEW,
    WRONG_TYPE,
    Malformed,
    Refused,
    answer,
)
from watchkeeper.keeper.web.alertmanager.filters import flag, matchers_of
from watchkeeper.keeper.web.alertmanager.times import moment, stamp

MOST_BYTES = 1 << 20
OPERATORS: dict[tuple[bool, bool], Operator] = {
    (True, False): "=",
    (False, False): "!=",
    (True, True): "=~",
    (False, True): "!~",
}


class PostableMatcher(msgspec.Struct):
    name: str | None = None
    value: str | None = None
    isRegex: bool | None = None
    isEqual: bool | None = None


class PostableSilence(msgspec.Struct):
    """A silence as the specification has it; other keys are passed over."""

    id: str | None = None
    matchers: list[PostableMatcher] | None = None
    startsAt: str | None = None
    endsAt: str | None = None
    createdBy: str | None = None
    comment: str | None = None
    annotations: dict[str, str] | None = None


async def post_silence(request: Request) -> Response:
    """Keep a silence, or change one that has an id; answer the id of what holds now."""
    desk: AlertDesk = request.app.state.alerting
    given = decoded(await body_of(request, "silence", MOST_BYTES), PostableSilence, "silence")
    silence = silence_of(given)
    try:
        check_new(silence, desk.now())
    except SilenceInvalid as error:
        raise Refused(400, f"Failed to create silence: {error}") from None
    try:
        kept = await desk.put_silence(silence)
    except SilenceInvalid as error:
        raise Refused(400, f"silence invalid: {error}") from None
    return answer({"silenceID": kept.id})


def silence_of(given: PostableSilence) -> Silence:
    """Return the silence that is asked for; raise Malformed, Refused."""
    for name in ("comment", "createdBy", "endsAt", "matchers", "startsAt"):
        if getattr(given, name) is None:
            raise Malformed(422, f"{name} in body is required", REQUIRED)
    if not given.matchers:
        raise Malformed(422, "matchers in body should have at least 1 items", TOO_FEW)
    try:
        starts_at, ends_at = moment(given.startsAt), moment(given.endsAt)
    except ValueError as error:
        raise Malformed(400, f'parsing silence body from "" failed, because {error}') from None
    return Silence(
        matcher_sets=(matchers(given.matchers),),
        starts_at=starts_at or 0.0,
        ends_at=ends_at or 0.0,
        created_by=given.createdBy or "",
        comment=given.comment or "",
        id=given.id or "",
        annotations=labelset(given.annotations or {}),
    )


def matchers(given: list[PostableMatcher]) -> Matchers:
    found = []
    for place, one in enumerate(given):
        for name in ("isRegex", "name", "value"):
            if getattr(one, name) is None:
                raise Malformed(422, f"matchers.{place}.{name} in body is required", REQUIRED)
        operator = OPERATORS[one.isEqual is not False, bool(one.isRegex)]
        try:
            found.append(Matcher(one.name or "", operator, one.value or ""))
        except MatcherInvalid as error:
            text = f'invalid label matcher {place}: invalid regular expression "{one.value}": {error}'
            raise Refused(400, f"silence invalid: {text}") from None
    return ordered(found)


async def get_silences(request: Request) -> Response:
    """Answer the silences: active ones by their end, pending ones by their start, then those that ended."""
    desk: AlertDesk = request.app.state.alerting
    now, wanted = desk.now(), matchers_of(request)
    states = {state for state in ("active", "pending", "expired") if flag(request, state)}
    found = [one for one in desk.silences() if one.state(now) in states and asked_for(one, wanted)]
    return answer([silence_row(one, now) for one in sorted(found, key=lambda one: place_of(one, now))])


def asked_for(silence: Silence, wanted: Matchers) -> bool:
    """Return whether a silence has all these matchers, to the letter; that is how Alertmanager looks."""
    return all(any(one in matchers for matchers in silence.matcher_sets) for one in wanted)


def place_of(silence: Silence, now: float) -> tuple[int, float]:
    state = silence.state(now)
    if state == ACTIVE:
        return 0, silence.ends_at
    return (1, silence.starts_at) if state == PENDING else (2, -silence.ends_at)


async def get_silence(request: Request) -> Response:
    desk: AlertDesk = request.app.state.alerting
    try:
        return answer(silence_row(desk.silence(id_of(request)), desk.now()))
    except SilenceUnknown:
        return Response(status_code=404)


async def delete_silence(request: Request) -> Response:
    desk: AlertDesk = request.app.state.alerting
    check_origin(request)
    await desk.expire_silence(id_of(request))
    return Response(status_code=200)


def id_of(request: Request) -> str:
    given: str = request.path_params["id"]
    try:
        return str(UUID(given))
    except ValueError:
        text = f'silenceID in path must be of type uuid: "{given[:80]}"'
        raise Malformed(422, text, WRONG_TYPE) from None


def silence_row(silence: Silence, now: float) -> dict[str, Any]:
    """Return a silence as the specification has it."""
    return {
        "id": silence.id,
        "status": {"state": silence.state(now)},
        "updatedAt": stamp(silence.updated_at),
        "annotations": dict(silence.annotations),
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": stamp(silence.ends_at),
        "matchers": [
            {
                "isEqual": one.op in ("=", "=~"),
                "isRegex": one.op in ("=~", "!~"),
                "name": one.name,
                "value": one.value,
            }
            for one in silence.matchers
        ],
        "startsAt": stamp(silence.starts_at),
    }
