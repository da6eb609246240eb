"""A fact: one round of one ticket, as it counts."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """One round of one ticket. The fields are columns of the table `facts`.

    `unit` is the one last dispatched as lead in the round, `executor` and `section` as typed at its
    `accept`. `opened_at` is the receipt for round 1, else when the rework was opened;
    `dispatched_at` the round's last dispatch. `contact_outcome` is the first-contact clock's. The
    five fields from `follow_up_level` on are the official follow-up's (ruling 38). `returns` counts
    the units' requests to give the ticket back in the round, `wrong_returns` those refused;
    `extended`: the platform has granted an extension; `reworked`: a later round exists.

    `excluded_for` is the reason of the ticket's granted exclusion, `appeals` the round's granted
    verdicts, sorted, between blanks. `removed` tells why the ticket has left every figure,
    `emergency` which plan (the last one) it came under.

    `seq`: the entry that last changed the fact; `known_from`: the latest time of recording up to
    that entry. Neither is compared: they tell since when, not what.
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
    dispatched_at: datetime | None
    need_reply: bool
    has_caller: bool
    contact_due: datetime | None
    contact_outcome: str | None
    contacted_at: datetime | None
    accept_due: datetime | None
    accepted_at: datetime | None
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
    returns: int
    wrong_returns: int
    extended: bool
    reworked: bool
    excluded_for: str | None
    appeals: str
    pending_appeals: int
    pending_exclusion: bool
    removed: str | None
    emergency: str | None
    seq: int = field(compare=False)
    known_from: datetime = field(compare=False)

    def has_won(self, verdict: str) -> bool:
        """Whether the appeal against that verdict was granted."""
        return bool(self.appeals) and verdict in self.appeals.split(" ")
