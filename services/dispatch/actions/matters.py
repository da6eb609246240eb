"""What the desk and leaders do with a matter (同一事项): tickets in and out, notes, its end."""

from dataclasses import dataclass

from services.dispatch.actions.faults import fault, refuse
from services.dispatch.schemas import Closing, Detachment, MatterNote, MatterTicket
from shared.domain.actor import Actor
from shared.domain.events import CommitmentKept
from shared.domain.matters import Matter, MatterClosed, NoteTaken
from shared.domain.ticket import Ticket
from shared.errors import Conflict
from shared.labels import REFUSALS
from shared.tickets import Ledger
from shared.tickets.matters import MatterBook
from shared.vault.callers import Mask
from shared.vault.free_text import hide_people


@dataclass(slots=True)
class MatterCase:
    """One matter in one caller's hands. `named`: the tickets the body speaks of, by number."""

    ledger: Ledger
    book: MatterBook
    matter: Matter
    actor: Actor
    mask: Mask
    named: dict[str, Ticket]

    def check_open(self) -> None:
        if not self.matter.is_open:
            raise Conflict(REFUSALS["MATTER_CLOSED"])


def split_commitment(name: str) -> tuple[str, str]:
    """A commitment's id in the dossier: its ticket's number, and its id there."""
    no, _, rest = name.rpartition("-P")
    return no, f"P{rest}"


def check_attach(case: MatterCase, body: MatterTicket) -> None:
    if body.ticket not in case.named:
        refuse([fault("/ticket", "UNKNOWN_TICKET")])


def attach(case: MatterCase, body: MatterTicket) -> None:
    """A ticket that tells of the same, whatever the rules found."""
    case.check_open()
    ticket = case.named[body.ticket]
    if ticket.matter is not None:
        code = "SAME_MATTER" if ticket.matter == case.matter.matter else "OTHER_MATTER"
        raise Conflict(REFUSALS[code])
    texts = {"reason": hide_people(case.mask(body.reason))} if body.reason else {}
    case.book.attach(ticket, case.matter.matter, actor=case.actor, reason="by_hand", texts=texts)


def check_detach(case: MatterCase, body: Detachment) -> None:
    if body.ticket not in case.named:
        refuse([fault("/ticket", "UNKNOWN_TICKET")])


def detach(case: MatterCase, body: Detachment, *, followers: int) -> None:
    """A ticket that tells of something else; the rules will not bring it back."""
    case.check_open()
    ticket = case.named[body.ticket]
    if ticket.matter != case.matter.matter:
        raise Conflict(REFUSALS["NOT_IN_MATTER"])
    if followers:
        raise Conflict(REFUSALS["ROOT_OF_REPEATS"])
    case.book.detach(
        ticket, actor=case.actor, texts={"reason": hide_people(case.mask(body.reason))}
    )


def check_note(case: MatterCase, body: MatterNote) -> None:
    """Every promise named is one of this matter's."""
    for place, name in enumerate(body.kept):
        no, promise = split_commitment(name)
        ticket = case.named.get(no)
        known = ticket is not None and ticket.matter == case.matter.matter
        if ticket is None or not known or ticket.commitment(promise) is None:
            refuse([fault(f"/kept/{place}", "UNKNOWN_COMMITMENT")])


def note(case: MatterCase, body: MatterNote) -> None:
    """A remark or a measure; the promises it finds kept are stopped on their tickets."""
    for name in dict.fromkeys(body.kept):
        no, promise = split_commitment(name)
        clock = case.named[no].commitment(promise)
        if clock is None or not clock.is_running:
            raise Conflict(REFUSALS["COMMITMENT_ENDED"])
        kept = CommitmentKept(promise)
        case.named[no] = case.ledger.record(case.named[no], kept, actor=case.actor)
    taken = NoteTaken(is_measure=body.measure, kept=tuple(dict.fromkeys(body.kept)))
    case.book.record(
        case.matter.matter,
        taken,
        actor=case.actor,
        texts={"text": hide_people(case.mask(body.text))},
    )


def close(case: MatterCase, body: Closing) -> None:
    """Settled for now; a further ticket on it opens it again."""
    case.check_open()
    case.book.record(
        case.matter.matter,
        MatterClosed(),
        actor=case.actor,
        texts={"reason": hide_people(case.mask(body.reason))},
    )
