"""Physical work (处置), site visits (现场查看) and feedback (反馈)."""

from collections.abc import Sequence
from urllib.parse import unquote

from services.dispatch.actions.faults import fault, refuse
from services.dispatch.case import Case
from services.dispatch.rules.feedback import Findings, feedback_faults
from services.dispatch.schemas import (
    AttachmentBody,
    Disposal,
    FeedbackBody,
    Rejection,
    SiteVisitBody,
)
from shared.domain.calendar import in_city
from shared.domain.events import (
    AssistDone,
    Attachment,
    Commitment,
    CommitmentKept,
    FeedbackRejected,
    FeedbackSubmitted,
    TicketDisposed,
    TicketSiteVisited,
)
from shared.domain.words import TicketState
from shared.labels import APPEAL_FINDINGS, FACT_FINDINGS


def attachments(case: Case, bodies: Sequence[AttachmentBody]) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(body.kind, place_of(case, body.url, f"/attachments/{place}/url"), body.sha256)
        for place, body in enumerate(bodies)
    )


def place_of(case: Case, url: str, pointer: str) -> str:
    """A file's address, which goes out with the ticket: none that tells of the caller.

    Recordings are often named by the number called; a mask would leave a dead link.
    """
    plain = unquote(url)
    if case.mask(plain) != plain:
        refuse([fault(pointer, "TELLS_OF_CALLER")])
    return url


def dispose(case: Case, body: Disposal) -> None:
    """Work reported. An assist that says it is done ends its own part only."""
    unit = case.actor.unit
    assert unit is not None
    files = attachments(case, body.attachments)
    if case.is_assist and body.done:
        case.record(AssistDone(unit, body.site_check, files), work=body.text)
    else:
        event = TicketDisposed(unit, case.is_lead, body.site_check, files)
        case.record(event, work=body.text)


def check_visit(case: Case, body: SiteVisitBody) -> None:
    """No promise for a day that was over, and none called kept that was not made here."""
    day = in_city(case.at).date().isoformat()
    refuse(
        [
            fault(f"/commitments/{place}/due_on", "PROMISE_PAST")
            for place, one in enumerate(body.commitments)
            if one.due_on < day
        ]
        + [
            fault(f"/kept/{place}", "UNKNOWN_COMMITMENT")
            for place, one in enumerate(body.kept)
            if not is_owed(case, one)
        ]
    )


def is_owed(case: Case, promise: str) -> bool:
    clock = case.ticket.commitment(promise)
    return clock is not None and clock.is_running


def visit_site(case: Case, body: SiteVisitBody) -> None:
    """Findings and commitments, those found kept too. It begins the work, but for an assist's."""
    begins = case.ticket.state is TicketState.ACCEPTED and not case.is_assist
    event = TicketSiteVisited(
        participants=len(body.participants),
        begins_work=begins,
        unit=case.actor.unit,
        lng=body.lng,
        lat=body.lat,
        commitments=tuple(Commitment(one.due_on) for one in body.commitments),
        attachments=attachments(case, body.attachments),
    )
    promises = {f"commitment:{i}": one.text for i, one in enumerate(body.commitments)}
    promises |= {f"owner:{i}": one.owner for i, one in enumerate(body.commitments)}
    people = "、".join(body.participants)
    case.record(event, findings=body.findings, participants=people, **promises)
    for promise in dict.fromkeys(body.kept):
        case.record(CommitmentKept(promise))


def check_feedback(case: Case, body: FeedbackBody) -> None:
    given = Findings(
        fact_finding=body.fact_finding,
        fact_note=body.fact_note,
        fact_label=FACT_FINDINGS[body.fact_finding] if body.fact_finding else None,
        appeal_finding=body.appeal_finding,
        appeal_note=body.appeal_note,
        appeal_label=APPEAL_FINDINGS[body.appeal_finding] if body.appeal_finding else None,
        contact_id=body.contact_id,
        attachments=frozenset(one.kind for one in body.attachments),
    )
    refuse(feedback_faults(case.ticket, given))


def feedback(case: Case, body: FeedbackBody) -> None:
    unit = case.actor.unit
    assert unit is not None
    event = FeedbackSubmitted(
        unit=unit,
        case_valuation=body.case_valuation,
        fact_finding=body.fact_finding,
        appeal_finding=body.appeal_finding,
        contact_id=body.contact_id,
        attachments=attachments(case, body.attachments),
    )
    case.record(event, summary=body.summary, fact_note=body.fact_note, appeal_note=body.appeal_note)


def reject_feedback(case: Case, body: Rejection) -> None:
    """Back to work; the unit's clock goes on."""
    case.record(FeedbackRejected(), comment=body.comment)
