"""What a plan is made of: tickets, and the calls that take each through its course."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Contact(StrEnum):
    """How a step deals with the id of the ticket's contact (先行联系)."""

    NONE = "none"
    YIELDS = "yields"
    NEEDS = "needs"


@dataclass(frozen=True, slots=True)
class Step:
    """One call: a webhook of a source (`message`) or an action of a key holder (`action`).

    `now` is the sitting at which it is sent; `at` the earlier minute it tells of, if any.
    `is_on_matter`: taken on the ticket's matter; `keeps`: finds the ticket's promises kept.
    `who` is the source's name for a message, else `desk`, `leader` or a unit's id.
    """

    now: datetime
    who: str
    name: str
    body: Mapping[str, Any]
    is_message: bool = False
    at: datetime | None = None
    contact: Contact = Contact.NONE
    is_on_matter: bool = False
    keeps: bool = False

    @property
    def time(self) -> datetime:
        """When it happens, as the log will tell."""
        return self.at or self.now


@dataclass(frozen=True, slots=True)
class PlannedTicket:
    """A ticket and its steps in order. `no` is the upstream number; rank messages have none."""

    no: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class YearPlan:
    """The whole year: tickets in order of arrival, and the league tables published."""

    tickets: tuple[PlannedTicket, ...]
    ranks: tuple[Step, ...]
    station_no: str | None

    @property
    def calls(self) -> int:
        return sum(len(ticket.steps) for ticket in self.tickets) + len(self.ranks)
