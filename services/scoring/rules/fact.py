"""A fact: one round of one ticket, as it counts."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One round of one ticket. The fields are the columns of the table `facts`.

    `unit` is the one last dispatched as lead in the round, `executor` and `section` as typed at its
    `accept`. `opened_at` is the receipt for round 1, else when the rework was opened.
    `contact_outcome` is the first-contact clock's. The five fields from `follow_up_level` on are
    the official follow-up's (ruling 38). `removed` tells why the ticket has left every figure,
    `emergency` which plan (the last one) it came under.
    `seq` and `recorded_at`: the last entry folded and the latest time of recording up to it.
    """

    ticket_id: int
    round: int
    no: str
    source: str
    unit: str | None
    section: str | None
    executor: str | None
    trade: str | None
    category: str | None
    street: str | None
    appeal_type: str
    urgency: str
    received_at: datetime
    opened_at: datetime
    need_reply: bool
    has_caller: bool
    contact_due: datetime | None
    contact_outcome: str | None
    contacted_at: datetime | None
    complete_start: datetime | None
    complete_due: datetime | None
    completed_at: datetime | None
    reply_due: datetime | None
    replied_at: datetime | None
    case_valuation: str | None
    fact_finding: str | None
    appeal_finding: str | None
    follow_up_level: str | None
    reached: str | None
    rated_contact: str | None
    overall: str | None
    solved: str | None
    repeat_of: str | None
    removed: str | None
    emergency: str | None
    seq: int
    recorded_at: datetime
