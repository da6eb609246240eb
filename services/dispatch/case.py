"""One ticket in one caller's hands: what an action may look at and how it records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.actor import Actor
from shared.domain.events import Event
from shared.domain.lifecycle import ASSIST, LEAD, part_of
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.tickets import Ledger
from shared.vault.callers import Mask
from shared.vault.free_text import hide_people

Texts = dict[tuple[int, str], str]


@dataclass(slots=True)
class Case:
    """`texts` are the standing wordings by (seq, field); `at` is when the action happened,
    `before` the ticket as the action found it.

    `others`: the further tickets the action names, locked too, by number. `holds_matters`: nobody
    else moves tickets between matters until this transaction ends.
    """

    ledger: Ledger
    ticket: Ticket
    actor: Actor
    texts: Texts
    caller: Mapping[str, str | None]
    mask: Mask
    at: datetime
    others: Mapping[str, Ticket] = field(default_factory=dict)
    holds_matters: bool = False
    before: Ticket = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.ticket

    @property
    def rulebook(self) -> Rulebook:
        return self.ledger.rulebook

    @property
    def is_lead(self) -> bool:
        return part_of(self.ticket, self.actor.unit) == LEAD

    @property
    def is_assist(self) -> bool:
        return part_of(self.ticket, self.actor.unit) == ASSIST

    def clean(self, given: str | None) -> str | None:
        """Words that stand in an event itself, without anybody's name or number."""
        return None if given is None else hide_people(self.mask(given))

    def record(self, event: Event, **texts: str | None) -> None:
        """Writes the event; callers' names and numbers, and other people's, are taken out."""
        masked = {name: hide_people(self.mask(body)) for name, body in texts.items() if body}
        self.ticket = self.ledger.record(
            self.ticket, event, actor=self.actor, occurred_at=self.at, texts=masked
        )
        self.texts.update({(self.ticket.seq, name): body for name, body in masked.items()})

    def record_on(self, other: Ticket, event: Event) -> Ticket:
        """On one of `others`; without texts, since the mask is this ticket's own."""
        return self.ledger.record(other, event, actor=self.actor, occurred_at=self.at)
