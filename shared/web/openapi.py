"""What hand-read operations tell of themselves: body, answer and example."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

JSON = "application/json"
PROBLEM = {
    "description": "请求未被接受（RFC 9457）",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "instance": {"type": "string"},
                    "errors": {"type": "array", "items": {"type": "object"}},
                },
            },
            "example": {
                "type": "/problems/invalid",
                "title": "请求内容有误",
                "status": 422,
                "detail": "请求内容有误",
                "instance": "4bf92f3577b34da6a3ce929d0e0e4736",
                "errors": [{"pointer": "/lead", "message": "此项必填"}],
            },
        }
    },
}


def body_of(model: type[BaseModel], example: Mapping[str, Any]) -> dict[str, Any]:
    """`openapi_extra` for an operation that reads and checks its body itself."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": schema, "example": dict(example)}},
        }
    }


def parameter(name: str, text: str, *, where: str = "query", required: bool = False) -> Any:
    return {
        "name": name,
        "in": where,
        "required": required,
        "description": text,
        "schema": {"type": "string"},
    }


def answers(example: Any, *, status: int = 200, text: str = "成功") -> dict[int | str, Any]:
    """`responses` of an operation: its success with an example, and the problem shape."""
    return {
        status: {
            "description": text,
            "content": {JSON: {"schema": {"type": "object"}, "example": example}},
        },
        "default": PROBLEM,
    }
