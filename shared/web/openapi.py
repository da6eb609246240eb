"""What hand-read operations tell of themselves: body, answer and example."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from shared.web.shapes import PROBLEM as PROBLEM_SHAPE
from shared.web.shapes import shape_of

JSON = "application/json"
PROBLEM = {
    "description": "请求未被接受（RFC 9457）",
    "content": {
        "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
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


BEARER, SIGNATURE = "key", "signature"
SECURITY = {
    BEARER: {"type": "http", "scheme": "bearer", "description": "接口密钥：Bearer mh_…"},
    SIGNATURE: {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks 1.0：另带 webhook-id、webhook-timestamp",
    },
}
# `openapi_extra` of what a platform asks, signed over the body; everything else under /v1 takes a
# key, and what is outside of it is open.
SIGNED: dict[str, Any] = {"security": [{SIGNATURE: []}]}


def secure(schema: dict[str, Any]) -> None:
    """Which operation takes what; the shape of a refusal, where all of them refer to it."""
    components = schema.setdefault("components", {})
    components["securitySchemes"] = SECURITY
    components.setdefault("schemas", {})["Problem"] = dict(PROBLEM_SHAPE)
    for path, operations in schema.get("paths", {}).items():
        for operation in operations.values():
            takes_key = path.startswith("/v1/")
            operation.setdefault("security", [{BEARER: []}] if takes_key else [])


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
            "content": {JSON: {"schema": shape_of(example), "example": example}},
        },
        "default": PROBLEM,
    }
