"""One ticket's log made in memory by the domain's own code, alarms and clocks included."""

import random
from dataclasses import replace
from datetime import datetime, time, timedelta

from shared.domain import events, fold
from shared.domain.actor import SYSTEM, Actor
from shared.domain.calendar import CITY_ZONE
from shared.domain.clocks import merge
from shared.domain.clockwork import clock_changes
from shared.domain.events import Entry, Event
from shared.domain.official import load_default_limits, load_official_calendar
from shared.domain.rulebook import Rulebook, Valid
from shared.domain.ticket import Ticket
from shared.domain.words import Role
from shared.tickets.alarms import alarms

LONG_AGO = datetime(2000, 1, 1, tzinfo=CITY_ZONE)
RULEBOOK = Rulebook(
    version=1,
    calendars=(Valid(load_official_calendar(), LONG_AGO),),
    limits=(Valid(load_default_limits(), LONG_AGO),),
    units={},
    callbacks={},
)
OPENS, CLOSES = time(8, 30), time(17, 30)
DESK = Actor(Role.DESK, "受理员", "deskdesk")
LEADER = Actor(Role.LEADER, "局领导", "leaderld")


class Log:
    """Entries in the order they are recorded; `ticket` is their fold, `at` how late it has got.

    What varies from ticket to ticket (numbers, units, people, places) is written as `@name@`.
    """

    def __init__(self, event: events.TicketReceived, *, dice: random.Random, late: int) -> None:
        self.dice = dice
        self.at = event.received_at + timedelta(seconds=late)
        self.platform = Actor(Role.SOURCE, event.source)
        entry = self._entry(1, event, self.platform, texts=("title", "content", "address"))
        self.entries: list[Entry] = []
        self.ticket: Ticket = fold.received(1, entry)
        self._keep(entry, self.ticket)

    def wait(self, least: float, most: float) -> "Log":
        """Some hours later, within the hours of an office."""
        at = self.at + timedelta(seconds=round(self.dice.uniform(least, most) * 3600))
        return self.until(into_office_hours(at, self.dice))

    def until(self, at: datetime) -> "Log":
        """Everything that falls due by then has been recorded, at its own time."""
        while due := [one for one in alarms(self.ticket, RULEBOOK) if one[0] < at]:
            falls, event = min(due, key=lambda one: one[0])
            self.at = max(self.at, falls)
            self.add(event, actor=SYSTEM, happened=self.at - falls)
        self.at = max(self.at, at)
        return self

    def add(
        self,
        event: Event,
        *,
        actor: Actor = DESK,
        texts: tuple[str, ...] = (),
        happened: timedelta = timedelta(0),
    ) -> "Log":
        """`happened`: how long before it was recorded."""
        seq = len(self.entries) + 1
        entry = self._entry(seq, event, actor, texts=texts, happened=happened)
        self._keep(entry, fold.apply(self.ticket, entry))
        return self

    def _entry(
        self,
        seq: int,
        event: Event,
        actor: Actor,
        *,
        texts: tuple[str, ...],
        happened: timedelta = timedelta(0),
    ) -> Entry:
        hashes = {field: f"@hash_{wording_of(seq, field)}@" for field in texts}
        return Entry(seq, event, self.at - happened, self.at, actor, texts=hashes)

    def _keep(self, entry: Entry, after: Ticket) -> None:
        changes = clock_changes(after, entry.event, at=entry.occurred_at, rulebook=RULEBOOK)
        self.entries.append(replace(entry, clocks=changes))
        self.ticket = replace(after, clocks=merge(after.clocks, changes))


def wording_of(seq: int, field: str) -> str:
    """What the citizen wrote and what an officer noted may have the same field."""
    return f"received_{field}" if seq == 1 else field


def into_office_hours(at: datetime, dice: random.Random) -> datetime:
    """As it is, or some minutes after the next opening. The hotline works on every day."""
    opening = at.replace(hour=OPENS.hour, minute=OPENS.minute, second=0)
    if at.time() > CLOSES:
        opening += timedelta(days=1)
    elif at.time() >= OPENS:
        return at
    return opening + timedelta(seconds=dice.randint(60, 5400))
