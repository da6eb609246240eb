"""Emergency plans as they lie in Postgres, and how a ticket comes under one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.domain.actor import Actor
from shared.domain.clockwork import clock_changes
from shared.domain.emergency import Emergency, Scope
from shared.domain.events import Entry, Event, TicketReceived, TicketUpdated
from shared.domain.parts import Touched
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket

LIST_PLANS = text(
    "SELECT d.number, d.occurred_at AS since, d.until_at, d.scope, d.overrides, d.members,"
    " d.reason, d.actor_name, e.occurred_at AS ended_at, e.type AS ending,"
    " e.actor_name AS ended_by, e.reason AS end_reason"
    " FROM emergencies AS d LEFT JOIN emergencies AS e"
    "  ON e.bureau_id = d.bureau_id AND e.number = d.number AND e.seq = 2"
    " WHERE d.bureau_id = :bureau AND d.seq = 1 ORDER BY d.number"
)
END_PLAN = text(
    "WITH ended AS ("
    " INSERT INTO emergencies (bureau_id, number, seq, type, occurred_at, recorded_at, reason,"
    "  actor_role, actor_name, actor_key)"
    " VALUES (:bureau, :number, 2, :type, :at, :recorded_at, :reason, :role, :name, :key)"
    " ON CONFLICT DO NOTHING RETURNING number),"
    " noticed AS (UPDATE bureaus SET config_version = config_version + 1"
    "  WHERE bureau_id = :bureau AND EXISTS (SELECT FROM ended))"
    " SELECT number FROM ended"
)


def plan_id(number: int) -> str:
    return f"E-{number:06d}"


def number_of(plan: Emergency) -> int:
    return int(plan.id.removeprefix("E-"))


async def list_plans(tx: Tx) -> Sequence[Any]:
    """Every declaration with its end, where it has one, oldest first."""
    return await tx.rows(LIST_PLANS, bureau=tx.bureau)


def read_plan(row: Any) -> Emergency:
    return Emergency(
        id=plan_id(row.number),
        since=row.since,
        until=row.until_at,
        scope=Scope(**{name: frozenset(words) for name, words in row.scope.items()}),
        duty=row.overrides.get("duty"),
        limits=row.overrides.get("limits") or {},
        push=bool(row.overrides.get("push")),
        ended_at=row.ended_at,
        members=frozenset(row.members or ()),
    )


async def end_plan(
    tx: Tx,
    plan: Emergency,
    how: str,
    *,
    actor: Actor,
    at: datetime,
    recorded_at: datetime,
    reason: str | None = None,
) -> bool:
    """False when another transaction has ended it already."""
    row = await tx.row(
        END_PLAN,
        bureau=tx.bureau,
        number=number_of(plan),
        type=how,
        at=at,
        recorded_at=recorded_at,
        reason=reason,
        role=actor.role.value,
        name=actor.name,
        key=actor.key,
    )
    return row is not None


def under_emergency(
    after: Ticket, entry: Entry, texts: Mapping[str, str], *, rulebook: Rulebook
) -> tuple[Ticket, Entry]:
    """The ticket and the entry, marked with the plan they come under, if they do.

    A ticket received while a plan is in force comes under it; another one when a clock of it, not
    started before, goes by the plan.
    """
    plans = [one for one in rulebook.emergencies if one.end > after.clock_start]
    if not plans:
        return after, entry
    after, entry = _worded(after, entry, texts, plans)
    known = {one.id for one in after.emergencies}
    for plan in reversed(plans):
        if plan.id not in known and comes_under(
            plan, after, entry.event, at=entry.occurred_at, rulebook=rulebook
        ):
            return _joined(after, plan, entry.occurred_at), replace(
                entry, event=replace(entry.event, emergency=plan.id)
            )
    return after, entry


def comes_under(
    plan: Emergency, after: Ticket, event: Event, *, at: datetime, rulebook: Rulebook
) -> bool:
    """`after` is the ticket folded with the event, still with the clocks of before."""
    if not plan.includes(after):
        return False
    if isinstance(event, TicketReceived) and plan.is_active(event.received_at):
        return True
    without = clock_changes(after, event, at=at, rulebook=rulebook)
    joined = _joined(after, plan, at)
    return clock_changes(joined, event, at=at, rulebook=rulebook) != without


def _joined(ticket: Ticket, plan: Emergency, at: datetime) -> Ticket:
    return replace(ticket, emergencies=(*ticket.emergencies, Touched(plan.id, at)))


def _worded(
    after: Ticket, entry: Entry, texts: Mapping[str, str], plans: Sequence[Emergency]
) -> tuple[Ticket, Entry]:
    """Which plans the new words speak of: kept as ids, since the words stay out of the log."""
    event = entry.event
    if not isinstance(event, TicketReceived | TicketUpdated):
        return after, entry
    found = tuple(
        plan.id for plan in plans if plan.id not in after.worded and plan.is_worded(texts)
    )
    if not found:
        return after, entry
    marked = replace(event, worded=found)
    return replace(after, worded=(*after.worded, *found)), replace(entry, event=marked)
