"""The stored codes (contract §6). The labels people read are in `shared.labels`."""

from enum import StrEnum


class TicketState(StrEnum):
    RECEIVED = "received"
    TRIAGED = "triaged"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    FEEDBACK_SUBMITTED = "feedback_submitted"
    REPLIED = "replied"
    COMPLETED = "completed"
    FOLLOWED_UP = "followed_up"
    ARCHIVED = "archived"
    RETURN_PENDING = "return_pending"
    RETURNED_UPSTREAM = "returned_upstream"
    REWORK = "rework"
    MERGED = "merged"
    VOIDED = "voided"


class AppealType(StrEnum):
    CONSULT = "consult"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    OTHER = "other"


class Urgency(StrEnum):
    NORMAL = "normal"
    SUB_URGENT = "sub_urgent"
    URGENT = "urgent"


class TicketKind(StrEnum):
    TRANSFER = "transfer"
    SUPERVISED = "supervised"
    REWORK = "rework"
    STATE_COUNCIL = "state_council"


class Trade(StrEnum):
    GREENING = "greening"
    APPEARANCE = "appearance"
    SANITATION = "sanitation"
    LANDSCAPE = "landscape"


class UnitKind(StrEnum):
    BUREAU = "bureau"
    DESK = "desk"
    SECTION = "section"
    AFFILIATE = "affiliate"
    CONTRACTOR = "contractor"


class Role(StrEnum):
    """Who a key speaks for. `source` and `system` act without a key."""

    UNIT = "unit"
    DESK = "desk"
    LEADER = "leader"
    BI = "bi"
    ADMIN = "admin"
    SOURCE = "source"
    SYSTEM = "system"


class ClockName(StrEnum):
    DESK_ACCEPT = "desk_accept"
    FIRST_CONTACT = "first_contact"
    UNIT_ACCEPT = "unit_accept"
    UNIT_COMPLETE = "unit_complete"
    COMPLETE = "complete"
    REPLY = "reply"
    FOLLOW_UP = "follow_up"
    INTERIM_REPORT = "interim_report"
    COMMITMENT = "commitment"


class EscalationCause(StrEnum):
    """Why the supervision ladder went up a step."""

    YELLOW = "yellow"
    OVERDUE = "overdue"
    REWORK = "rework"
    REPEATS = "repeats"
    CLUSTER = "cluster"


class ClockOutcome(StrEnum):
    """How a clock ended; a running clock has none. `late`: stopped after its due."""

    MET = "met"
    UNREACHED = "unreached"
    LATE = "late"
    EXEMPT = "exempt"
    CANCELLED = "cancelled"


class ErasurePart(StrEnum):
    """What of a ticket is erased together, each with a period of retention of its own.

    `caller`: who called, and what platforms sent of it; `ticket`: every word that was written.
    """

    RECORDING = "recording"
    CALLER = "caller"
    TICKET = "ticket"


class ErasureCause(StrEnum):
    """`restored`: erased before, and brought back by a backup."""

    REQUEST = "request"
    RETENTION = "retention"
    RESTORED = "restored"


class AssistState(StrEnum):
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    DONE = "done"


class ContactResult(StrEnum):
    REACHED = "reached"
    UNREACHED = "unreached"


class ContactMode(StrEnum):
    PHONE = "phone"
    BRIDGE = "bridge"
    SMS = "sms"
    IN_PERSON = "in_person"


class ContactReason(StrEnum):
    ALWAYS_OFF = "always_off"
    NEVER_ANSWERED = "never_answered"
    OTHER = "other"


class FactFinding(StrEnum):
    TRUE = "true"
    PARTLY_TRUE = "partly_true"
    UNTRUE = "untrue"
    ADOPTED = "adopted"
    PARTLY_ADOPTED = "partly_adopted"
    KEPT = "kept"
    NOT_ADOPTED = "not_adopted"
    POLICY_FOUND = "policy_found"
    NO_POLICY = "no_policy"
    POLICY_NOT_ACCEPTED = "policy_not_accepted"


class AppealFinding(StrEnum):
    REASONABLE = "reasonable"
    NO_POLICY_BASIS = "no_policy_basis"
    EXCESSIVE = "excessive"
    OTHER = "other"


class CaseValuation(StrEnum):
    RESOLVED = "resolved"
    EXPLAINED = "explained"
    OTHER = "other"


class SiteCheck(StrEnum):
    YES = "yes"
    NO = "no"
    NO_SITE = "no_site"


class ReplyMode(StrEnum):
    PHONE = "phone"
    WRITTEN = "written"
    MEETING = "meeting"


class ReplySatisfaction(StrEnum):
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    ACCEPTED = "accepted"
    UNRATED = "unrated"


class Reached(StrEnum):
    YES = "yes"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


class YesNo(StrEnum):
    YES = "yes"
    NO = "no"
    UNRATED = "unrated"


class Satisfaction(StrEnum):
    SATISFIED = "satisfied"
    MOSTLY_SATISFIED = "mostly_satisfied"
    NEUTRAL = "neutral"
    DISSATISFIED = "dissatisfied"
    UNRATED = "unrated"


class FollowUpLevel(StrEnum):
    BUREAU = "bureau"
    DISTRICT = "district"
    CITY = "city"


class ReturnReason(StrEnum):
    NOT_OURS = "not_ours"
    DUPLICATE = "duplicate"
    MISSING_ELEMENTS = "missing_elements"
    OTHER = "other"


class ExtensionReason(StrEnum):
    COMPLEX = "complex"
    THIRD_PARTY = "third_party"
    WEATHER = "weather"
    MATERIALS = "materials"
    OTHER = "other"


class ExclusionReason(StrEnum):
    """Why a ticket is left out of scoring (剔除)."""

    EMERGENCY_LINE = "emergency_line"
    LEGAL_PROCEDURE = "legal_procedure"
    UNLAWFUL = "unlawful"
    SECRET_OR_PRIVACY = "secret_or_privacy"  # noqa: S105 - no password
    MALICIOUS = "malicious"
    DUPLICATE = "duplicate"
    FALSE_CONTACT = "false_contact"
    OUTSIDE_REMIT = "outside_remit"
    FORCE_MAJEURE = "force_majeure"
    UNTRUE = "untrue"


class AppealVerdict(StrEnum):
    """What a unit may appeal against (申诉): a missed clock, a follow-up, a repeat link."""

    FIRST_CONTACT = "clock:first_contact"
    COMPLETE = "clock:complete"
    REPLY = "clock:reply"
    FOLLOW_UP = "follow_up"
    REPEAT = "repeat"


class RequestState(StrEnum):
    """What has become of something that one asked for and another decides."""

    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"


class AttachmentKind(StrEnum):
    PHOTO_BEFORE = "photo_before"
    PHOTO_AFTER = "photo_after"
    RECORDING = "recording"
    DOCUMENT = "document"
    SEALED_DOC = "sealed_doc"


# Those of the ticket itself; promises made on the spot run beside them and end none of them.
HOTLINE_CLOCKS = tuple(name for name in ClockName if name is not ClockName.COMMITMENT)
OPEN_STATES = frozenset(
    {
        TicketState.RECEIVED,
        TicketState.TRIAGED,
        TicketState.DISPATCHED,
        TicketState.ACCEPTED,
        TicketState.IN_PROGRESS,
        TicketState.FEEDBACK_SUBMITTED,
        TicketState.REPLIED,
        TicketState.REWORK,
        TicketState.RETURN_PENDING,
    }
)
TERMINAL_STATES = frozenset(
    {
        TicketState.ARCHIVED,
        TicketState.RETURNED_UPSTREAM,
        TicketState.MERGED,
        TicketState.VOIDED,
    }
)
# Fact findings a desk may read of each appeal type; the first needs no note.
FACT_FINDINGS: dict[AppealType, tuple[FactFinding, ...]] = {
    **dict.fromkeys(
        (AppealType.COMPLAINT, AppealType.HELP, AppealType.REPORT),
        (FactFinding.TRUE, FactFinding.PARTLY_TRUE, FactFinding.UNTRUE),
    ),
    AppealType.SUGGESTION: (
        FactFinding.ADOPTED,
        FactFinding.PARTLY_ADOPTED,
        FactFinding.KEPT,
        FactFinding.NOT_ADOPTED,
    ),
    AppealType.CONSULT: (
        FactFinding.POLICY_FOUND,
        FactFinding.NO_POLICY,
        FactFinding.POLICY_NOT_ACCEPTED,
    ),
    AppealType.PRAISE: (),
    AppealType.OTHER: (),
}
