"""Who has seen a ticket, by whichever way (desk, leader, admin)."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.dispatch import queries
from services.dispatch.answers import INSIDERS
from services.dispatch.routes.perform import check_visible
from services.dispatch.times import city_time
from shared.audit.entries import record_reading
from shared.audit.viewers import list_viewers
from shared.domain.readings import ReadingKind, RevealField, RevealReason
from shared.labels import READINGS, REVEAL_REASONS, REVEALS
from shared.web.auth import Caller, HotlineState, require_role
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.openapi import answers, parameter
from shared.web.readings import reading_of

router = APIRouter(prefix="/v1/tickets", tags=["工单"])
VIEWER: dict[str, Any] = {
    "id": "90817",
    "at": "2026-11-18T10:02:11+08:00",
    "actor": "李工",
    "role": "unit",
    "unit": "sanitation-section",
    "key": "k7m2p9qd",
    "kind": "caller.revealed",
    "label": "查看来电人信息",
    "operation": "reveal",
    "field": "phone",
    "field_label": "来电人电话",
    "reason_code": "contact_caller",
    "reason_label": "联系来电人",
    "reason": "先行联系",
}


@router.get(
    "/{no}/viewers",
    summary="谁在何时看过这件工单、看了什么（受理员、局领导、管理员），早的在前",
    openapi_extra={
        "parameters": [
            parameter("limit", "每页条数，默认 50，最多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
    responses=answers({"items": [VIEWER], "next_cursor": None}),
)
async def list_ticket_viewers(
    request: Request, no: str, hotline: HotlineState, caller: Caller
) -> Response:
    """This look is the last of them. Later pages end where the first one did."""
    shown = reading_of(request, caller.actor, ReadingKind.VIEWERS)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        ticket = await queries.find_fold(ledger.tx, no)
        check_visible(ticket, caller.actor)
        assert ticket is not None
        require_role(caller, INSIDERS)
        refuse_unknown(request, ("limit", "cursor"))
        limit = read_limit(request)
        purpose = f"viewers:{caller.bureau}:{no}"
        given = request.query_params.get("cursor")
        place = decode_cursor(hotline.keyring, purpose, given) if given else None
        own = await record_reading(ledger.tx, shown, [ticket.ticket_id])
        after, until = place or (0, own)
        rows = await list_viewers(
            ledger.tx, ticket.ticket_id, after=after, until=until, limit=limit + 1
        )
    cursor = None
    if len(rows) > limit:
        cursor = encode_cursor(hotline.keyring, purpose, (rows[limit - 1].entry, until))
    return list_answer(request, [viewer_answer(row) for row in rows[:limit]], cursor)


def viewer_answer(row: Any) -> dict[str, Any]:
    kind = ReadingKind(row.kind)
    answer = {
        "id": str(row.entry),
        "at": city_time(row.at),
        "actor": row.actor,
        "role": row.role,
        "unit": row.unit,
        "key": row.key,
        "kind": kind,
        "label": READINGS[kind],
        "operation": row.operation,
    }
    detail = orjson.loads(row.detail) if row.detail else {}
    if kind is not ReadingKind.REVEAL:
        return answer
    return answer | {
        "field": detail["field"],
        "field_label": REVEALS[RevealField(detail["field"])],
        "reason_code": detail["reason_code"],
        "reason_label": REVEAL_REASONS[RevealReason(detail["reason_code"])],
        "reason": detail["reason"],
    }
