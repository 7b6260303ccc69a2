"""Generates the OpenAPI 3.1 document of an HTTP API from the types of its requests and responses."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from eyeline import __version__

_REF: Final = "#/components/schemas/{name}"
_END: Final = r"(?![\s\S])"


class Parameter(NamedTuple):
    """A parameter in the path or in the query."""

    name: str
    kind: Any
    description: str
    place: str = "path"


class Operation(NamedTuple):
    """One operation of the API."""

    method: str
    path: str
    name: str
    summary: str
    status: int
    parameters: tuple[Parameter, ...] = ()
    body: type[Struct] | None = None
    answer: type[Struct] | None = None
    problems: tuple[int, ...] = ()


def document(
    title: str, description: str, prefix: str, operations: Iterable[Operation], problem: type[Struct]
) -> dict[str, Any]:
    """The whole document.  `prefix` is the API's path below the pages; `problem` is the body of each error."""
    operations = tuple(operations)
    types = [problem]
    for each in operations:
        types += [kind for kind in (each.body, each.answer) if kind is not None]
    _, components = msgspec.json.schema_components(types, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(prefix + each.path, {})[each.method.lower()] = _operation(each, problem)
    whole = {
        "openapi": "3.1.0",
        "info": {"title": title, "description": description, "version": __version__},
        "security": [{"key": []}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }
    portable: dict[str, Any] = _portable(whole)
    return portable


def _operation(each: Operation, problem: type[Struct]) -> dict[str, Any]:
    responses = {str(each.status): _response(each.status, each.answer, "application/json")}
    for status in each.problems:
        responses[str(status)] = _response(status, problem, "application/problem+json")
    said: dict[str, Any] = {"operationId": each.name, "summary": each.summary, "responses": responses}
    if each.parameters:
        said["parameters"] = [
            {
                "name": parameter.name,
                "in": parameter.place,
                "required": parameter.place == "path",
                "description": parameter.description,
                "schema": msgspec.json.schema(parameter.kind),
            }
            for parameter in each.parameters
        ]
    if each.body is not None:
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(each.body)}}}
    return said


def _response(status: int, kind: type[Struct] | None, media: str) -> dict[str, Any]:
    said: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if kind is not None:
        said["content"] = {media: {"schema": _ref(kind)}}
    return said


def _ref(kind: type[Struct]) -> Mapping[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}


def _portable(value: Any) -> Any:
    """Replace our end-of-text pattern by `$`, which in JSON Schema never matches before a newline, for all tools."""
    match value:
        case dict():
            return {key: _portable(each) for key, each in value.items()}
        case list() | tuple():
            return [_portable(each) for each in value]
        case str():
            return value.replace(_END, "$")
        case _:
            return value
