"""The keeper's own API, path by path."""

from __future__ import annotations

from typing import Any

from watchkeeper.keeper.web.boards import shapes as boards
from watchkeeper.keeper.web.health import shapes as health
from watchkeeper.keeper.web.openapi import sights
from watchkeeper.keeper.web.openapi.endpoint import Endpoint, moment, text, whole
from watchkeeper.keeper.web.operations import shapes as operations
from watchkeeper.keeper.web.profiles import shapes as profiles
from watchkeeper.keeper.web.recovery import shapes as recovery
from watchkeeper.keeper.web.users import shapes as users

BOT = text("bot", "a bot's name; the first one where it is left out")
NEWEST = whole("limit", 1, 1000, "how many, at most")
BODY = (413, 415)

SEEN = (
    Endpoint(method="GET", path="/api/health", room="seeing", about="How everything is",
             answers={200: sights.HealthTold}),
    Endpoint(method="GET", path="/api/overview", room="seeing", about="All that the first screen shows",
             answers={200: sights.OverviewTold}),
    Endpoint(method="GET", path="/api/events", room="seeing", about="The overview as server-sent events",
             answers={200: "text/event-stream"}, query=(text("last_id"),), refusals=(503,)),
    Endpoint(method="GET", path="/api/alerts", room="seeing", about="The newest alerts, one per episode",
             answers={200: sights.AlertsTold}, query=(NEWEST,), refusals=(400,)),
    Endpoint(method="GET", path="/api/flips", room="seeing", about="The newest changes of state",
             answers={200: sights.FlipsTold}, query=(NEWEST,), refusals=(400,)),
    Endpoint(method="GET", path="/api/metrics", room="seeing", about="The present value of every series",
             answers={200: sights.MetricsTold},
             query=(text("name"), text("bot"), whole("limit", 1, 10_000)), refusals=(400,)),
    Endpoint(method="GET", path="/api/history", room="seeing", about="Headline figures over time",
             answers={200: sights.HistoryTold},
             query=(whole("count", 1, 1000), whole("step", 1, 3600), BOT), refusals=(400,)),
    Endpoint(method="GET", path="/api/board", room="seeing", about="The panels of a bot",
             answers={200: sights.BotBoardTold}, query=(BOT,), refusals=(400,)),
    Endpoint(method="GET", path="/api/range", room="seeing", about="The curves of a bot's panels",
             answers={200: sights.CurvesTold},
             query=(BOT, text("panel"), moment("start"), moment("end"), whole("step", 1, 86_400)),
             refusals=(400, 503)),
    Endpoint(method="GET", path="/api/openapi.json", room="seeing", about="This description",
             answers={200: dict[str, Any]}),
)  # fmt: skip

PEOPLE = (
    Endpoint(method="GET", path="/api/session", room="people", about="Who asks, and what they may do",
             answers={200: users.SessionRow}),
    Endpoint(method="POST", path="/api/setup", room="people", about="Make the first user, and log in",
             asks=users.Setup, answers={201: users.SessionRow}, refusals=(400, 401, 409, 429, *BODY)),
    Endpoint(method="POST", path="/api/login", room="people", about="Log in",
             asks=users.Login, answers={200: users.SessionRow}, refusals=(400, 401, 429, *BODY)),
    Endpoint(method="POST", path="/api/logout", room="people", about="End the session",
             answers={204: None}),
    Endpoint(method="POST", path="/api/password", room="people", about="Change one's own password",
             asks=users.NewPassword, answers={200: users.SessionRow}, refusals=(400, 429, *BODY)),
    Endpoint(method="GET", path="/api/users", room="people", about="All users",
             answers={200: users.UserRows}),
    Endpoint(method="POST", path="/api/users", room="people", about="Make a user",
             made="name",
             asks=users.NewUser, answers={201: users.UserRow}, refusals=(400, 409, 429, *BODY)),
    Endpoint(method="GET", path="/api/users/{name}", room="people", about="One user",
             answers={200: users.UserRow}, refusals=(404,)),
    Endpoint(method="PATCH", path="/api/users/{name}", room="people", about="Change a user",
             asks=users.UserChange, answers={200: users.UserRow}, refusals=(400, 404, 409, 429, *BODY)),
    Endpoint(method="DELETE", path="/api/users/{name}", room="people", about="Remove a user",
             answers={204: None}, refusals=(404, 409)),
    Endpoint(method="GET", path="/api/tokens", room="people", about="One's own tokens; an admin sees all",
             answers={200: users.TokenRows}),
    Endpoint(method="POST", path="/api/tokens", room="people", about="Make a token, told this once",
             made="kept/id",
             asks=users.NewToken, answers={201: users.MadeToken}, refusals=(400, *BODY)),
    Endpoint(method="DELETE", path="/api/tokens/{id}", room="people", about="Remove a token",
             answers={204: None}, refusals=(404,)),
    Endpoint(method="GET", path="/api/audit", room="people", about="The trail of writes, newest first",
             answers={200: users.AuditRows},
             query=(NEWEST, whole("before", 0, 2**53), text("actor"), text("kind")), refusals=(400,)),
)  # fmt: skip

BOARDS = (
    Endpoint(method="GET", path="/api/boards", room="boards", about="All boards",
             answers={200: boards.BoardRows}),
    Endpoint(method="POST", path="/api/boards", room="boards", about="Keep a new board",
             made="id",
             asks=boards.Content, asks_yaml=True, answers={201: boards.Board}, refusals=(400, 409, *BODY)),
    Endpoint(method="GET", path="/api/boards/{id}", room="boards", about="One board",
             answers={200: boards.Board}, refusals=(404,)),
    Endpoint(method="PUT", path="/api/boards/{id}", room="boards", about="Replace a board",
             asks=boards.NewContent, answers={200: boards.Board}, refusals=(400, 404, 409, *BODY)),
    Endpoint(method="DELETE", path="/api/boards/{id}", room="boards", about="Remove a board",
             answers={204: None}, refusals=(404, 409)),
    Endpoint(method="GET", path="/api/boards/{id}/yaml", room="boards", about="A board as a file",
             answers={200: boards.Content}, told_in="application/yaml", refusals=(404,)),
    Endpoint(method="GET", path="/api/boards/{id}/grafana", room="boards", about="A board for Grafana",
             answers={200: dict[str, Any]}, refusals=(404,)),
    Endpoint(method="GET", path="/api/annotations", room="boards", about="Annotations, newest first",
             answers={200: boards.Annotations},
             query=(NEWEST, moment("start"), moment("end"), text("bot")), refusals=(400,)),
    Endpoint(method="POST", path="/api/annotations", room="boards", about="Keep an annotation",
             made="id",
             asks=boards.NewAnnotation, answers={201: boards.Annotation}, refusals=(400, 409, *BODY)),
    Endpoint(method="DELETE", path="/api/annotations/{id}", room="boards", about="Remove an annotation",
             answers={204: None}, refusals=(404,)),
)  # fmt: skip

SPAN = (moment("start"), moment("end"))
PROFILES = (
    Endpoint(method="GET", path="/api/profiles", room="profiles", about="Profiles that are kept",
             answers={200: profiles.ProfileRows}, query=(NEWEST, *SPAN, text("bot")), refusals=(400, 503)),
    Endpoint(method="GET", path="/api/profiles/flame", room="profiles", about="The calls of a range",
             answers={200: profiles.FlameTold}, query=(BOT, *SPAN), refusals=(400, 404, 503)),
    Endpoint(method="GET", path="/api/profiles/diff", room="profiles", about="The calls of two ranges",
             answers={200: profiles.DiffTold},
             query=(BOT, *SPAN, moment("base_start"), moment("base_end")), refusals=(400, 404, 503)),
    Endpoint(method="GET", path="/api/profiles/pprof", room="profiles", about="A range for go tool pprof",
             answers={200: "application/octet-stream"}, query=(BOT, *SPAN), refusals=(400, 404, 503)),
)  # fmt: skip

PAST = (BOT, text("component"), moment("start"), moment("end"), whole("limit", 1, 10_000))
HEALTH = (
    Endpoint(method="GET", path="/api/health/history", room="seeing", about="Past states of a bot's parts",
             answers={200: health.PastTold}, query=PAST, refusals=(400,)),
    Endpoint(method="GET", path="/api/health/history.csv", room="seeing", about="The same for a spreadsheet",
             answers={200: "text/csv"}, query=PAST, refusals=(400,)),
)  # fmt: skip

OPERATIONS = (
    Endpoint(method="GET", path="/api/operations", room="profiles", about="A bot's operations, bottlenecks",
             answers={200: operations.OperationsTold}, query=(BOT,), refusals=(400, 404, 502)),
)  # fmt: skip

VERIFY = "/api/v1/admin/tsdb/verify"
RECOVERY = (
    Endpoint(method="GET", path=VERIFY, room="recovery", about="The last verification of the store",
             answers={200: recovery.Verifying}),
    Endpoint(method="POST", path=VERIFY, room="recovery", about="Read all that is sealed and check it",
             answers={200: recovery.Verifying, 202: recovery.Verifying}, refusals=(503,)),
    Endpoint(method="GET", path="/api/undelivered", room="recovery",
             about="Notifications that did not get through",
             answers={200: recovery.UndeliveredRows}, query=(NEWEST,), refusals=(400, 503)),
    Endpoint(method="POST", path="/api/undelivered/{row}/again", room="recovery", about="Try one of them now",
             answers={202: recovery.Hurried}, refusals=(404, 409, 503)),
)  # fmt: skip

ENDPOINTS: tuple[Endpoint, ...] = (
    *SEEN,
    *HEALTH,
    *PEOPLE,
    *BOARDS,
    *PROFILES,
    *OPERATIONS,
    *RECOVERY,
)
