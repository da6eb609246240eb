"""What may happen to a ticket (工单), as entries of its log.

An entry carries every code, time and id that its fold needs. Free text is never in it: the texts
of an entry lie in `ticket_texts` under the same `seq`, the log keeps their salted hashes.
Contracts change by adding optional fields only; otherwise a new event type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from shared.domain.actor import Actor
from shared.domain.clocks import Clock
from shared.domain.words import (
    AppealFinding,
    AppealType,
    AppealVerdict,
    AttachmentKind,
    CaseValuation,
    ContactMode,
    ContactReason,
    ContactResult,
    ErasureCause,
    ErasurePart,
    EscalationCause,
    ExclusionReason,
    ExtensionReason,
    FactFinding,
    FollowUpLevel,
    Reached,
    ReplyMode,
    ReplySatisfaction,
    ReturnReason,
    Satisfaction,
    SiteCheck,
    TicketKind,
    Trade,
    Urgency,
    YesNo,
)

Code = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """By reference: minhu stores no files."""

    kind: AttachmentKind
    url: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class FieldRank:
    """How new one upstream word on one field is: by revision, else by time."""

    at: datetime
    revision: int | None = None

    def newer_than(self, other: "FieldRank") -> bool:
        """A word without a revision comes before every word with one; equal ones go by time."""
        return (self.revision or 0, self.at) > (other.revision or 0, other.at)


@dataclass(frozen=True, slots=True)
class Event:
    """`emergency`: the plan (its id) under which the ticket comes with this entry."""

    type: ClassVar[str]
    version: ClassVar[int] = 1
    emergency: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class TicketReceived(Event):
    """The first word of a platform on a ticket. `texts`: title, content, address, raw.

    `carried` names the fields the message held, each as new as `rank` says. `worded` names the
    emergency plans one of whose keywords its words hold.
    """

    type = "ticket.received"
    no: str
    source: str
    upstream_no: str
    appeal_type: AppealType
    urgency: Urgency
    ticket_kind: TicketKind
    received_at: datetime
    is_anonymous: bool
    is_confidential: bool
    need_reply: bool
    has_phone: bool
    rank: FieldRank
    carried: tuple[str, ...]
    dispatched_at: datetime | None = None
    upstream_due: datetime | None = None
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
    worded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketUpdated(Event):
    """A later (or the other platform's) word. Only fields that now stand are in `changes`.

    `carried` names every field in which this message is the newest word. `differs` names fields
    in which a second platform's word, or one that came late (then without `link`), differs and
    does not stand; such words are among the entry's texts, codes spelled out. `before` holds what
    changed and differing codes were, and of a text the entry that held it. `link` adds a further
    upstream number. Changed texts name themselves only. `worded` as in TicketReceived.
    """

    type = "ticket.updated"
    source: str
    upstream_no: str
    changes: Mapping[str, Code]
    rank: FieldRank
    carried: tuple[str, ...] = ()
    before: Mapping[str, Code] = field(default_factory=dict)
    text_fields: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    link: bool = False
    other_nos: tuple[str, ...] = ()
    worded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketTriaged(Event):
    type = "ticket.triaged"
    trade: Trade
    category: str
    urgency: Urgency | None = None
    std_kind: str | None = None
    std_code: str | None = None


@dataclass(frozen=True, slots=True)
class TicketDispatched(Event):
    type = "ticket.dispatched"
    lead: str
    assists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketAccepted(Event):
    type = "ticket.accepted"
    unit: str
    executor: str
    section: str | None = None


@dataclass(frozen=True, slots=True)
class AssistAccepted(Event):
    type = "ticket.assist_accepted"
    unit: str
    executor: str
    section: str | None = None


@dataclass(frozen=True, slots=True)
class AssistDone(Event):
    type = "ticket.assist_done"
    unit: str
    site_check: SiteCheck
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketContacted(Event):
    type = "ticket.contacted"
    result: ContactResult
    mode: ContactMode
    by: str
    unit: str | None = None
    reason_code: ContactReason | None = None
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class TicketDisposed(Event):
    """Physical work reported (处置). By an assist it changes no state of the ticket."""

    type = "ticket.disposed"
    unit: str
    by_lead: bool
    site_check: SiteCheck
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Commitment:
    """What is promised and by whom are texts of the entry: `commitment:N`, `owner:N`."""

    due_on: str


@dataclass(frozen=True, slots=True)
class TicketSiteVisited(Event):
    """`texts`: findings, participants, and commitment:N and owner:N for each promise made."""

    type = "ticket.site_visited"
    participants: int
    begins_work: bool
    unit: str | None = None
    lng: float | None = None
    lat: float | None = None
    commitments: tuple[Commitment, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedbackSubmitted(Event):
    """`texts`: summary, fact_note, appeal_note."""

    type = "ticket.feedback_submitted"
    unit: str
    case_valuation: CaseValuation
    fact_finding: FactFinding | None = None
    appeal_finding: AppealFinding | None = None
    contact_id: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedbackRejected(Event):
    type = "ticket.feedback_rejected"


@dataclass(frozen=True, slots=True)
class TicketReplied(Event):
    """`texts`: reply_points, citizen_feedback."""

    type = "ticket.replied"
    mode: ReplyMode
    unit: str | None = None
    reply_satisfaction: ReplySatisfaction | None = None


@dataclass(frozen=True, slots=True)
class TicketCompleted(Event):
    """办结. `archive_at`: from when it may be archived, once followed up."""

    type = "ticket.completed"
    archive_at: datetime


@dataclass(frozen=True, slots=True)
class TicketFollowedUp(Event):
    type = "ticket.followed_up"
    level: FollowUpLevel
    reached: Reached
    first_contact: YesNo = YesNo.UNRATED
    overall: Satisfaction = Satisfaction.UNRATED
    attitude: Satisfaction = Satisfaction.UNRATED
    solved: YesNo = YesNo.UNRATED
    redo: bool = False

    @property
    def is_dissatisfied(self) -> bool:
        """Ruling 23: what opens the next round, when the citizen was reached."""
        return self.reached is Reached.YES and (
            self.overall is Satisfaction.DISSATISFIED or self.solved is YesNo.NO or self.redo
        )


@dataclass(frozen=True, slots=True)
class ReworkOpened(Event):
    """The next round. `own`: by our follow-up; else by a platform's 复核单 with its own number."""

    type = "ticket.rework_opened"
    round: int
    own: bool
    due: datetime | None = None
    source: str | None = None
    upstream_no: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnRequested(Event):
    """退单: the lead says it is not its own. `texts`: reason."""

    type = "ticket.return_requested"
    unit: str
    reason_code: ReturnReason
    suggested_unit: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnUpstreamRequested(Event):
    """The desk asks the platform to take it back. `texts`: reason, suggested_owner."""

    type = "ticket.return_upstream_requested"
    reason_code: ReturnReason


@dataclass(frozen=True, slots=True)
class ReturnDecided(Event):
    """By the desk on a unit's request, or refused by the platform. `texts`: comment."""

    type = "ticket.return_decided"
    granted: bool


@dataclass(frozen=True, slots=True)
class ReturnedUpstream(Event):
    """The platform has taken it back: out of every figure. `texts`: comment."""

    type = "ticket.returned_upstream"


@dataclass(frozen=True, slots=True)
class ExtensionRequested(Event):
    """延期, in working days. `texts`: reason."""

    type = "ticket.extension_requested"
    reason_code: ExtensionReason
    days: int
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ExtensionDecided(Event):
    """By the leader, whose grant only passes it on, or by the platform, whose grant moves `due`.

    `texts`: comment.
    """

    type = "ticket.extension_decided"
    granted: bool
    upstream: bool = False
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class TicketMerged(Event):
    """并单: handled from now on as part of the ticket numbered `into`."""

    type = "ticket.merged"
    into: str


@dataclass(frozen=True, slots=True)
class TicketAbsorbed(Event):
    """The other side of a merge: `no` was merged into this one, and its earlier `due` applies."""

    type = "ticket.absorbed"
    no: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class VoidRequested(Event):
    """作废, to be confirmed by a leader. `texts`: reason."""

    type = "ticket.void_requested"


@dataclass(frozen=True, slots=True)
class VoidRefused(Event):
    """`texts`: comment."""

    type = "ticket.void_refused"


@dataclass(frozen=True, slots=True)
class AppealRequested(Event):
    """申诉 of `unit`, the last lead of `round`, against what counts against it there.

    `texts`: reason, and evidence:N for each of the `statements` beside the attachments.
    """

    type = "ticket.appealed"
    verdict: AppealVerdict
    round: int
    unit: str
    evidence: tuple[Attachment, ...] = ()
    statements: int = 0


@dataclass(frozen=True, slots=True)
class AppealDecided(Event):
    """By a leader. Granted, it changes figures alone: no clock, no state. `texts`: comment."""

    type = "ticket.appeal_decided"
    verdict: AppealVerdict
    round: int
    granted: bool


@dataclass(frozen=True, slots=True)
class ExclusionRequested(Event):
    """剔除: the desk asks to leave the ticket out of the rates. `texts`: reason."""

    type = "ticket.exclusion_requested"
    reason_code: ExclusionReason


@dataclass(frozen=True, slots=True)
class ExclusionDecided(Event):
    """By a leader, on what was asked for with `reason_code`. `texts`: comment."""

    type = "ticket.exclusion_decided"
    granted: bool
    reason_code: ExclusionReason


@dataclass(frozen=True, slots=True)
class TicketUrged(Event):
    type = "ticket.urged"


@dataclass(frozen=True, slots=True)
class TicketSupervised(Event):
    """督办: raises the level and adds a limit; the earlier due applies.

    `source` and `upstream_no` where a platform's 复核单 fell on a ticket still open (ruling 24).
    """

    type = "ticket.supervised"
    level: int
    due: datetime | None = None
    source: str | None = None
    upstream_no: str | None = None


@dataclass(frozen=True, slots=True)
class TicketEscalated(Event):
    """The ladder raised the level by itself: no 督办, so it adds no limit and holds up nothing."""

    type = "ticket.escalated"
    level: int
    cause: EscalationCause


@dataclass(frozen=True, slots=True)
class EmergencyJoined(Event):
    """An emergency plan was declared that moves clocks of the ticket not yet started."""

    type = "ticket.emergency_joined"


@dataclass(frozen=True, slots=True)
class TicketVoided(Event):
    type = "ticket.voided"


@dataclass(frozen=True, slots=True)
class TicketArchived(Event):
    type = "ticket.archived"


@dataclass(frozen=True, slots=True)
class TicketErased(Event):
    """Personal data was taken out of the ticket and its log. Whoever keeps a copy erases it too.

    It changes no figure: what figures are made of stays.
    """

    type = "ticket.erased"
    parts: tuple[ErasurePart, ...]
    cause: ErasureCause


@dataclass(frozen=True, slots=True)
class RepeatLinked(Event):
    """`root`: our number of the first ticket of the chain.

    Layer 1 is the platform's own word; layer 2 the same caller on the same matter, with what was
    compared: days since the root's receipt, whether the address is the same, how far away.
    """

    type = "ticket.repeat_linked"
    root: str
    layer: int
    reason: str
    days: int | None = None
    same_address: bool = False
    metres: int | None = None


@dataclass(frozen=True, slots=True)
class MatterJoined(Event):
    """`layer`: that of the repeat, 3 for a cluster, none where somebody put it there.

    `callers`: how many different ones a cluster had when the ticket joined.
    """

    type = "ticket.matter_joined"
    matter: str
    layer: int | None = None
    reason: str | None = None
    callers: int | None = None


@dataclass(frozen=True, slots=True)
class MatterLeft(Event):
    """Taken out by hand, and never put back by the rules. `ends_repeat`: it is none any more."""

    type = "ticket.matter_left"
    matter: str
    ends_repeat: bool = False


@dataclass(frozen=True, slots=True)
class CommitmentKept(Event):
    """A promise of a site visit was found kept. `commitment`: its id, P + entry - place."""

    type = "ticket.commitment_kept"
    commitment: str


@dataclass(frozen=True, slots=True)
class ClockWarned(Event):
    type = "ticket.clock_warned"
    name: str
    round: int
    ordinal: int
    due: datetime


@dataclass(frozen=True, slots=True)
class ClockMissed(Event):
    type = "ticket.clock_missed"
    name: str
    round: int
    ordinal: int
    due: datetime


@dataclass(frozen=True, slots=True)
class ClocksPaused(Event):
    """The clocks that follow a limit of ours stand still, for a reason the register grants."""

    type = "ticket.clocks_paused"
    reason: str


@dataclass(frozen=True, slots=True)
class ClocksResumed(Event):
    type = "ticket.clocks_resumed"


@dataclass(frozen=True, slots=True)
class ClocksCorrected(Event):
    """A calendar or a limit was corrected: the entry's clocks are what they would have been.

    `calendar`: the version that now holds; `limits`: that of the ticket's start.
    """

    type = "ticket.clocks_corrected"
    calendar: str
    limits: str


EVENTS: tuple[type[Event], ...] = (
    TicketReceived,
    TicketUpdated,
    TicketTriaged,
    TicketDispatched,
    TicketAccepted,
    AssistAccepted,
    AssistDone,
    TicketContacted,
    TicketDisposed,
    TicketSiteVisited,
    FeedbackSubmitted,
    FeedbackRejected,
    TicketReplied,
    TicketCompleted,
    TicketFollowedUp,
    ReworkOpened,
    ReturnRequested,
    ReturnUpstreamRequested,
    ReturnDecided,
    ReturnedUpstream,
    ExtensionRequested,
    ExtensionDecided,
    TicketMerged,
    TicketAbsorbed,
    VoidRequested,
    VoidRefused,
    AppealRequested,
    AppealDecided,
    ExclusionRequested,
    ExclusionDecided,
    TicketUrged,
    TicketSupervised,
    TicketEscalated,
    EmergencyJoined,
    TicketVoided,
    TicketArchived,
    TicketErased,
    RepeatLinked,
    MatterJoined,
    MatterLeft,
    CommitmentKept,
    ClocksPaused,
    ClocksResumed,
    ClocksCorrected,
    ClockWarned,
    ClockMissed,
)


def is_silent(event: Event) -> bool:
    """Leaves the ticket's version as it was: nobody's word changed what the desk reads.

    What time alone brings makes no version stale that somebody is about to act on.
    """
    if isinstance(event, TicketUpdated):
        return not (event.changes or event.text_fields or event.link)
    return isinstance(event, ClockWarned | ClockMissed | TicketEscalated)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: an event, when it happened and was recorded, by whom."""

    seq: int
    event: Event
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    clocks: tuple[Clock, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
