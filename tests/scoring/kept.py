"""Every stored fact beside what the slow calculation tells of its round."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from shared.tickets import Hotline
from tests.scoring.comparing import Report
from tests.scoring.logbook import BUREAU
from tests.scoring.oracle.judging import official
from tests.scoring.oracle.retelling import Round, Ticket

READ_FACTS = text("SELECT * FROM facts WHERE bureau_id = :bureau ORDER BY no, round")
PLAIN = (
    *("unit", "section", "executor", "trade", "category", "opened_at", "dispatched_at"),
    *("accepted_at", "completed_at", "replied_at", "returns", "wrong_returns", "extended"),
)


async def compare_facts(hotline: Hotline, tickets: Sequence[Ticket]) -> Report:
    report = Report()
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        rows = [dict(row._mapping) for row in await tx.rows(READ_FACTS, bureau=BUREAU)]
    stored = {(row["no"], row["round"]): row for row in rows}
    told = {
        (ticket.no, one.number): fields_of(ticket, one)
        for ticket in tickets
        for one in ticket.rounds
    }
    report.compare("rounds", sorted(told), sorted(stored))
    for place in told.keys() & stored.keys():
        for name, value in told[place].items():
            report.compare((place, name), value, read(name, stored[place]))
    return report


def fields_of(ticket: Ticket, one: Round) -> dict[str, Any]:
    feedback = one.feedback or {}
    contact = one.clock("first_contact") or {"outcome": None}
    return {
        **{name: getattr(one, name) for name in PLAIN},
        "source": ticket.source,
        "street": ticket.street,
        "received_at": ticket.received_at,
        "appeal_type": ticket.appeal_type,
        "need_reply": ticket.need_reply,
        "has_caller": not ticket.has_nobody,
        "contact_due": one.due("first_contact"),
        "contact_outcome": contact["outcome"],
        "complete_due": one.due("complete"),
        "reply_due": one.due("reply"),
        "case_valuation": feedback.get("case_valuation"),
        "fact_finding": feedback.get("fact_finding"),
        "appeal_finding": feedback.get("appeal_finding"),
        **answers_of(one),
        "repeat_of": ticket.repeat_of,
        "reworked": one.is_followed,
        "excluded_for": ticket.excluded_for,
        "appeals": one.appeals,
        "pending_appeals": len(one.pending),
        "pending_exclusion": ticket.is_exclusion_pending,
        "removed": ticket.is_gone,
        "emergency": ticket.had_emergency,
    }


def answers_of(one: Round) -> dict[str, Any]:
    """What is not told at a follow-up that reached nobody was not asked."""
    said = official(one)
    if said is None:
        return dict.fromkeys(("follow_up_level", "reached", "rated_contact", "overall", "solved"))
    return {
        "follow_up_level": said["level"],
        "reached": said["reached"],
        "rated_contact": said.get("first_contact", "unrated"),
        "overall": said.get("overall", "unrated"),
        "solved": said.get("solved", "unrated"),
    }


def read(name: str, row: dict[str, Any]) -> Any:
    value = row[name]
    if name == "appeals":
        return set(value.split())
    return value is not None if name in ("removed", "emergency") else value
