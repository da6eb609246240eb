"""The one door of inspections and media items: one, many, or a file of them; and their list."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response

from services.scoring import registers
from services.scoring import sanitation_queries as queries
from services.scoring.actions import registers as actions
from services.scoring.importing import (
    Told,
    bodies_of_file,
    bodies_of_json,
    refuse,
    refuse_doubled,
)
from services.scoring.registers import MEDIA_ITEMS, AnyBody, Register
from services.scoring.routes.asking import scope_of
from services.scoring.sanitation_answers import register_body
from services.scoring.sanitation_schemas import RegisterQuery, Withdrawal
from services.scoring.sheets import CSV, MAX_BYTES, XLSX
from shared.domain.words import Role
from shared.errors import NotFound
from shared.identity import Identity
from shared.tickets import Hotline, Ledger
from shared.web.auth import identify, require_role
from shared.web.bodies import UnsupportedMediaType, check_json_type, check_query, parse
from shared.web.bodies import read_body as read_bytes
from shared.web.cursors import (
    decode_cursor,
    encode_cursor,
    list_answer,
    read_limit,
    refuse_unknown,
)
from shared.web.idempotency import IdempotentCall
from shared.web.texts import load_json
from shared.web.tracing import traceparent

JSON = "application/json"
WRITERS = (Role.DESK, Role.LEADER, Role.ADMIN)
ASKABLE = ("period", "contractor", "limit", "cursor")


@dataclass(frozen=True, slots=True)
class Door:
    """What is kept, and the body that tells it."""

    register: Register
    model: type[AnyBody]


async def take(request: Request, door: Door) -> Response:
    """201: the one as kept, or for many how many were created, revised and left as they are."""
    identity = await identify(request)
    require_role(identity, WRITERS)
    media_type = _media_type(request)
    raw = await read_bytes(request, limit=MAX_BYTES)
    hotline: Hotline = request.app.state.hotline
    call = IdempotentCall.read(request, identity, raw)
    async with hotline.ledger(
        identity.scope, lock=call.lock(identity.bureau), trace=traceparent(request.scope)
    ) as ledger:
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        told, is_one = await _read(door, raw, media_type, ledger)
        await _check(door, told, ledger)
        taken = await actions.record(
            ledger.tx, door.register, [one.body for one in told], actor=identity.actor
        )
        kept = await registers.list_latest(ledger.tx, door.register, [one.id for one in taken])
        body = register_body(door.register, kept[taken[0].id]) if is_one else _counts(taken)
        response = Response(orjson.dumps(body), 201, media_type=JSON)
        await call.store(ledger.tx, response)
    return response


def _media_type(request: Request) -> str:
    given = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if given not in (JSON, CSV, XLSX):
        raise UnsupportedMediaType("请求体须为 JSON、csv（text/csv）或 xlsx")
    return given


async def _read(door: Door, raw: bytes, media_type: str, ledger: Ledger) -> tuple[list[Told], bool]:
    if media_type == JSON:
        value = load_json(raw)
        return bodies_of_json(door.model, value), not isinstance(value, list)
    # A large file takes seconds to read: not in the loop that serves everybody.
    told = await asyncio.to_thread(
        bodies_of_file, door.model, raw, media_type, rulebook=ledger.rulebook
    )
    return told, False


async def _check(door: Door, told: Sequence[Told], ledger: Ledger) -> None:
    """What only the bureau's own data can tell."""
    rulebook = ledger.rulebook
    refuse(
        {"pointer": f"{one.pointer}/contractor", "message": "没有这个作业单位"}
        for one in told
        if not rulebook.is_contractor(one.body.contractor)
    )
    if door.register is MEDIA_ITEMS:
        named = {one.pointer: getattr(one.body, "ticket", None) for one in told}
        known = await queries.find_nos(ledger.tx, {no for no in named.values() if no is not None})
        refuse(
            {"pointer": f"{pointer}/ticket", "message": "没有这个工单"}
            for pointer, no in named.items()
            if no is not None and no not in known
        )
    refuse_doubled(door.register, told)


def _counts(taken: Sequence[actions.Taken]) -> dict[str, int]:
    outcomes = {one.id: one.outcome for one in taken}.values()
    counted = {
        outcome: sum(one == outcome for one in outcomes)
        for outcome in (actions.CREATED, actions.REVISED, actions.UNCHANGED)
    }
    return {"rows": len(taken), **counted}


async def withdraw(request: Request, door: Door, one: str) -> Response:
    identity = await identify(request)
    require_role(identity, WRITERS)
    check_json_type(request)
    raw = await read_bytes(request)
    hotline: Hotline = request.app.state.hotline
    call = IdempotentCall.read(request, identity, raw)
    async with hotline.ledger(
        identity.scope, lock=call.lock(identity.bureau), trace=traceparent(request.scope)
    ) as ledger:
        if not await registers.list_latest(ledger.tx, door.register, [one]):
            raise NotFound
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            return stored
        body = parse(Withdrawal, raw)
        row = await actions.withdraw(
            ledger.tx, door.register, one, reason=body.reason, actor=identity.actor
        )
        answered = register_body(door.register, row)
        response = Response(orjson.dumps(answered), media_type=JSON)
        await call.store(ledger.tx, response)
    return response


async def show_list(request: Request, door: Door, hotline: Hotline, caller: Identity) -> Response:
    refuse_unknown(request, ASKABLE)
    query = check_query(RegisterQuery, request)
    limit = read_limit(request)
    prefix = door.register.prefix
    purpose = f"register:{prefix}:{caller.bureau}:{caller.actor.key}:{query.asked!r}"
    after: Any = (0, "", "")
    if query.cursor is not None:
        after = decode_cursor(hotline.keyring, purpose, query.cursor)
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        scope = scope_of(caller.actor, ledger.rulebook)
        rows = await registers.list_page(
            ledger.tx,
            door.register,
            month=query.period,
            contractors=asked_of(query.contractor, scope),
            after=tuple(after),
            limit=limit + 1,
        )
    page, following = rows[:limit], None
    if len(rows) > limit:
        last = page[-1]
        place = [last.month, last.contractor, getattr(last, door.register.key)]
        following = encode_cursor(hotline.keyring, purpose, place)
    return list_answer(request, [register_body(door.register, row) for row in page], following)


async def show_revisions(door: Door, one: str, hotline: Hotline, caller: Identity) -> Any:
    """Every revision of one, oldest first; 404 also for what the caller may not see."""
    async with hotline.ledger(caller.scope, writing=False) as ledger:
        scope = scope_of(caller.actor, ledger.rulebook)
        rows = await registers.list_revisions(ledger.tx, door.register, one)
    if not rows or (scope is not None and rows[0].contractor not in scope):
        raise NotFound
    return [register_body(door.register, row) for row in rows]


def asked_of(contractor: str | None, scope: frozenset[str] | None) -> frozenset[str] | None:
    """Whose rows: those asked for, of those the asker may see; None is everybody's."""
    if contractor is None:
        return scope
    asked = frozenset({contractor})
    return asked if scope is None else asked & scope
