"""A matter (同一事项): what happens to it, as entries of its own log, and their fold.

Which tickets are on it, the tickets themselves say; the matter's log tells it a second time, for
the reader of the dossier. Free text lies apart, as with tickets.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from shared.domain.actor import Actor


class MatterState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class MatterEvent:
    type: ClassVar[str]


@dataclass(frozen=True, slots=True)
class MatterOpened(MatterEvent):
    """`root`: the number of its first ticket."""

    type = "matter.opened"
    root: str
    layer: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TicketAttached(MatterEvent):
    """`is_root`: the chain hangs on this one from now on."""

    type = "matter.ticket_attached"
    ticket: str
    layer: int | None = None
    reason: str | None = None
    is_root: bool = False


@dataclass(frozen=True, slots=True)
class TicketDetached(MatterEvent):
    """`texts`: reason."""

    type = "matter.ticket_detached"
    ticket: str


@dataclass(frozen=True, slots=True)
class NoteTaken(MatterEvent):
    """`texts`: text. `is_measure`: something that was done about it, so before and after count.

    `kept`: commitments found kept, as ticket number and id.
    """

    type = "matter.note_taken"
    is_measure: bool = False
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatterClosed(MatterEvent):
    """`texts`: reason."""

    type = "matter.closed"


@dataclass(frozen=True, slots=True)
class MatterReopened(MatterEvent):
    """A further ticket on a closed matter: it was not over."""

    type = "matter.reopened"
    ticket: str


MATTER_EVENTS: tuple[type[MatterEvent], ...] = (
    MatterOpened,
    TicketAttached,
    TicketDetached,
    NoteTaken,
    MatterClosed,
    MatterReopened,
)


@dataclass(frozen=True, slots=True)
class MatterEntry:
    """One line of a matter's log."""

    seq: int
    event: MatterEvent
    occurred_at: datetime
    actor: Actor
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Matter:
    """`version`: its last entry. `tickets`: how many are on it."""

    matter: str
    version: int
    state: MatterState
    root: str
    opened_at: datetime
    tickets: int = 0
    closed_at: datetime | None = None
    closed_by: str | None = None

    @property
    def is_open(self) -> bool:
        return self.state is MatterState.OPEN


def opened(matter: str, entry: MatterEntry) -> Matter:
    """The first entry makes the matter."""
    event = entry.event
    if not isinstance(event, MatterOpened):
        raise TypeError(f"a matter's log begins with matter.opened, not {event.type}")
    return Matter(matter, entry.seq, MatterState.OPEN, event.root, entry.occurred_at)


def apply(matter: Matter, entry: MatterEntry) -> Matter:
    after = replace(matter, version=entry.seq)
    match entry.event:
        case TicketAttached(ticket=ticket, is_root=is_root):
            root = ticket if is_root else matter.root
            return replace(after, tickets=matter.tickets + 1, root=root)
        case TicketDetached():
            return replace(after, tickets=matter.tickets - 1)
        case MatterClosed():
            return replace(
                after,
                state=MatterState.CLOSED,
                closed_at=entry.occurred_at,
                closed_by=entry.actor.name,
            )
        case MatterReopened():
            return replace(after, state=MatterState.OPEN, closed_at=None, closed_by=None)
        case _:
            return after


def fold(matter: str, entries: Iterable[MatterEntry]) -> Matter:
    """A whole log, oldest first."""
    iterator = iter(entries)
    found = opened(matter, next(iterator))
    for entry in iterator:
        found = apply(found, entry)
    return found
