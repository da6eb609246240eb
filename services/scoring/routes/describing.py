"""What the operations on inspections and media items tell of themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from services.scoring.sanitation_examples import WITHDRAWAL
from services.scoring.sanitation_schemas import Withdrawal
from services.scoring.sheets import CSV, XLSX
from shared.web.cursors import list_answer
from shared.web.openapi import body_of, parameter

KEY = parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True)
TAKEN = "录入的一条；多条或文件则为 rows、created、revised、unchanged 各多少"
LIST = {
    "parameters": [
        parameter("period", "考核月份：YYYY-MM"),
        parameter("contractor", "作业单位"),
        parameter("limit", "每页条数，默认 50，至多 500"),
        parameter("cursor", "上一页给出的游标"),
    ]
}


def taking(model: type[BaseModel], example: Mapping[str, Any]) -> dict[str, Any]:
    """One object or a list of them; or a file, whose columns are the fields or their Chinese."""
    described = body_of(model, example)
    content = described["requestBody"]["content"]
    file = {"schema": {"type": "string", "format": "binary"}}
    return {
        "requestBody": {"required": True, "content": {**content, CSV: file, XLSX: file}},
        "parameters": [KEY],
    }


def withdrawing() -> dict[str, Any]:
    return body_of(Withdrawal, WITHDRAWAL) | {"parameters": [KEY]}


def revisions_answer(request: Request, items: Sequence[Any]) -> Response:
    return list_answer(request, items, None)
