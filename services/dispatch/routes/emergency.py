"""The emergency plan: declared and ended by a leader, read by whoever handles tickets."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.dispatch.actions import check_emergency, put_emergency
from services.dispatch.schemas import EmergencyBody
from services.dispatch.times import city_time
from shared.db import Tx
from shared.domain.words import Role
from shared.tickets import Hotline
from shared.tickets.emergency import list_plans, plan_id, read_plan
from shared.web.auth import Caller, HotlineState, identify, require_role
from shared.web.bodies import check_json_type, parse, read_body
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import answers, body_of, parameter
from shared.web.tracing import traceparent

router = APIRouter(prefix="/v1/emergency", tags=["应急预案"])
READERS = frozenset({Role.DESK, Role.LEADER, Role.ADMIN, Role.UNIT})
PLAN: dict[str, Any] = {
    "active": True,
    "scope": {"trades": [], "streets": [], "keywords": []},
    "overrides": {
        "duty": "06:00-24:00",
        "limits": {"first_contact.urgent": "30min"},
        "push": True,
    },
    "until": "2026-11-25T06:00:00+08:00",
    "reason": "台风橙色预警",
}
SHOWN = {
    **PLAN,
    "id": "E-000001",
    "since": "2026-11-23T18:00:00+08:00",
    "author": "局领导",
    "ended_at": None,
    "ending": None,
    "ended_by": None,
    "end_reason": None,
}
INACTIVE = {"active": False}


def plan_answer(row: Any, *, active: bool) -> dict[str, Any]:
    return {
        "active": active,
        "id": plan_id(row.number),
        "scope": row.scope,
        "overrides": row.overrides,
        "since": city_time(row.since),
        "until": city_time(row.until_at),
        "reason": row.reason,
        "author": row.actor_name,
        "ended_at": city_time(row.ended_at),
        "ending": row.ending,
        "ended_by": row.ended_by,
        "end_reason": row.end_reason,
    }


@router.put(
    "",
    summary="启动应急预案（取代现行的一个），或以 active: false 提前结束（局领导）",
    openapi_extra=body_of(EmergencyBody, PLAN)
    | {
        "parameters": [
            parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True)
        ]
    },
    responses=answers(SHOWN, text="现行的应急预案"),
)
async def put(request: Request) -> Response:
    identity = await identify(request)
    require_role(identity, (Role.LEADER,))
    check_json_type(request)
    raw = await read_body(request)
    hotline: Hotline = request.app.state.hotline
    call = IdempotentCall.read(request, identity, raw)
    async with hotline.ledger(
        identity.scope, lock=call.lock(identity.bureau), trace=traceparent(request.scope)
    ) as ledger:
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        body = parse(EmergencyBody, raw)
        check_emergency(ledger, body)
        await put_emergency(ledger, body, actor=identity.actor)
        response = await answer_active(ledger.tx)
        await call.store(ledger.tx, response)
    return response


@router.get(
    "", summary="现行的应急预案（受理员、局领导、管理员、承办单位）", responses=answers(SHOWN)
)
async def read(hotline: HotlineState, caller: Caller) -> Response:
    require_role(caller, READERS)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        return await answer_active(ledger.tx)


async def answer_active(tx: Tx) -> Response:
    rows = await list_plans(tx)
    running = next((row for row in rows if read_plan(row).is_active(tx.now)), None)
    body = INACTIVE if running is None else plan_answer(running, active=True)
    return Response(orjson.dumps(body), media_type="application/json")


@router.get(
    "/history",
    summary="历次应急预案，最近的在前（受理员、局领导、管理员）",
    openapi_extra={
        "parameters": [
            parameter("limit", "每页条数，默认 50，最多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
    responses=answers({"items": [SHOWN], "next_cursor": None}),
)
async def history(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    require_role(caller, READERS - {Role.UNIT})
    refuse_unknown(request, ("limit", "cursor"))
    limit = read_limit(request)
    purpose = f"emergencies:{caller.bureau}"
    given = request.query_params.get("cursor")
    below = decode_cursor(hotline.keyring, purpose, given) if given is not None else None
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        rows = [row for row in await list_plans(ledger.tx) if below is None or row.number < below]
        now = ledger.now
    rows.reverse()
    items = [plan_answer(row, active=read_plan(row).is_active(now)) for row in rows[:limit]]
    more = len(rows) > limit
    cursor = encode_cursor(hotline.keyring, purpose, rows[limit - 1].number) if more else None
    return list_answer(request, items, cursor)
