"""Declaring an emergency plan (应急预案) and ending it. The history only grows."""

from dataclasses import replace

from services.dispatch import queries
from services.dispatch.actions.faults import fault, refuse
from services.dispatch.schemas import EmergencyBody
from shared.domain.actor import Actor
from shared.domain.calendar import in_city
from shared.domain.emergency import LIMIT_KEYS, Emergency, Scope
from shared.domain.events import EmergencyJoined
from shared.domain.limits import BadLimit, LimitUnit, parse_limit, parse_window
from shared.domain.notices import NoticeKind
from shared.domain.rulebook import Rulebook
from shared.domain.telling import emergency_notices
from shared.domain.ticket import Ticket
from shared.errors import FieldError
from shared.tickets import Ledger, lock_ids
from shared.tickets.emergency import comes_under, end_plan, plan_id

LONGEST_YEARS = 1
WALL_ONLY = "interim_report."


def check_emergency(ledger: Ledger, body: EmergencyBody) -> None:
    """Raises Invalid naming every field at fault."""
    if not body.active:
        return
    faults = [*_date_faults(ledger, body), *_override_faults(ledger.rulebook, body)]
    faults += [
        fault(f"/{name}", "NEEDED") for name in ("until", "reason") if getattr(body, name) is None
    ]
    refuse(faults)


def _date_faults(ledger: Ledger, body: EmergencyBody) -> list[FieldError]:
    if body.until is None:
        return []
    if body.until <= ledger.now:
        return [fault("/until", "UNTIL_PASSED")]
    local = in_city(ledger.now)
    last = local.replace(year=local.year + LONGEST_YEARS, day=min(local.day, 28))
    return [fault("/until", "UNTIL_TOO_FAR")] if body.until > last else []


def _override_faults(rulebook: Rulebook, body: EmergencyBody) -> list[FieldError]:
    faults = []
    if body.overrides.duty is not None:
        try:
            parse_window(body.overrides.duty)
        except BadLimit:
            faults.append(fault("/overrides/duty", "BAD_WINDOW"))
    known = rulebook.limits[-1].value.values
    for name, text in body.overrides.limits.items():
        pointer = f"/overrides/limits/{name}"
        if name not in known or not name.startswith(LIMIT_KEYS):
            faults.append(fault(pointer, "UNKNOWN_LIMIT"))
            continue
        try:
            limit = parse_limit(text)
        except BadLimit:
            faults.append(fault(pointer, "BAD_LIMIT"))
            continue
        if name.startswith(WALL_ONLY) and limit.unit not in (LimitUnit.HOUR, LimitUnit.MINUTE):
            faults.append(fault(pointer, "WALL_LIMIT_NEEDED"))
    return faults


async def put_emergency(ledger: Ledger, body: EmergencyBody, *, actor: Actor) -> None:
    """A new plan takes the place of the one in force; `active: false` ends that one."""
    await queries.hold_bureau(ledger.tx)
    running = await queries.find_plan(ledger.tx, at=ledger.now)
    if running is not None:
        await _end(ledger, running, "replaced" if body.active else "ended", body, actor=actor)
    if body.active:
        await _declare(ledger, body, actor=actor)


async def _end(
    ledger: Ledger, plan: Emergency, how: str, body: EmergencyBody, *, actor: Actor
) -> None:
    now = ledger.now
    await end_plan(ledger.tx, plan, how, actor=actor, at=now, recorded_at=now, reason=body.reason)
    ended = replace(plan, ended_at=now)
    ledger.rulebook = ledger.rulebook.with_plan(ended)
    told = emergency_notices(ended, NoticeKind.EMERGENCY_ENDED, rulebook=ledger.rulebook, at=now)
    ledger.tell(plan.id, 2, told, at=now)


async def _declare(ledger: Ledger, body: EmergencyBody, *, actor: Actor) -> None:
    now, scope = ledger.now, body.scope
    assert body.until is not None
    members = await queries.list_worded(ledger.tx, scope.keywords) if scope.keywords else []
    number = await queries.next_plan_number(ledger.tx)
    plan = Emergency(
        id=plan_id(number),
        since=now,
        until=body.until,
        scope=Scope(
            trades=frozenset(trade.value for trade in scope.trades),
            streets=frozenset(scope.streets),
            keywords=frozenset(scope.keywords),
        ),
        duty=body.overrides.duty,
        limits=body.overrides.limits,
        push=body.overrides.push,
        members=frozenset(members),
    )
    await queries.insert_plan(ledger.tx, plan, number=number, reason=body.reason, actor=actor)
    ledger.rulebook = ledger.rulebook.with_plan(plan)
    told = emergency_notices(plan, NoticeKind.EMERGENCY_DECLARED, rulebook=ledger.rulebook, at=now)
    ledger.tell(plan.id, 1, told, at=now)
    waiting = await lock_ids(ledger.tx, await queries.list_not_started(ledger.tx, at=now))
    for ticket in waiting.values():
        _join(ledger, ticket, plan, actor=actor)


def _join(ledger: Ledger, ticket: Ticket, plan: Emergency, *, actor: Actor) -> None:
    """A ticket with a clock that has not begun to run, if the plan moves it (ruling 5)."""
    if comes_under(plan, ticket, EmergencyJoined(), at=ledger.now, rulebook=ledger.rulebook):
        ledger.record(ticket, EmergencyJoined(), actor=actor)
