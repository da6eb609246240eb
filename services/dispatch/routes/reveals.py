"""One word of a caller in the clear: for a purpose, on an open ticket, counted and kept on record.

Of the answer nothing is kept, neither for a repeated call nor in the record.
"""

from datetime import datetime, time, timedelta
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.dispatch import queries
from services.dispatch.routes.actions import HEADERS
from services.dispatch.routes.examples import BODIES
from services.dispatch.routes.perform import (
    caller_of,
    check_match,
    check_may_ever,
    check_may_now,
    check_visible,
    dated,
)
from services.dispatch.schemas import Reveal
from services.dispatch.times import city_time
from shared.audit.entries import record_reading
from shared.audit.viewers import count_reveals
from shared.domain.calendar import CITY_ZONE, in_city
from shared.domain.readings import ReadingKind, RevealField
from shared.domain.ticket import Ticket
from shared.domain.words import OPEN_STATES
from shared.errors import ErrorKind, Forbidden, HotlineError, Invalid
from shared.labels import REVEALS
from shared.tickets import Hotline, Ledger
from shared.vault.callers import Caller, Mask
from shared.vault.free_text import hide_people
from shared.web.auth import identify
from shared.web.bodies import check_json_type, parse, read_body
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import answers, body_of
from shared.web.readings import reading_of
from shared.web.tracing import traceparent

router = APIRouter(prefix="/v1/tickets", tags=["工单操作"])
SUMMARY = "查看来电人的一项信息，须说明用途，每把密钥每日 30 次（受理员、在办工单的主办与协办）"
ACTION = "reveal"
PER_DAY = 30
LASTS = timedelta(seconds=60)
SHOWN = {"value": "13800001234", "expires_at": "2026-11-18T10:03:11+08:00"}


class QuotaSpent(HotlineError):
    kind = ErrorKind.TOO_MANY
    code = "too-many-requests"
    title = "今日查看来电人信息的次数已用完"


@router.post(
    "/{no}/reveal",
    summary=SUMMARY,
    operation_id=ACTION,
    openapi_extra=body_of(Reveal, BODIES[ACTION]) | {"parameters": HEADERS},
    responses=answers(SHOWN, text="该项信息，一分钟后不应再显示"),
)
async def reveal(request: Request, no: str) -> Response:
    identity = await identify(request)
    check_json_type(request)
    raw = await read_body(request)
    hotline: Hotline = request.app.state.hotline
    call = IdempotentCall.read(request, identity, raw)
    actor = identity.actor
    async with hotline.ledger(
        identity.scope, lock=call.lock(identity.bureau), trace=traceparent(request.scope)
    ) as ledger:
        ticket = await queries.find_fold(ledger.tx, no)
        check_visible(ticket, actor)
        assert ticket is not None
        check_may_ever(ACTION, ticket, actor, ledger.rulebook)
        if ticket.state not in OPEN_STATES:
            raise Forbidden("工单已不在办，不能再查看来电人信息")
        await call.find_answer(ledger.tx)
        body = parse(Reveal, raw)
        ticket, caller, value = await read_value(hotline, ledger, ticket, body.field)
        dated(ticket, actor, body, ledger)
        check_match(request, ticket)
        check_may_now(ACTION, ticket, actor, ledger.rulebook)
        spent = await count_reveals(ledger.tx, actor.key or "", since=day_of(ledger.now))
        if spent >= PER_DAY:
            raise QuotaSpent(f"每把密钥每日至多 {PER_DAY} 次，明日零时起重新计")
        detail = {"field": body.field, "reason_code": body.reason_code}
        shown = reading_of(
            request,
            actor,
            ReadingKind.REVEAL,
            reason=hide_people(Mask(caller)(body.reason)),
            **detail,
        )
        await record_reading(ledger.tx, shown, [ticket.ticket_id])
        expires_at = city_time(ledger.now + LASTS)
        response = json_answer({"value": value, "expires_at": expires_at})
        await call.store(ledger.tx, response, keep_body=False)
    return response


async def read_value(
    hotline: Hotline, ledger: Ledger, ticket: Ticket, field: RevealField
) -> tuple[Ticket, Caller | None, str]:
    """The whole ticket, its caller, for masking what is written of it, and what is asked for.

    An address is the place complained of; the home is never shown (ruling 18).
    """
    ((whole, beside),) = await queries.complete_tickets(
        ledger.tx, [ticket], with_raw=False, shown=None
    )
    caller = caller_of(hotline, ledger.tx.bureau, ticket.ticket_id, beside)
    value = None
    match field:
        case RevealField.PHONE:
            value = caller.number if caller is not None else None
        case RevealField.NAME:
            value = caller.name if caller is not None and not ticket.is_anonymous else None
        case RevealField.ADDRESS:
            seq = ticket.texts.get("address")
            value = None if seq is None else beside.texts.get((seq, "address"))
    if not value:
        raise Invalid.field("/field", f"这件工单没有{REVEALS[field]}")
    return whole, caller, value


def day_of(now: datetime) -> datetime:
    """When the day began in the city."""
    return datetime.combine(in_city(now).date(), time.min, CITY_ZONE)


def json_answer(body: dict[str, Any]) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(body), 200, headers, "application/json")
