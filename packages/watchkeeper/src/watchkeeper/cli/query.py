"""`watchkeeper query`: ask a running keeper, or any Prometheus, in PromQL."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from watchkeeper.cli.asking import DEFAULT_URL, Refused, Unanswered, ask

NAME = "query"
HELP = "evaluate a PromQL expression on a running keeper"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("expr", metavar="EXPR", help="the expression")
    parser.add_argument("--url", default=DEFAULT_URL, help="the keeper, or any Prometheus (%(default)s)")
    parser.add_argument("--at", metavar="TIME", help="Unix seconds or RFC 3339 (now)")
    parser.add_argument("--start", metavar="TIME", help="begin of a range query")
    parser.add_argument("--end", metavar="TIME", help="end of a range query (now)")
    parser.add_argument("--step", default="15s", help="step of a range query (%(default)s)")
    parser.add_argument("--output", choices=("table", "json"), default="table", help="(%(default)s)")


def run(given: argparse.Namespace) -> int:
    """Return 0 with an answer, 1 where the query is refused, 2 where nobody answers or the usage is wrong."""
    if given.at and (given.start or given.end):
        return failed("--at asks for one time, --start and --end for a range: give one or the other", 2)
    if given.end and not given.start:
        return failed("--end needs --start", 2)
    try:
        answer = ask(path_of(given, datetime.now(UTC).timestamp()), given.url)
    except Refused as error:
        return failed(str(error), 1)
    except Unanswered as error:
        return failed(str(error), 2)
    show(answer, given.output)
    return 0


def failed(text: str, code: int) -> int:
    sys.stderr.write(f"watchkeeper: {text}\n")
    return code


def path_of(given: argparse.Namespace, now: float) -> str:
    """Return the path and query string that the arguments stand for."""
    if not given.start:
        fields = {"query": given.expr, **({"time": given.at} if given.at else {})}
        return f"/api/v1/query?{urlencode(fields)}"
    end = given.end or f"{now:.3f}"
    fields = {"query": given.expr, "start": given.start, "end": end, "step": given.step}
    return f"/api/v1/query_range?{urlencode(fields)}"


def show(answer: dict[str, Any], output: str) -> None:
    """Print an answer; warnings and infos go to standard error."""
    if output == "json":
        sys.stdout.write(json.dumps(answer["data"], ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines(answer["data"]))
    for told in (*answer.get("warnings", ()), *answer.get("infos", ())):
        sys.stderr.write(f"watchkeeper: {told}\n")


def lines(data: dict[str, Any]) -> Iterator[str]:
    """Yield one line per value, columns aligned: series, time, value."""
    rows = list(cells(data))
    widths = [max((len(row[place]) for row in rows), default=0) for place in (0, 1)]
    for name, at, value in rows:
        yield f"{name:{widths[0]}}  {at:{widths[1]}}  {value}".strip()


def cells(data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    kind, result = data["resultType"], data["result"]
    if kind in ("scalar", "string"):
        yield kind, moment(result[0]), result[1]
        return
    for row in result:
        name = series(row["metric"])
        for at, value in row.get("values") or [row["value"]]:
            yield name, moment(at), value


def series(metric: dict[str, str]) -> str:
    """Return a series as PromQL writes it."""
    pairs = ", ".join(f"{name}={json.dumps(value)}" for name, value in metric.items() if name != "__name__")
    name = metric.get("__name__", "")
    return f"{name}{{{pairs}}}" if pairs or not name else name


def moment(at: float) -> str:
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").replace(".000Z", "Z")
