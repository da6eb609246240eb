"""A ticket (工单) as the fold of its log: what it is now, and how an entry changes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.clocks import Clock
from shared.domain.events import Attachment, Commitment, FieldRank
from shared.domain.words import (
    OPEN_STATES,
    AppealFinding,
    AppealType,
    AssistState,
    CaseValuation,
    ClockName,
    ContactMode,
    ContactReason,
    ContactResult,
    FactFinding,
    FollowUpLevel,
    Reached,
    ReplyMode,
    ReplySatisfaction,
    Satisfaction,
    SiteCheck,
    TicketKind,
    TicketState,
    Trade,
    Urgency,
    YesNo,
)


def commitment_rule(promise: str) -> str:
    """What the clock of a promise names as its rule."""
    return f"commitment:{promise}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """One number of the ticket at one platform; `seq` is the entry that holds its `raw`."""

    source: str
    no: str
    seq: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """The fields in which one upstream message was the newest word when it came."""

    rank: FieldRank
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lead:
    unit: str
    dispatched_at: datetime
    executor: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Assist:
    unit: str
    state: AssistState
    dispatched_at: datetime
    executor: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """One try to reach the citizen. `seq` also names its text; `id` is `C` + seq."""

    seq: int
    at: datetime
    by: str
    mode: ContactMode
    result: ContactResult
    unit: str | None = None
    reason_code: ContactReason | None = None
    call_id: str | None = None

    @property
    def id(self) -> str:
        return f"C{self.seq}"


@dataclass(frozen=True, slots=True)
class Work:
    """One report of physical work (处置)."""

    seq: int
    at: datetime
    unit: str
    site_check: SiteCheck
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteVisit:
    seq: int
    at: datetime
    by: str
    participants: int
    unit: str | None = None
    lng: float | None = None
    lat: float | None = None
    commitments: tuple[Commitment, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def promise(self, place: int) -> str:
        """The id of one commitment: P, the entry, its place in it."""
        return f"P{self.seq}-{place}"


@dataclass(frozen=True, slots=True)
class Feedback:
    seq: int
    at: datetime
    unit: str
    by: str
    case_valuation: CaseValuation
    fact_finding: FactFinding | None = None
    appeal_finding: AppealFinding | None = None
    contact_id: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    seq: int
    at: datetime
    by: str
    mode: ReplyMode
    unit: str | None = None
    reply_satisfaction: ReplySatisfaction | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    round: int
    at: datetime
    level: FollowUpLevel
    reached: Reached
    first_contact: YesNo
    overall: Satisfaction
    attitude: Satisfaction
    solved: YesNo
    redo: bool


@dataclass(frozen=True, slots=True)
class Ticket:
    """`seq`: last entry folded. `version`: grows when what the desk reads changes.

    `texts` maps title, content and address to the entry that holds the standing wording.
    `ranks` keeps how new the standing word on each upstream field is, latest last (ruling 46).
    `upstream_due`, `supervised_due`, `round_due` and `extended_due` go into `complete.due`.
    `is_set_apart`: taken out of its matter by hand, so the rules leave it alone.
    """

    ticket_id: int
    no: str
    seq: int
    version: int
    state: TicketState
    round: int
    source: str
    upstream: tuple[Upstream, ...]
    appeal_type: AppealType
    urgency: Urgency
    ticket_kind: TicketKind
    received_at: datetime
    clock_start: datetime
    is_anonymous: bool
    is_confidential: bool
    need_reply: bool
    has_phone: bool
    texts: Mapping[str, int]
    ranks: tuple[Ranked, ...]
    upstream_due: datetime | None = None
    supervised_due: datetime | None = None
    extended_due: datetime | None = None
    round_due: datetime | None = None
    round_start: datetime | None = None
    complex_approved: bool = False
    trade: Trade | None = None
    category: str | None = None
    std_kind: str | None = None
    std_code: str | None = None
    street: str | None = None
    lng: float | None = None
    lat: float | None = None
    object_unit: str | None = None
    other_nos: tuple[str, ...] = ()
    lead: Lead | None = None
    assists: tuple[Assist, ...] = ()
    units: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    works: tuple[Work, ...] = ()
    site_visits: tuple[SiteVisit, ...] = ()
    feedback: Feedback | None = None
    reply: Reply | None = None
    follow_ups: tuple[FollowUp, ...] = ()
    own_reworks: int = 0
    is_upstream_rework: bool = False
    urged: int = 0
    supervision_level: int = 0
    is_supervised: bool = False
    repeat_of: str | None = None
    repeat_layer: int | None = None
    matter: str | None = None
    is_set_apart: bool = False
    merged_into: str | None = None
    completed_at: datetime | None = None
    archive_at: datetime | None = None
    instruction: int | None = None
    clocks: tuple[Clock, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def has_no_caller(self) -> bool:
        """Nobody to call, answer or ask: anonymous and without a phone (ruling 14)."""
        return self.is_anonymous and not self.has_phone

    @property
    def is_review(self) -> bool:
        """复核单: sent as one, or its present round was opened by one."""
        return self.ticket_kind is TicketKind.REWORK or self.is_upstream_rework

    @property
    def reply_exempt(self) -> bool:
        return not self.need_reply or self.has_no_caller

    @property
    def archive_due(self) -> datetime | None:
        """When the worker may archive it: followed up (or nobody to ask), no open 督办."""
        settled = self.state is TicketState.FOLLOWED_UP or (
            self.state is TicketState.COMPLETED and self.has_no_caller
        )
        if self.archive_at is None or not settled or self.is_supervised:
            return None
        return max([self.archive_at, *(one.at for one in self.follow_ups[-1:])])

    def commitment(self, promise: str) -> Clock | None:
        """The clock of one promise, whichever round it was made in."""
        rule = commitment_rule(promise)
        return next((clock for clock in self.clocks if clock.rule == rule), None)

    def clock(self, name: ClockName, *, unit: str | None = None) -> Clock | None:
        """The latest clock of that name in the present round (of that unit, where one is named)."""
        found = None
        for clock in self.clocks:
            if clock.name is name and clock.round == self.round and clock.unit == unit:
                found = clock
        return found

    def rank_of(self, name: str) -> FieldRank | None:
        """How new the standing word on an upstream field is; None where no message held it."""
        return next((one.rank for one in reversed(self.ranks) if name in one.fields), None)

    def assist(self, unit: str | None) -> Assist | None:
        return next((assist for assist in self.assists if assist.unit == unit), None)

    @property
    def unreachable_tries(self) -> int:
        """Fruitless follow-ups of this round: calls that reached nobody."""
        return sum(
            1
            for one in self.follow_ups
            if one.round == self.round and one.reached is Reached.UNREACHABLE
        )
