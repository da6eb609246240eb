"""What is kept of every look at a ticket: what was shown, to whom, by which operation.

And of what is done to its data beside the log: erased, held, and the record itself cut.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.actor import Actor


class ReadingKind(StrEnum):
    TICKET = "ticket.read"
    EVENTS = "ticket.events"
    CLOCKS = "ticket.clocks"
    VIEWERS = "ticket.viewers"
    LIST = "ticket.listed"
    ACTION = "ticket.acted"
    REVEAL = "caller.revealed"
    MATTER = "matter.read"
    PLATFORM = "platform.read"
    QUARANTINE = "quarantine.read"
    DEAD_LETTERS = "dead_letters.read"
    FIGURES = "figures.read"
    EXPORT = "figures.exported"
    ERASURE_ASKED = "erasure.requested"
    ERASED = "ticket.erased"
    MESSAGES_ERASED = "messages.erased"
    HELD = "hold.set"
    RELEASED = "hold.lifted"
    LOG_CUT = "audit.cut"


class RevealField(StrEnum):
    PHONE = "phone"
    NAME = "name"
    ADDRESS = "address"


class RevealReason(StrEnum):
    CONTACT_CALLER = "contact_caller"
    SITE_VISIT = "site_visit"
    SEND_REPLY = "send_reply"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reading:
    """`operation`: the id of the path in the interface's description; `trace`: the request's.

    `detail` tells what was asked for, never what was shown.
    """

    kind: ReadingKind
    actor: Actor
    operation: str
    trace: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
