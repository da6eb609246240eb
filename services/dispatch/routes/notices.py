"""What persons must be told, for channels to carry: a unit reads its own, the desk all."""

import re
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.dispatch import queries
from services.dispatch.answers import INSIDERS
from services.dispatch.times import city_time
from shared.domain.notices import NoticeKind
from shared.domain.words import Role
from shared.errors import Invalid
from shared.labels import NOTICES
from shared.web.auth import Caller, HotlineState, require_role
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.openapi import answers, parameter

router = APIRouter(prefix="/v1/notices", tags=["告知"])
PLACE = re.compile(r"(\d{1,19})-(\d{1,18})", re.ASCII)
START = (0, 0)
NOTICE = {
    "id": "752-31",
    "kind": "urgent_received",
    "label": "紧急工单",
    "subject": "T20261118-000731",
    "to": {"kind": "role", "id": "desk"},
    "urgency": "immediate",
    "at": "2026-11-18T02:10:00+08:00",
    "tell_by": "2026-11-18T02:10:00+08:00",
    "data": {
        "urgency": "urgent",
        "report_by": "2026-11-18T04:10:00+08:00",
        "formal_by": "2026-11-19T23:59:59+08:00",
    },
}


@router.get(
    "",
    summary="须告知的事项：对象、缓急、最迟时间，只有代码、编号与时间",
    openapi_extra={
        "parameters": [
            parameter("after", "上次读到的最后一条的 id，从其后起"),
            parameter("limit", "每页条数，默认 50，最多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
    responses=answers({"items": [NOTICE], "next_cursor": None}),
)
async def list_notices(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    actor = caller.actor
    require_role(caller, INSIDERS | {Role.UNIT})
    unit = actor.unit if actor.role is Role.UNIT else None
    refuse_unknown(request, ("after", "limit", "cursor"))
    limit = read_limit(request)
    purpose = f"notices:{caller.bureau}:{unit or '*'}"
    place = read_place(request.query_params.get("after"))
    given = request.query_params.get("cursor")
    if given is not None:
        xid, position = decode_cursor(hotline.keyring, purpose, given)
        place = (xid, position)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        rows = await queries.list_notices(ledger.tx, unit=unit, after=place, limit=limit + 1)
    shown = rows[:limit]
    cursor = None
    if len(rows) > limit:
        last = shown[-1]
        cursor = encode_cursor(hotline.keyring, purpose, (int(last.xid), last.position))
    return list_answer(request, [notice_answer(row) for row in shown], cursor)


def read_place(given: str | None) -> tuple[int, int]:
    if given is None:
        return START
    match = PLACE.fullmatch(given)
    if match is None or int(match[1]) >= 2**63:
        raise Invalid.field("/after", "应为某一条的 id")
    return int(match[1]), int(match[2])


def notice_answer(row: Any) -> dict[str, Any]:
    return {
        "id": f"{row.xid}-{row.position}",
        "kind": row.kind,
        "label": NOTICES[NoticeKind(row.kind)],
        "subject": row.subject,
        "to": {"kind": row.addressee_kind, "id": row.addressee},
        "urgency": row.urgency,
        "at": city_time(row.at),
        "tell_by": city_time(row.tell_by),
        "data": orjson.loads(row.data),
    }
