"""A ticket's course in memory, on a rulebook of its own; the same events as the log's."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.domain import events, fold
from shared.domain.actor import SYSTEM
from shared.domain.calendar import CITY_ZONE, WorkCalendar
from shared.domain.clocks import Clock, merge
from shared.domain.clockwork import archive_from, clock_changes
from shared.domain.events import Entry, Event
from shared.domain.limits import Limits
from shared.domain.official import load_default_limits, load_official_calendar
from shared.domain.rulebook import Rulebook, Valid
from shared.domain.ticket import Ticket
from shared.domain.words import (
    AppealType,
    CaseValuation,
    ClockName,
    ContactMode,
    ContactReason,
    ContactResult,
    FollowUpLevel,
    Reached,
    ReplyMode,
    SiteCheck,
    TicketKind,
    Trade,
    Urgency,
)

LONG_AGO = datetime(2000, 1, 1, tzinfo=CITY_ZONE)
OFFICIAL = load_official_calendar()
UNIT, OTHER = "sanitation-section", "chengfa-sanitation"


def at(text: str) -> datetime:
    """`11-18 09:12` of 2026, or any full local time."""
    full = text if text.startswith("20") else f"2026-{text}"
    return datetime.fromisoformat(full).replace(tzinfo=CITY_ZONE)


def make_rulebook(
    calendar: WorkCalendar = OFFICIAL, values: Mapping[str, str] | None = None
) -> Rulebook:
    limits = Limits("default-1", {**load_default_limits().values, **(values or {})})
    return Rulebook(1, (Valid(calendar, LONG_AGO),), (Valid(limits, LONG_AGO),), {}, {})


class Course:
    """Each step answers the course, so that a test reads as what happened."""

    def __init__(
        self, when: str = "11-18 09:12", *, rulebook: Rulebook | None = None, **values: Any
    ) -> None:
        given: dict[str, Any] = {
            "appeal_type": AppealType.COMPLAINT,
            "urgency": Urgency.NORMAL,
            "ticket_kind": TicketKind.TRANSFER,
            "is_anonymous": False,
            "is_confidential": False,
            "need_reply": True,
            "has_phone": True,
            "received_at": at(when),
            **values,
        }
        event = events.TicketReceived(
            no="T20261118-000731",
            source="city-12345",
            upstream_no="SH12345-20261118-00731",
            rank=events.FieldRank(at(when)),
            carried=(),
            **given,
        )
        self.rulebook = rulebook or make_rulebook()
        self.entries: list[Entry] = []
        entry = Entry(1, event, at(when), at(when), SYSTEM)
        self.ticket: Ticket = fold.received(7, entry)
        self._keep(entry, self.ticket)

    def add(self, when: str, event: Event) -> "Course":
        entry = Entry(len(self.entries) + 1, event, at(when), at(when), SYSTEM)
        self._keep(entry, fold.apply(self.ticket, entry))
        return self

    def _keep(self, entry: Entry, after: Ticket) -> None:
        changes = clock_changes(after, entry.event, at=entry.occurred_at, rulebook=self.rulebook)
        self.entries.append(replace(entry, clocks=changes))
        self.ticket = replace(after, clocks=merge(after.clocks, changes))

    def clock(self, name: ClockName, unit: str | None = None) -> Clock:
        found = self.ticket.clock(name, unit=unit)
        assert found is not None
        return found

    def due(self, name: ClockName, unit: str | None = None) -> datetime | None:
        return self.clock(name, unit).due

    def triage(self, when: str, urgency: Urgency | None = None, category: str = "S-05") -> "Course":
        return self.add(when, events.TicketTriaged(Trade.SANITATION, category, urgency))

    def update(self, when: str, **changes: events.Code) -> "Course":
        rank = events.FieldRank(at(when))
        return self.add(when, events.TicketUpdated("city-12345", "SH1", changes, rank))

    def contact(self, when: str, *, reached: bool = True) -> "Course":
        result = ContactResult.REACHED if reached else ContactResult.UNREACHED
        reason = None if reached else ContactReason.NEVER_ANSWERED
        event = events.TicketContacted(result, ContactMode.PHONE, "desk", reason_code=reason)
        return self.add(when, event)

    def dispatch(self, when: str, *assists: str) -> "Course":
        return self.add(when, events.TicketDispatched(UNIT, assists))

    def accept(self, when: str) -> "Course":
        return self.add(when, events.TicketAccepted(UNIT, "李工"))

    def dispose(self, when: str) -> "Course":
        event = events.TicketDisposed(UNIT, by_lead=True, site_check=SiteCheck.YES)
        return self.add(when, event)

    def feedback(self, when: str) -> "Course":
        return self.add(when, events.FeedbackSubmitted(UNIT, CaseValuation.EXPLAINED))

    def reject(self, when: str) -> "Course":
        return self.add(when, events.FeedbackRejected())

    def reply(self, when: str) -> "Course":
        return self.add(when, events.TicketReplied(ReplyMode.PHONE))

    def complete(self, when: str) -> "Course":
        return self.add(when, events.TicketCompleted(archive_from(at(when), self.rulebook)))

    def follow_up(self, when: str) -> "Course":
        return self.add(when, events.TicketFollowedUp(FollowUpLevel.BUREAU, Reached.YES))

    def rework(self, when: str) -> "Course":
        return self.add(when, events.ReworkOpened(self.ticket.round + 1, own=True))

    def supervise(self, when: str, due: str) -> "Course":
        return self.add(when, events.TicketSupervised(1, at(due)))

    def pause(self, when: str, reason: str = "weather") -> "Course":
        return self.add(when, events.ClocksPaused(reason))

    def resume(self, when: str) -> "Course":
        return self.add(when, events.ClocksResumed())

    def correct(self, when: str) -> "Course":
        version = self.rulebook.calendar_at(at(when)).version
        return self.add(when, events.ClocksCorrected(version, "default-1"))
