"""JSON Schema of an answer, read from its example: what is shown is what is typed.

A field may be absent for some readers and null where there is nothing, so nothing is required but
the envelope of a list; what is there has the type of the example.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

# What others sent, shown as it came: of whatever shape.
AS_IT_CAME = frozenset({"body", "raw"})
# Of whatever shape the type of the event has, beside which it stands.
BY_TYPE = frozenset({"data"})
# Whose names are codes, not fields: as many as there are, each with the same thing under it.
BY_CODE = frozenset(
    {
        *("bonus", "clocks", "excluded", "exclusions", "intervals", "keys", "links"),
        *("metrics", "parts", "penalty", "weights"),
    }
)
ENVELOPE = {"items", "next_cursor"}
PLAIN: Mapping[type, str] = MappingProxyType(
    {bool: "boolean", int: "integer", float: "number", str: "string"}
)
PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "title": "问题（RFC 9457）",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "pattern": "^/problems/[a-z-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "errors": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def shape_of(example: Any) -> dict[str, Any]:
    """The schema of a whole answer: an object whose fields are known, or a list of them."""
    shape = typed(example)
    if isinstance(example, Mapping):
        shape["type"] = "object"
        if set(example) >= ENVELOPE:
            shape["required"] = sorted(ENVELOPE)
            shape["properties"] |= {
                "items": {"type": "array", "items": merged(example["items"])},
                "next_cursor": {"type": ["string", "null"]},
            }
    return shape


def typed(example: Any) -> dict[str, Any]:
    """A part of an answer: of its example's type, or null."""
    if isinstance(example, Mapping):
        fields = {str(name): named(str(name), part) for name, part in example.items()}
        return {"type": ["object", "null"], "properties": fields}
    if isinstance(example, list | tuple):
        return {"type": ["array", "null"], "items": merged(example)}
    kind = PLAIN.get(type(example))
    return {} if kind is None else {"type": [kind, "null"]}


def named(name: str, part: Any) -> dict[str, Any]:
    """What is under this name, wherever it stands."""
    if name in AS_IT_CAME or name in BY_TYPE:
        return {}
    if name in BY_CODE and isinstance(part, Mapping):
        return {"type": ["object", "null"], "additionalProperties": merged(part.values())}
    return typed(part)


def merged(examples: Any) -> dict[str, Any]:
    """What all of several examples are; anything where they differ in kind, or there are none."""
    shapes = [typed(one) for one in examples]
    if not shapes or any(one.get("type") != shapes[0].get("type") for one in shapes):
        return {}
    first = dict(shapes[0])
    if "properties" in first:
        fields: dict[str, Any] = {}
        for shape in shapes:
            for name, part in shape["properties"].items():
                fields[name] = part if fields.get(name, part) == part else {}
        first["properties"] = fields
    return first
