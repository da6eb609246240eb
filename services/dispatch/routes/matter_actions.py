"""Writing to a matter: who, which matter, may they, is it sound, is it now, do it (ruling 29)."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.dispatch import queries
from services.dispatch.actions import matters as actions
from services.dispatch.actions.matters import MatterCase
from services.dispatch.matter_queries import count_followers, find_ids, list_members
from services.dispatch.routes.answer_examples import MATTER
from services.dispatch.routes.examples import MATTER_BODIES
from services.dispatch.routes.matters import (
    check_matter_visible,
    matter_response,
    read_dossier,
)
from services.dispatch.routes.perform import MatterStale, caller_of, matches
from services.dispatch.schemas import Closing, Detachment, MatterNote, MatterTicket
from shared.audit.entries import record_reading
from shared.domain.readings import ReadingKind
from shared.domain.ticket import Ticket
from shared.domain.words import Role
from shared.errors import Forbidden
from shared.tickets import Hotline, Ledger, lock_ids
from shared.tickets.matters import MatterBook, find_matters, hold_matters
from shared.vault.callers import Mask
from shared.web.auth import identify
from shared.web.bodies import Body, check_json_type, parse, read_body
from shared.web.idempotency import IdempotentCall
from shared.web.openapi import answers, body_of, parameter
from shared.web.readings import reading_of
from shared.web.tracing import traceparent

router = APIRouter(prefix="/v1/matters", tags=["同一事项"])
WRITERS = (Role.DESK, Role.LEADER)


@dataclass(frozen=True, slots=True)
class MatterAction:
    """`check` refuses what can never be (422); `run` records. `names`: tickets it speaks of."""

    name: str
    body: type[Body]
    run: Callable[[MatterCase, Any], Awaitable[None]]
    check: Callable[[MatterCase, Any], None] | None = None
    names: Callable[[Any], set[str]] = lambda body: set()


async def attach(case: MatterCase, body: MatterTicket) -> None:
    actions.attach(case, body)


async def detach(case: MatterCase, body: Detachment) -> None:
    followers = await count_followers(case.ledger.tx, case.matter.matter, body.ticket)
    actions.detach(case, body, followers=followers)


async def note(case: MatterCase, body: MatterNote) -> None:
    actions.note(case, body)


async def close(case: MatterCase, body: Closing) -> None:
    actions.close(case, body)


def of_ticket(body: MatterTicket | Detachment) -> set[str]:
    return {body.ticket}


def of_kept(body: MatterNote) -> set[str]:
    return {actions.split_commitment(name)[0] for name in body.kept}


ACTIONS: tuple[tuple[MatterAction, str], ...] = (
    (
        MatterAction("attach", MatterTicket, attach, actions.check_attach, of_ticket),
        "将工单并入事项（受理员、局领导）",
    ),
    (
        MatterAction("detach", Detachment, detach, actions.check_detach, of_ticket),
        "将工单移出事项，须说明理由（受理员、局领导）",
    ),
    (
        MatterAction("note", MatterNote, note, actions.check_note, of_kept),
        "记事或记措施，可写明已落实的承诺（受理员、局领导）",
    ),
    (MatterAction("close", Closing, close), "事项结案，须说明理由（受理员、局领导）"),
)


async def perform_on_matter(request: Request, name: str, action: MatterAction) -> Response:
    identity = await identify(request)
    check_json_type(request)
    raw = await read_body(request)
    hotline: Hotline = request.app.state.hotline
    call = IdempotentCall.read(request, identity, raw)
    lock, trace = call.lock(identity.bureau), traceparent(request.scope)
    async with hotline.ledger(identity.scope, lock=lock, trace=trace) as ledger:
        await hold_matters(ledger.tx)
        found = (await find_matters(ledger.tx, [name])).get(name)
        members = await list_members(ledger.tx, name)
        matter = check_matter_visible(found, members, identity.actor)
        if identity.actor.role not in WRITERS:
            raise Forbidden("此操作不属于您的角色")
        shown = reading_of(request, identity.actor, ReadingKind.MATTER, matter=name)
        stored = await call.find_answer(ledger.tx)
        if stored is not None:
            await record_reading(ledger.tx, shown, [one.ticket_id for one, _ in members])
            return stored
        body = parse(action.body, raw)
        ids = await find_ids(ledger.tx, action.names(body))
        tickets = await lock_ids(ledger.tx, ids)
        others = [ticket for ticket, _ in members if ticket.ticket_id not in tickets]
        mask = await mask_of_all(hotline, ledger, [*others, *tickets.values()])
        book = MatterBook(ledger, {name: matter})
        named = {ticket.no: ticket for ticket in tickets.values()}
        case = MatterCase(ledger, book, matter, identity.actor, mask, named)
        if action.check is not None:
            action.check(case, body)
        if not matches(request, matter.version):
            raise MatterStale(extra={"state": matter.state, "version": matter.version})
        await action.run(case, body)
        await book.write()
        await ledger.flush()
        response = matter_response(
            await read_dossier(ledger, book.matters[name], shown), ledger.rulebook
        )
        await call.store(ledger.tx, response)
    return response


async def mask_of_all(hotline: Hotline, ledger: Ledger, tickets: list[Ticket]) -> Mask:
    """What is written of a matter names none of its callers."""
    found = await queries.complete_tickets(ledger.tx, tickets, with_raw=False, shown=None)
    return Mask(
        *(caller_of(hotline, ledger.tx.bureau, one.ticket_id, beside) for one, beside in found)
    )


HEADERS = [
    parameter("Idempotency-Key", "幂等键，1–255 个字符", where="header", required=True),
    parameter("If-Match", "只在事项仍为此版本时执行", where="header"),
]


def endpoint(action: MatterAction) -> Callable[[Request, str], Coroutine[Any, Any, Response]]:
    async def run(request: Request, matter: str) -> Response:
        return await perform_on_matter(request, matter, action)

    run.__name__ = f"{action.name}_matter"
    return run


for _action, _summary in ACTIONS:
    router.add_api_route(
        f"/{{matter}}/{_action.name}",
        endpoint(_action),
        methods=["POST"],
        summary=_summary,
        operation_id=f"{_action.name}_matter",
        openapi_extra=body_of(_action.body, MATTER_BODIES[_action.name]) | {"parameters": HEADERS},
        responses=answers(MATTER, text="操作后的事项"),
    )
