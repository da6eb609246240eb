"""Messages in: kept first, judged second, answered after the commit (contract §3, ruling 45)."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.intake import queries
from services.intake.inbox import Inbox, Incoming
from services.intake.reading import NotAMessage, Reading, read_message
from shared.errors import Conflict
from shared.identity.sources import Source
from shared.tickets import Hotline
from shared.tickets.clock import read_clock
from shared.web.bodies import check_json_type, read_body
from shared.web.openapi import SIGNED, answers
from shared.web.problems import problem_body
from shared.web.senders import hear_source
from shared.web.tracing import trace_id, traceparent

router = APIRouter(prefix="/v1/webhooks", tags=["平台推送"])
EXAMPLE = {"receipt": "0b7d5a3e-5a2e-4c57-9c0e-6c1f0a9d7e11", "status": "accepted"}
AGAIN = EXAMPLE | {"status": "duplicate"}
MESSAGE = {
    "type": "ticket.created",
    "timestamp": "2026-11-18T09:12:00+08:00",
    "data": {
        "upstream_no": "SH12345-20261118-00731",
        "appeal_type": "complaint",
        "urgency": "normal",
        "content": "压缩站旁垃圾满溢，夜间噪声扰民",
        "is_anonymous": False,
        "is_confidential": False,
        "need_reply": True,
        "received_at": "2026-11-18T09:12:00+08:00",
    },
}
REQUEST = SIGNED | {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": MESSAGE}},
    }
}


@router.post(
    "/{source}",
    status_code=202,
    summary="接收上级平台推送（Standard Webhooks 签名）",
    openapi_extra=REQUEST,
    responses=answers(AGAIN, text="此前已收存") | answers(EXAMPLE, status=202, text="已收存"),
)
async def receive(request: Request, source: str) -> Response:
    raw = await read_body(request)
    known = await hear_source(request, raw, source)
    check_json_type(request)
    inbox: Inbox = request.app.state.inbox
    incoming, refusal = await judge(request, known, raw)
    is_new = await inbox.keep(incoming)
    receipt = str(incoming.message_id)
    if not is_new:
        return await answer_again(request, incoming)
    if refusal is not None:
        return refused(request, refusal.errors, receipt)
    request.app.state.hotline.ring()
    return accepted(receipt, "accepted", 202)


async def judge(
    request: Request, source: Source, raw: bytes
) -> tuple[Incoming, NotAMessage | None]:
    """What will be kept, and why it is not acceptable where it is not."""
    hotline: Hotline = request.app.state.hotline
    real = datetime.now(UTC)
    now = await read_clock(hotline) if hotline.settings.sandbox else real
    reading: Reading | None = None
    refusal: NotAMessage | None = None
    try:
        reading = read_message(raw, now=now)
        state = "pending" if reading.message is not None else "ignored"
    except NotAMessage as error:
        refusal, state = error, "quarantined"
    incoming = Incoming(
        bureau=source.bureau,
        source=source.name,
        webhook_id=request.headers["webhook-id"],
        body=raw,
        received_at=now,
        state=state,
        type=reading.type if reading is not None else None,
        upstream_no=reading.upstream_no if reading is not None else None,
        problem=None if refusal is None else problem_text(refusal),
        trace=traceparent(request.scope),
    )
    return incoming, refusal


def problem_text(refusal: NotAMessage) -> str:
    return orjson.dumps({"errors": list(refusal.errors)}).decode()


async def answer_again(request: Request, incoming: Incoming) -> Response:
    """The same id seen before: the same answer for the same bytes, a conflict for others."""
    hotline: Hotline = request.app.state.hotline
    async with hotline.database.transaction(incoming.scope, writing=False) as tx:
        row = await tx.row(queries.KNOWN_MESSAGE, bureau=tx.bureau, id=incoming.message_id)
    if row is None or bytes(row.digest) != hashlib.sha256(incoming.body).digest():
        raise Conflict("同一 webhook-id 已用于不同的内容")
    receipt = str(incoming.message_id)
    problem = orjson.loads(row.problem) if row.problem else {}
    if row.state == "quarantined" and "errors" in problem:
        return refused(request, problem["errors"], receipt)
    return accepted(receipt, "duplicate", 200)


def accepted(receipt: str, status: str, code: int) -> Response:
    body = orjson.dumps({"receipt": receipt, "status": status})
    return Response(body, code, media_type="application/json")


def refused(request: Request, errors: Any, receipt: str) -> Response:
    """Kept in quarantine under its receipt, to be mended and driven again."""
    error = NotAMessage(errors=errors, extra={"receipt": receipt})
    body = problem_body(error, 422, trace_id(request.scope))
    return Response(orjson.dumps(body), 422, media_type="application/problem+json")
