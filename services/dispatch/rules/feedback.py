"""What a feedback (反馈) must hold, by appeal type and kind of ticket."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.ticket import Ticket
from shared.domain.words import (
    FACT_FINDINGS,
    AppealFinding,
    AttachmentKind,
    FactFinding,
    TicketKind,
)
from shared.errors import FieldError


@dataclass(frozen=True, slots=True)
class Findings:
    """`fact_label` and `appeal_label` are the labels of the findings: a note must say more."""

    fact_finding: FactFinding | None
    fact_note: str | None
    fact_label: str | None
    appeal_finding: AppealFinding | None
    appeal_note: str | None
    appeal_label: str | None
    contact_id: str | None
    attachments: frozenset[AttachmentKind]


def feedback_faults(ticket: Ticket, given: Findings) -> list[FieldError]:
    faults = [*_fact_faults(ticket, given), *_appeal_faults(ticket, given)]
    known = {contact.id for contact in ticket.contacts}
    if given.contact_id is None:
        if not ticket.has_no_caller:
            faults.append({"pointer": "/contact_id", "message": "CONTACT_NEEDED"})
    elif given.contact_id not in known:
        faults.append({"pointer": "/contact_id", "message": "UNKNOWN_CONTACT"})
    faults += [
        _fault("attachments", f"ATTACHMENT_{demanded}".upper())
        for demanded in _demanded(ticket)
        if demanded not in given.attachments
    ]
    return faults


def _demanded(ticket: Ticket) -> Iterator[AttachmentKind]:
    """Ruling 28: a recording for 复核单, a sealed document for 国办单."""
    if ticket.is_review:
        yield AttachmentKind.RECORDING
    if ticket.ticket_kind is TicketKind.STATE_COUNCIL:
        yield AttachmentKind.SEALED_DOC


def _fact_faults(ticket: Ticket, given: Findings) -> list[FieldError]:
    choices = FACT_FINDINGS[ticket.appeal_type]
    finding = given.fact_finding
    if not choices:
        return [] if finding is None else [_fault("fact_finding", "FINDING_NOT_ASKED")]
    if finding is None:
        return [_fault("fact_finding", "FINDING_NEEDED")]
    if finding not in choices:
        return [_fault("fact_finding", "FINDING_OF_OTHER_TYPE")]
    needed = finding is not choices[0]
    return _note_faults("fact_note", given.fact_note, given.fact_label, needed=needed)


def _appeal_faults(ticket: Ticket, given: Findings) -> list[FieldError]:
    finding = given.appeal_finding
    if finding is None:
        asked = bool(FACT_FINDINGS[ticket.appeal_type])
        return [_fault("appeal_finding", "FINDING_NEEDED")] if asked else []
    needed = finding is not AppealFinding.REASONABLE
    return _note_faults("appeal_note", given.appeal_note, given.appeal_label, needed=needed)


def _note_faults(
    name: str, note: str | None, label: str | None, *, needed: bool
) -> list[FieldError]:
    if note is None:
        return [_fault(name, "NOTE_NEEDED")] if needed else []
    return [_fault(name, "NOTE_IS_LABEL")] if note.strip(" 。.") == label else []


def _fault(name: str, message: str) -> FieldError:
    return {"pointer": f"/{name}", "message": message}
