"""What a ticket is made of: who has it, what was done, asked for and answered."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.actor import Actor
from shared.domain.events import Attachment, Commitment, FieldRank
from shared.domain.words import (
    AppealFinding,
    AppealVerdict,
    AssistState,
    CaseValuation,
    ContactMode,
    ContactReason,
    ContactResult,
    ExclusionReason,
    ExtensionReason,
    FactFinding,
    FollowUpLevel,
    Reached,
    ReplyMode,
    ReplySatisfaction,
    RequestState,
    ReturnReason,
    Satisfaction,
    SiteCheck,
    YesNo,
)


@dataclass(frozen=True, slots=True)
class Upstream:
    """One number of the ticket at one platform.

    `seq` is the entry that brought it, `later` are those that said more of what we do not know;
    each holds it as its text `raw`.
    """

    source: str
    no: str
    seq: int
    later: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """The fields in which one upstream message was the newest word when it came."""

    rank: FieldRank
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """An emergency plan under which the ticket came, and when."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Lead:
    unit: str
    dispatched_at: datetime
    executor: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Led:
    """The unit last dispatched as lead in a round: the round's figures are its own."""

    round: int
    unit: str
    dispatched_at: datetime


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


def commitment_rule(promise: str) -> str:
    """What the clock of a promise names as its rule."""
    return f"commitment:{promise}"


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
class Asked:
    """Who asked for something that another must decide, and the answer so far.

    `seq` and `decided_seq` are the entries that hold the reason and the comment.
    """

    seq: int
    at: datetime
    by: str
    key: str | None
    unit: str | None
    state: RequestState = RequestState.PENDING
    decided_seq: int | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None

    @property
    def is_pending(self) -> bool:
        return self.state is RequestState.PENDING

    @property
    def is_refused(self) -> bool:
        return self.state is RequestState.REFUSED

    def is_by(self, actor: Actor) -> bool:
        """Asked by the same person, or with the same key."""
        return actor.name == self.by or (actor.key is not None and actor.key == self.key)


@dataclass(frozen=True, slots=True)
class Return:
    """One 退单: a unit's to the desk, or ours to the platform (`upstream`)."""

    asked: Asked
    reason_code: ReturnReason
    suggested_unit: str | None = None
    upstream: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """One 延期 of a round. `passed_on`: the leader has agreed, the platform has not yet spoken."""

    asked: Asked
    round: int
    reason_code: ExtensionReason
    days: int
    passed_on: bool = False
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """One 申诉 against a verdict of a round."""

    asked: Asked
    verdict: AppealVerdict
    round: int
    evidence: tuple[Attachment, ...] = ()
    statements: int = 0


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One 剔除 of the ticket, of all its rounds."""

    asked: Asked
    reason_code: ExclusionReason


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`known_at`: when it was recorded; a platform tells of one later than it was."""

    round: int
    at: datetime
    level: FollowUpLevel
    reached: Reached
    first_contact: YesNo
    overall: Satisfaction
    attitude: Satisfaction
    solved: YesNo
    redo: bool
    known_at: datetime | None = None
