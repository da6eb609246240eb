"""Messages that could not be accepted: shown masked, mended, driven again (admin)."""

import uuid
from collections.abc import Collection
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.intake import queries
from services.intake.actions.desk import read_callers
from services.intake.mending import masked_body, mended, upstream_of
from services.intake.reading import read_message
from shared.audit.entries import record_reading
from shared.db import Tx
from shared.domain.calendar import CITY_ZONE
from shared.domain.readings import ReadingKind
from shared.domain.words import Role
from shared.errors import Conflict, NotFound
from shared.tickets import Hotline
from shared.vault.callers import Caller as KnownCaller
from shared.vault.originals import open_original, seal_original
from shared.web.auth import Caller, HotlineState, require_role
from shared.web.bodies import Body, check, read_body
from shared.web.cursors import decode_cursor, encode_cursor, list_answer, read_limit
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import answers, body_of
from shared.web.readings import reading_of
from shared.web.texts import load_json

router = APIRouter(prefix="/v1/quarantine", tags=["隔离区"])
ITEM = {
    "receipt": "0b7d5a3e-5a2e-4c57-9c0e-6c1f0a9d7e11",
    "source": "city-12345",
    "received_at": "2026-11-18T09:12:00+08:00",
    "problem": {"errors": [{"pointer": "/data/urgency", "message": "此项必填"}]},
    "body": {"type": "ticket.created"},
}


class Redrive(Body):
    """A JSON merge patch (RFC 7396) on what was received: its `data`, and what stands beside."""

    data: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies it
    type: str | None = None
    timestamp: str | None = None


@router.get("", summary="隔离中的消息", responses=answers({"items": [ITEM], "next_cursor": None}))
async def list_quarantine(request: Request, hotline: HotlineState, caller: Caller) -> Response:
    require_role(caller, {Role.ADMIN})
    limit = read_limit(request)
    purpose = f"quarantine:{caller.bureau}"
    given = request.query_params.get("cursor")
    after = decode_cursor(hotline.keyring, purpose, given) if given else 0
    async with hotline.database.transaction(caller.scope, writing=False) as tx:
        rows = await tx.rows(queries.QUARANTINE, bureau=tx.bureau, after=after, limit=limit + 1)
        receipts = [str(row.message_id) for row in rows[:limit]]
        shown = reading_of(request, caller.actor, ReadingKind.QUARANTINE, receipts=receipts)
        await record_reading(tx, shown)
        bodies = [original_of(hotline, caller.bureau, row) for row in rows[:limit]]
        known = await callers_of(tx, hotline, [upstream_of(body) for body in bodies])
    items = [
        {
            "receipt": str(row.message_id),
            "source": row.source,
            "received_at": row.received_at.astimezone(CITY_ZONE).isoformat(),
            "problem": orjson.loads(row.problem) if row.problem else None,
            "body": masked_body(body, known.get(upstream_of(body) or "", ())),
        }
        for row, body in zip(rows, bodies, strict=False)
    ]
    more = len(rows) > limit
    cursor = encode_cursor(hotline.keyring, purpose, rows[limit - 1].arrival) if more else None
    return list_answer(request, items, cursor)


@router.post(
    "/{receipt}/redrive",
    status_code=202,
    summary="修正后重新处理",
    openapi_extra=body_of(Redrive, {"data": {"urgency": "normal"}}),
    responses=answers({"receipt": ITEM["receipt"], "status": "pending"}, status=202),
)
async def redrive(
    request: Request, receipt: str, hotline: HotlineState, caller: Caller
) -> Response:
    require_role(caller, {Role.ADMIN})
    raw = await read_body(request)
    call = IdempotentCall.read(request, caller, raw, needs_key=False)
    async with hotline.ledger(caller.scope, lock=call.lock(caller.bureau)) as ledger:
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        row = await find_quarantined(ledger.tx, receipt)
        patch = check(Redrive, load_json(raw)).model_dump(exclude_unset=True)
        body = mended(original_of(hotline, caller.bureau, row) or b"", patch)
        reading = read_message(body, now=ledger.now)
        sealed, seal_key = seal_original(
            body, row.message_id, bureau=caller.bureau, keyring=hotline.keyring
        )
        await ledger.tx.run(
            queries.REDRIVE,
            bureau=caller.bureau,
            id=row.message_id,
            body=sealed,
            seal_key=seal_key,
            actor=caller.actor.name,
            now=ledger.now,
            type=reading.type,
            upstream_no=reading.upstream_no,
        )
        response = Response(
            orjson.dumps({"receipt": receipt, "status": "pending"}),
            202,
            media_type="application/json",
        )
        await call.store(ledger.tx, response)
    hotline.ring()
    return response


async def callers_of(
    tx: Tx, hotline: Hotline, numbers: Collection[str | None]
) -> dict[str, list[KnownCaller]]:
    """Who called about the tickets that the messages speak of, by number."""
    tickets = await queries.find_numbers(tx, [one for one in numbers if one])
    callers = await read_callers(tx, hotline.keyring, sorted(set(tickets.values())))
    found: dict[str, list[KnownCaller]] = {}
    for (number, _), ticket in tickets.items():
        found.setdefault(number, []).extend([callers[ticket]] if ticket in callers else [])
    return found


def original_of(hotline: Hotline, bureau: int, row: Any) -> bytes | None:
    return open_original(row.body, row.seal_key_id, row, bureau=bureau, keyring=hotline.keyring)


async def find_quarantined(tx: Any, receipt: str) -> Any:
    try:
        message_id = uuid.UUID(receipt)
    except ValueError:
        raise NotFound from None
    row = await tx.row(queries.TAKE_QUARANTINED, bureau=tx.bureau, id=message_id)
    if row is None:
        raise NotFound
    if row.state != "quarantined":
        raise Conflict("这条消息不在隔离区")
    if row.body is None:
        raise Conflict("这条消息的原文已按期清除，不能再修正")
    return row
