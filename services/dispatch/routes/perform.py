"""One way through every action: who, which ticket, may they, is it sound, is it now, do it.

The order of refusals is ruling 29: 401, 404, 403, stored answer, 422, 412, 409.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response

from services.dispatch import queries
from services.dispatch.actions.faults import fault, forbidden, refuse
from services.dispatch.answers import INSIDERS, ticket_answer
from services.dispatch.case import Case
from services.dispatch.rules.dating import earliest_at, needs_reason
from services.dispatch.schemas import ActionBody
from services.dispatch.times import city_time
from shared.audit.entries import record_reading
from shared.db import Tx
from shared.domain.actor import Actor
from shared.domain.appeals import Claim
from shared.domain.lifecycle import (
    IllegalTransition,
    allowed_actions,
    is_own_request,
    may_ever,
    may_now,
)
from shared.domain.readings import Reading, ReadingKind
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import AppealVerdict, Role
from shared.errors import ErrorKind, Forbidden, HotlineError, Invalid, NotFound
from shared.labels import STATES
from shared.tickets import Hotline, Ledger
from shared.tickets.loading import with_clocks
from shared.tickets.matters import hold_matters, hold_matters_if_free
from shared.vault.callers import Caller, Mask
from shared.web.auth import identify
from shared.web.bodies import check_json_type, parse, read_body
from shared.web.idempotency import IdempotentCall
from shared.web.readings import reading_of
from shared.web.texts import load_json
from shared.web.tracing import traceparent


class Stale(HotlineError):
    kind = ErrorKind.STALE
    code = "stale"
    title = "工单已有更新，请取最新版本后重试"


class MatterStale(HotlineError):
    kind = ErrorKind.STALE
    code = "stale"
    title = "事项已有更新，请取最新版本后重试"


@dataclass(frozen=True, slots=True)
class Action:
    """`check` refuses what can never be (422); `run` records, or finds a conflict (409).

    `names`: the field of the body that holds another ticket's number. `gather`: what the action
    means for the ticket's matter; the matters are held before any ticket then, by one that
    `gathers_later` only where they are free. `bar` forbids (403) by what the body is about and how
    the clocks stand, before the body is checked.
    """

    name: str
    body: type[ActionBody]
    run: Callable[[Case, Any], None]
    check: Callable[[Case, Any], None] | None = None
    names: str | None = None
    gather: Callable[[Case, Any], Awaitable[None]] | None = None
    gathers_later: bool = False
    bar: Callable[[Ticket, Actor, Claim, datetime], None] | None = None


async def perform(request: Request, no: str, action: Action) -> Response:
    identity = await identify(request)
    check_json_type(request)
    raw = await read_body(request)
    hotline: Hotline = request.app.state.hotline
    call = IdempotentCall.read(request, identity, raw)
    actor = identity.actor
    async with hotline.ledger(
        identity.scope, lock=call.lock(identity.bureau), trace=traceparent(request.scope)
    ) as ledger:
        holds_matters = await hold_for(action, ledger.tx)
        tickets = await queries.lock_folds(ledger.tx, [no, *named(raw, action.names)])
        ticket = tickets.get(no)
        check_visible(ticket, actor)
        assert ticket is not None
        check_may_ever(action.name, ticket, actor, ledger.rulebook)
        if is_own_request(action.name, ticket, actor):
            raise forbidden("OWN_REQUEST")
        if action.bar is not None:
            (clocked,) = await with_clocks(ledger.tx, [ticket])
            action.bar(clocked, actor, claimed(raw), ledger.now)
        shown = reading_of(request, actor, ReadingKind.ACTION)
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            await record_reading(ledger.tx, shown, [ticket.ticket_id])
            return stored
        body = parse(action.body, raw)
        case = await open_case(hotline, ledger, ticket, body, shown)
        case.holds_matters = holds_matters
        if action.names is not None:
            case.others = {**await open_others(ledger, tickets, no), no: case.ticket}
        if action.check is not None:
            action.check(case, body)
        check_match(request, case.ticket)
        check_may_now(action.name, case.ticket, actor, ledger.rulebook)
        action.run(case, body)
        if action.gather is not None:
            await action.gather(case, body)
        response = answer(case, ledger.now)
        await call.store(ledger.tx, response)
    return response


async def hold_for(action: Action, tx: Tx) -> bool:
    if action.gather is None:
        return False
    if action.gathers_later:
        return await hold_matters_if_free(tx)
    await hold_matters(tx)
    return True


async def open_case(
    hotline: Hotline, ledger: Ledger, ticket: Ticket, body: ActionBody, shown: Reading
) -> Case:
    """`shown`: the answer to an action is the ticket; a refusal takes its record back."""
    actor = shown.actor
    with_raw = actor.role in INSIDERS
    ((whole, beside),) = await queries.complete_tickets(
        ledger.tx, [ticket], with_raw=with_raw, shown=shown
    )
    return Case(
        ledger=ledger,
        ticket=whole,
        actor=actor,
        texts=beside.texts,
        caller=beside.caller,
        mask=open_mask(hotline, ledger.tx.bureau, ticket.ticket_id, beside),
        at=dated(whole, actor, body, ledger),
    )


def named(raw: bytes, field: str | None) -> list[str]:
    """The number in that field of a body yet to be checked; none where it makes no sense."""
    value = loosely(raw).get(field)
    return [value] if isinstance(value, str) and "\0" not in value else []


def claimed(raw: bytes) -> Claim:
    """What an appeal is about, by a body yet to be checked."""
    body = loosely(raw)
    said, number = body.get("verdict"), body.get("round")
    verdict = next((one for one in AppealVerdict if one.value == said), None)
    return Claim(verdict, number if type(number) is int else None)


def loosely(raw: bytes) -> Mapping[Any, Any]:
    """Its own faults come after the refusals of who and where."""
    try:
        body = load_json(raw)
    except Invalid:
        return {}
    return body if isinstance(body, dict) else {}


async def open_others(ledger: Ledger, tickets: Mapping[str, Ticket], no: str) -> dict[str, Ticket]:
    rest = [ticket for number, ticket in tickets.items() if number != no]
    found = await queries.complete_tickets(ledger.tx, rest, with_raw=False, shown=None)
    return {ticket.no: ticket for ticket, _ in found}


def open_mask(hotline: Hotline, bureau: int, ticket_id: int, beside: queries.Beside) -> Mask:
    """For taking the caller's own name and numbers out of what is written now."""
    return Mask(caller_of(hotline, bureau, ticket_id, beside))


def caller_of(
    hotline: Hotline, bureau: int, ticket_id: int, beside: queries.Beside
) -> Caller | None:
    """For masking only; never shown."""
    if beside.sealed is None or beside.seal_key_id is None:
        return None
    context = f"caller:{bureau}:{ticket_id}"
    plain = hotline.keyring.unseal(beside.sealed, beside.seal_key_id, context)
    return Caller(**orjson.loads(plain))


def dated(ticket: Ticket, actor: Actor, body: ActionBody, ledger: Ledger) -> datetime:
    """When it happened: now, or the `at` given, within its bounds."""
    if body.at is None:
        return ledger.now
    earliest = earliest_at(ticket, actor.role, now=ledger.now, rulebook=ledger.rulebook)
    if not earliest <= body.at <= ledger.now:
        allowed = f"{city_time(earliest)} 至 {city_time(ledger.now)}"
        raise Invalid.field("/at", f"时间须在 {allowed} 之间")
    if needs_reason(actor.role, body.at, now=ledger.now) and body.reason is None:
        refuse([fault("/reason", "REASON_NEEDED")])
    return body.at


def check_visible(ticket: Ticket | None, actor: Actor) -> None:
    """Foreign and unknown tickets answer alike; a BI key has no business here at all.

    A unit complained of never sees the ticket, even where it had it first (ruling 19).
    """
    if actor.role is Role.BI:
        raise Forbidden("此密钥的角色不能使用这个接口")
    if ticket is None or not is_visible(ticket, actor):
        raise NotFound("没有这个工单，或您无权查看")


def is_visible(ticket: Ticket, actor: Actor) -> bool:
    """To a unit: what it leads or assists, or did, and is not itself complained of in."""
    return actor.role is not Role.UNIT or (
        actor.unit in ticket.units and actor.unit != ticket.object_unit
    )


def check_may_ever(action: str, ticket: Ticket, actor: Actor, rulebook: Rulebook) -> None:
    is_contractor = rulebook.is_contractor(actor.unit)
    if not may_ever(action, ticket, actor, is_contractor=is_contractor):
        raise Forbidden("此操作不属于您的角色或您在该工单中的分工")


def check_may_now(action: str, ticket: Ticket, actor: Actor, rulebook: Rulebook) -> None:
    if may_now(action, ticket, actor):
        return
    is_contractor = rulebook.is_contractor(actor.unit)
    allowed = allowed_actions(ticket, actor, is_contractor=is_contractor)
    raise IllegalTransition(
        f"工单现为“{STATES[ticket.state]}”，不能进行此操作",
        extra={"state": ticket.state, "allowed": allowed},
    )


def check_match(request: Request, ticket: Ticket) -> None:
    if not matches(request, ticket.version):
        raise Stale(extra={"state": ticket.state, "version": ticket.version})


def matches(request: Request, version: int) -> bool:
    """Whether If-Match, where it was sent, still names this version."""
    wanted = request.headers.get("if-match")
    if wanted is None or wanted.strip() == "*":
        return True
    versions = {part.strip().removeprefix("W/").strip('"') for part in wanted.split(",")}
    return str(version) in versions


def answer(case: Case, now: datetime) -> Response:
    body = ticket_answer(case.ticket, case.texts, case.caller, reader=case.actor, now=now)
    return ticket_response(body)


def ticket_response(body: dict[str, Any]) -> Response:
    headers = {"ETag": f'"{body["version"]}"'}
    return Response(orjson.dumps(body), 200, headers, "application/json")
