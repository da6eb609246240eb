"""Deliveries that were given up: read by the desk and leaders, driven again by an admin."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field

from services.dispatch.answers import INSIDERS
from services.dispatch.times import city_time
from shared.audit.entries import record_named
from shared.domain.readings import ReadingKind
from shared.domain.words import Role
from shared.errors import Invalid
from shared.labels import PARKED
from shared.tickets.dead_letters import (
    BEGINNING,
    LetterId,
    id_of,
    list_dead_letters,
    reason_of,
    redrive_all,
    redrive_letter,
)
from shared.web.auth import Caller, HotlineState, require_role
from shared.web.bodies import Body, check_json_type, parse, read_body
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import answers, body_of, parameter
from shared.web.readings import reading_page
from shared.web.texts import NO_NUL
from shared.web.tracing import traceparent

router = APIRouter(prefix="/v1/dead-letters", tags=["搁置的投递"])
ID = "scoring.731.6"
LETTER: dict[str, Any] = {
    "id": ID,
    "subscriber": "scoring",
    "event_type": "ticket.dispatched",
    "ticket_no": "T20261118-000731",
    "receipt": None,
    "reason": PARKED["own"],
    "attempts": 8,
    "first_error": "ValueError",
    "first_failed_at": "2026-11-18T09:12:03+08:00",
    "last_error": "ValueError",
    "last_failed_at": "2026-11-18T09:20:41+08:00",
    "created_at": "2026-11-18T09:12:00+08:00",
    "parked_at": "2026-11-18T09:20:41+08:00",
    "redriven": {"times": 1, "by": "管理员", "at": "2026-11-18T09:15:00+08:00"},
}
KEY = parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True)


class RedriveAll(Body):
    subscriber: str = Field(min_length=1, max_length=200)


def letter_answer(row: Any) -> dict[str, Any]:
    """Whose, how often, which error and when. Never what the message says."""
    redriven = {"times": row.times, "by": row.actor_name, "at": city_time(row.redriven_at)}
    return {
        "id": id_of(row),
        "subscriber": row.subscriber,
        "event_type": row.event_type,
        "ticket_no": row.no,
        "receipt": row.receipt,
        "reason": reason_of(row.subscriber, row.last_error),
        "attempts": row.attempts,
        "first_error": row.first_error,
        "first_failed_at": city_time(row.first_failed_at),
        "last_error": row.last_error,
        "last_failed_at": city_time(row.last_failed_at),
        "created_at": city_time(row.created_at),
        "parked_at": city_time(row.parked_at),
        "redriven": redriven if row.times else None,
    }


@router.get(
    "",
    summary="搁置的投递：原因、次数、首次与最近的错误（受理员、局领导、管理员）",
    openapi_extra={
        "parameters": [
            parameter("subscriber", "只看这个接收者"),
            parameter("limit", "每页条数，默认 50，最多 500"),
            parameter("cursor", "上一页给出的游标"),
        ]
    },
    responses=answers({"items": [LETTER], "next_cursor": None}),
)
async def read(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    require_role(caller, INSIDERS)
    refuse_unknown(request, ("subscriber", "limit", "cursor"))
    limit = read_limit(request)
    subscriber = request.query_params.get("subscriber")
    if subscriber is not None and "\0" in subscriber:
        raise Invalid.field("/subscriber", NO_NUL)
    purpose = f"dead-letters:{caller.bureau}:{subscriber or '*'}"
    given = request.query_params.get("cursor")
    after = decode_cursor(hotline.keyring, purpose, given) if given is not None else BEGINNING
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        rows = await list_dead_letters(
            ledger.tx, subscriber=subscriber, after=after, limit=limit + 1
        )
        shown = rows[:limit]
        reading = reading_page(request, caller.actor, ReadingKind.DEAD_LETTERS)
        await record_named(ledger.tx, reading, {row.no for row in shown if row.no})
    cursor = None
    if len(rows) > limit:
        last = shown[-1]
        place = (last.parked_at.isoformat(), last.subscriber, last.stream_id, last.seq)
        cursor = encode_cursor(hotline.keyring, purpose, place)
    return list_answer(request, [letter_answer(row) for row in shown], cursor)


@router.post(
    "/redrive",
    summary="重投一个接收者的全部搁置（管理员），一次至多 1000 件",
    openapi_extra=body_of(RedriveAll, {"subscriber": "scoring"}) | {"parameters": [KEY]},
    responses=answers({"redriven": [ID], "left": 0}),
)
async def redrive_subscriber(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    return await redrive(request, hotline, caller, None)


@router.post(
    "/{letter}/redrive",
    summary="重投一件（管理员）；同一工单更早的搁置随之重投，次序不变",
    openapi_extra={"parameters": [KEY]},
    responses=answers({"redriven": [ID]}),
)
async def redrive_one(
    request: Request, letter: str, hotline: HotlineState, caller: Caller
) -> Response:
    return await redrive(request, hotline, caller, LetterId.parse(letter))


async def redrive(
    request: Request, hotline: HotlineState, caller: Caller, letter: LetterId | None
) -> Response:
    """What is under way already, or done since, is left as it is: `redriven` is empty then."""
    require_role(caller, (Role.ADMIN,))
    check_json_type(request)
    raw = await read_body(request)
    call = IdempotentCall.read(request, caller, raw)
    async with hotline.ledger(
        caller.scope, lock=call.lock(caller.bureau), trace=traceparent(request.scope)
    ) as ledger:
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        if letter is not None:
            parse(Body, raw)
            answer: dict[str, Any] = {
                "redriven": await redrive_letter(ledger.tx, letter, actor=caller.actor)
            }
        else:
            wanted = parse(RedriveAll, raw)
            driven, left = await redrive_all(ledger.tx, wanted.subscriber, actor=caller.actor)
            answer = {"redriven": driven, "left": left}
        response = Response(orjson.dumps(answer), media_type="application/json")
        await call.store(ledger.tx, response)
        ledger.owes = True
    return response
