"""Request bodies of the actions. Every action takes `at?`; a desk that backdates says why."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from shared.domain.readings import RevealField, RevealReason
from shared.domain.words import (
    AppealFinding,
    AppealVerdict,
    AttachmentKind,
    CaseValuation,
    ContactMode,
    ContactReason,
    ContactResult,
    ExclusionReason,
    ExtensionReason,
    FactFinding,
    Reached,
    ReplyMode,
    ReplySatisfaction,
    ReturnReason,
    Satisfaction,
    SiteCheck,
    Trade,
    Urgency,
    YesNo,
)
from shared.vault.free_text import hide_people
from shared.web.bodies import AtField, Body, Flag, Moment, Number, Whole

Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Keyword = Annotated[str, StringConstraints(min_length=1, max_length=20)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=1000)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FOLLOW_UP_ANSWERS = frozenset({"first_contact", "overall", "attitude", "solved", "redo"})
Day = Annotated[str, StringConstraints(pattern=r"^20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class ActionBody(Body):
    """`at`: when it happened, default now. `reason`: why the desk records it late."""

    at: Moment | None = None
    reason: Note | None = None


class AttachmentBody(Body):
    kind: AttachmentKind
    url: Url
    sha256: Sha256 | None = None


class EvidenceBody(Body):
    """A file, or a line of text; plain text stands for such a line."""

    kind: AttachmentKind | None = None
    url: Url | None = None
    sha256: Sha256 | None = None
    text: Note | None = None

    @model_validator(mode="before")
    @classmethod
    def plain_text_is_a_line(cls, value: object) -> object:
        return {"text": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def a_file_or_a_text(self) -> Self:
        for name in ("kind", "url"):
            if self.text is None and getattr(self, name) is None:
                raise AtField(name, "此项必填")
        if self.text is not None and (self.kind or self.url or self.sha256):
            raise AtField("text", "文字与文件须分开列出")
        return self


Attachments = Annotated[tuple[AttachmentBody, ...], Field(max_length=50)]


class Reveal(ActionBody):
    """What of the caller, and what for."""

    field: RevealField
    reason_code: RevealReason
    reason: Note


class Triage(ActionBody):
    trade: Trade
    category: Short
    urgency: Urgency | None = None
    std_kind: Annotated[str, StringConstraints(pattern="^(component|matter)$")] | None = None
    std_code: Annotated[str, StringConstraints(pattern=r"^\d{5}$")] | None = None


class Dispatch(ActionBody):
    lead: Short
    assists: list[Short] = Field(default=[], max_length=20)
    instruction: Long | None = None


class Acceptance(ActionBody):
    executor: Short
    section: Short | None = None


class ContactBody(ActionBody):
    result: ContactResult
    mode: ContactMode
    content: Note
    reason_code: ContactReason | None = None
    call_id: Short | None = None

    @model_validator(mode="after")
    def a_fruitless_try_says_why(self) -> Self:
        if self.result is ContactResult.UNREACHED and self.reason_code is None:
            raise AtField("reason_code", "未联系上须填写原因")
        return self


class Disposal(ActionBody):
    text: Long
    site_check: SiteCheck
    attachments: Attachments = ()
    done: Flag = False


class CommitmentBody(Body):
    text: Note
    owner: Short
    due_on: Day


class SiteVisitBody(ActionBody):
    findings: Long
    participants: list[Short] = Field(min_length=1, max_length=50)
    lng: Number | None = Field(default=None, ge=-180, le=180)
    lat: Number | None = Field(default=None, ge=-90, le=90)
    commitments: list[CommitmentBody] = Field(default=[], max_length=20)
    kept: list[Short] = Field(default=[], max_length=50)
    attachments: Attachments = ()


class FeedbackBody(ActionBody):
    summary: Note
    case_valuation: CaseValuation
    fact_finding: FactFinding | None = None
    fact_note: Note | None = None
    appeal_finding: AppealFinding | None = None
    appeal_note: Note | None = None
    contact_id: Short | None = None
    attachments: Attachments = ()


class Rejection(ActionBody):
    comment: Note


class ReplyBody(ActionBody):
    mode: ReplyMode
    reply_points: Note
    citizen_feedback: Note | None = None
    reply_satisfaction: ReplySatisfaction | None = None


class Completion(ActionBody):
    pass


class FollowUpBody(ActionBody):
    reached: Reached
    first_contact: YesNo = YesNo.UNRATED
    overall: Satisfaction = Satisfaction.UNRATED
    attitude: Satisfaction = Satisfaction.UNRATED
    solved: YesNo = YesNo.UNRATED
    redo: Flag = False

    @model_validator(mode="after")
    def only_a_citizen_reached_has_answers(self) -> Self:
        given = sorted(self.model_fields_set & FOLLOW_UP_ANSWERS)
        if self.reached is not Reached.YES and given:
            raise AtField(given[0], "未接通或拒访时不填")
        return self


class ReturnBody(ActionBody):
    reason_code: ReturnReason
    reason: Note
    suggested_unit: Short | None = None


class Decision(ActionBody):
    granted: Flag
    comment: Note


class AppealBody(ActionBody):
    """`round`: the latest of the unit's own where not named. `evidence`: files, lines of text."""

    verdict: AppealVerdict
    reason: Note
    evidence: Annotated[tuple[EvidenceBody, ...], Field(max_length=50)] = ()
    round: Whole | None = Field(default=None, ge=1)


class AppealDecision(Decision):
    """`verdict`, `round`: which one, where several wait; else the oldest."""

    verdict: AppealVerdict | None = None
    round: Whole | None = Field(default=None, ge=1)


class ExclusionBody(ActionBody):
    reason_code: ExclusionReason
    reason: Note


class UpstreamReturnBody(ActionBody):
    reason_code: ReturnReason
    reason: Note
    suggested_owner: Short


class ExtensionBody(ActionBody):
    reason_code: ExtensionReason
    reason: Note
    days: Whole


class Merge(ActionBody):
    into: Short


class VoidBody(ActionBody):
    reason: Note


class Urge(ActionBody):
    text: Note


class Supervision(ActionBody):
    text: Note
    level: Whole | None = Field(default=None, ge=1, le=3)
    due: Moment | None = None


class EmergencyScope(Body):
    """An empty list means all."""

    trades: Annotated[tuple[Trade, ...], Field(max_length=4)] = ()
    streets: Annotated[tuple[Short, ...], Field(max_length=50)] = ()
    keywords: Annotated[tuple[Keyword, ...], Field(max_length=50)] = ()


class EmergencyOverrides(Body):
    """`duty` as 06:00-24:00, `limits` by name, as in the register; `push`: tell at once."""

    duty: Short | None = None
    limits: dict[Short, Short] = Field(default_factory=dict, max_length=50)
    push: Flag = False


class EmergencyBody(Body):
    """Whole plan in, whole plan replaced. To end one, `active: false` is enough."""

    active: Flag
    scope: EmergencyScope = EmergencyScope()
    overrides: EmergencyOverrides = EmergencyOverrides()
    until: Moment | None = None
    reason: Annotated[Note, AfterValidator(hide_people)] | None = None


class MatterTicket(Body):
    """`ticket`: our number of the one that tells of the same."""

    ticket: Short
    reason: Note | None = None


class Detachment(Body):
    ticket: Short
    reason: Note


class MatterNote(Body):
    """`measure`: something was done about it. `kept`: ids of the commitments found kept."""

    text: Long
    measure: Flag = False
    kept: list[Short] = Field(default=[], max_length=50)


class Closing(Body):
    reason: Note
