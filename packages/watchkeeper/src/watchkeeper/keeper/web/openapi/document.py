"""From the table to the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from watchkeeper.keeper.web.openapi.endpoint import Endpoint, Parameter
from watchkeeper.keeper.web.users.policy import SAFE, wanted
from watchkeeper.keeper.web.users.shapes import Problem

REFERENCE = "#/components/schemas/{name}"
SECURITY: list[dict[str, list[str]]] = [{"token": []}, {"session": []}, {}]
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "an API token, or the keeper's own"},
    "session": {"type": "apiKey", "in": "cookie", "name": "watchkeeper_8080"},
}


def document(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """Return the description of these endpoints."""
    found = tuple(endpoints)
    shapes = [Problem, *(shape for one in found for shape in shapes_of(one))]
    schemas, components = msgspec.json.schema_components(shapes, ref_template=REFERENCE)
    by_shape = dict(zip(map(repr, shapes), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in found:
        paths.setdefault(one.path, {})[one.method.lower()] = operation(one, by_shape)
    link(found, paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Watchkeeper", "version": version, "description": "The keeper's own API."},
        "security": SECURITY,
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": SCHEMES},
    }


def shapes_of(one: Endpoint) -> list[Any]:
    answers = [shape for shape in one.answers.values() if shape is not None and not isinstance(shape, str)]
    return [*answers, *([one.asks] if one.asks else [])]


def operation(one: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the description of one method of one path."""
    problem = schemas[repr(Problem)]
    responses = {str(status): answer(one, status, shape, schemas) for status, shape in one.answers.items()}
    for status in refusals(one):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": problem}},
        }
    made: dict[str, Any] = {
        "operationId": name_of(one),
        "summary": one.about,
        "tags": [one.room],
        "responses": responses,
    }
    if parameters := [*in_path(one.path), *map(in_query, one.query)]:
        made["parameters"] = parameters
    if one.asks is not None:
        kinds = ["application/json", *(["application/yaml"] if one.asks_yaml else [])]
        content = {kind: {"schema": schemas[repr(one.asks)]} for kind in kinds}
        made["requestBody"] = {"required": True, "content": content}
    return made


def name_of(one: Endpoint) -> str:
    return re.sub(r"\W+", "_", f"{one.method}{one.path}").strip("_").lower()


def link(endpoints: tuple[Endpoint, ...], paths: dict[str, dict[str, Any]]) -> None:
    """Say of each answer that tells what was made which operations take it up."""
    for maker in endpoints:
        if not maker.made:
            continue
        followers = [one for one in endpoints if one.path.startswith(f"{maker.path}/{{")]
        paths[maker.path][maker.method.lower()]["responses"]["201"]["links"] = {
            name_of(one): {
                "operationId": name_of(one),
                "parameters": {re.findall(r"\{(\w+)\}", one.path)[0]: f"$response.body#/{maker.made}"},
            }
            for one in followers
        }


def refusals(one: Endpoint) -> list[int]:
    """Return the statuses of errors: those of the table, and what the gate adds."""
    need = wanted(one.method, one.path)
    found = {*one.refusals, 401} if need == "public" else {*one.refusals, 401, 403}
    if one.method not in SAFE:
        found |= {403, 503}  # a foreign page; a trail that cannot be written
    return sorted(found)


def answer(one: Endpoint, status: int, shape: type | str | None, schemas: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if isinstance(shape, str):
        made["content"] = {shape: {"schema": {"type": "string"}}}
    elif shape is not None:
        made["content"] = {one.told_in: {"schema": schemas[repr(shape)]}}
    return made


def in_path(path: str) -> list[dict[str, Any]]:
    plain = {"type": "string", "minLength": 1}
    names = re.findall(r"\{(\w+)\}", path)
    return [{"name": name, "in": "path", "required": True, "schema": plain} for name in names]


def in_query(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.about,
        "schema": parameter.schema,
    }
