"""A ticket (工单) as the fold of its log: what it is now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.clocks import Clock
from shared.domain.events import FieldRank
from shared.domain.parts import (
    Appeal,
    Asked,
    Assist,
    Contact,
    Exclusion,
    Extension,
    Feedback,
    FollowUp,
    Lead,
    Led,
    Ranked,
    Reply,
    Return,
    SiteVisit,
    Touched,
    Upstream,
    Work,
    commitment_rule,
)
from shared.domain.pauses import Pause
from shared.domain.words import (
    OPEN_STATES,
    AppealType,
    ClockName,
    ErasurePart,
    Reached,
    TicketKind,
    TicketState,
    Trade,
    Urgency,
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """`seq`: last entry folded. `version`: grows when what the desk reads changes.

    `texts` maps title, content and address to the entry that holds the standing wording.
    `ranks` keeps how new the standing word on each upstream field is, latest last (ruling 46).
    `upstream_due`, `supervised_due`, `round_due`, `extended_due` and `absorbed_due` (that of a
    ticket merged into this one) go into `complete.due`. `bounces`: dispatches back to a unit that
    had returned it. `leads`: the last lead of each round; `repeat_at`: when it was found a repeat.
    `erased`: what personal data has been taken out.
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
    leads: tuple[Led, ...] = ()
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
    repeat_at: datetime | None = None
    matter: str | None = None
    is_set_apart: bool = False
    returns: tuple[Return, ...] = ()
    bounces: int = 0
    extension: Extension | None = None
    void: Asked | None = None
    appeals: tuple[Appeal, ...] = ()
    exclusion: Exclusion | None = None
    merged_into: str | None = None
    absorbed: tuple[str, ...] = ()
    absorbed_due: datetime | None = None
    completed_at: datetime | None = None
    archive_at: datetime | None = None
    instruction: int | None = None
    pauses: tuple[Pause, ...] = ()
    worded: tuple[str, ...] = ()
    emergencies: tuple[Touched, ...] = ()
    erased: tuple[ErasurePart, ...] = ()
    clocks: tuple[Clock, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def pending_return(self) -> Return | None:
        """The unit's or our own 退单 that waits for an answer."""
        return next((one for one in self.returns[-1:] if one.asked.is_pending), None)

    @property
    def pending_extension(self) -> Extension | None:
        """Of the present round; what an earlier one asked for is over with it."""
        one = self.extension
        is_pending = one is not None and one.asked.is_pending and one.round == self.round
        return one if is_pending else None

    @property
    def pending_void(self) -> Asked | None:
        return self.void if self.void is not None and self.void.is_pending else None

    @property
    def pending_appeals(self) -> tuple[Appeal, ...]:
        """Oldest first."""
        return tuple(one for one in self.appeals if one.asked.is_pending)

    @property
    def pending_exclusion(self) -> Exclusion | None:
        one = self.exclusion
        return one if one is not None and one.asked.is_pending else None

    @property
    def has_no_caller(self) -> bool:
        """Nobody to call, answer or ask: anonymous and without a phone (ruling 14)."""
        return self.is_anonymous and not self.has_phone

    @property
    def is_reported(self) -> bool:
        """Somebody has worked on it or been there: how things stand is known."""
        return bool(self.works or self.site_visits) or self.feedback is not None

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

    def led_by(self, number: int) -> str | None:
        """The unit last dispatched as lead in that round: its figures are that unit's."""
        one = self.last_lead(number)
        return None if one is None else one.unit

    def last_lead(self, number: int) -> Led | None:
        """One dispatched before leads were kept by round is known while it has the ticket."""
        found = next((one for one in self.leads if one.round == number), None)
        if found is None and self.lead is not None and number == self.round:
            return Led(number, self.lead.unit, self.lead.dispatched_at)
        return found

    def commitment(self, promise: str) -> Clock | None:
        """The clock of one promise, whichever round it was made in."""
        rule = commitment_rule(promise)
        return next((clock for clock in self.clocks if clock.rule == rule), None)

    def clock(self, name: ClockName, *, unit: str | None = None) -> Clock | None:
        """The latest clock of that name in the present round (of that unit, where one is named)."""
        found = None
        for clock in self.clocks:
            if clock.name is not name or clock.round != self.round or clock.unit != unit:
                continue
            if found is None or clock.ordinal > found.ordinal:
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
