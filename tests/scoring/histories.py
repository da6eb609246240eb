"""Logs made in memory: events on a real rulebook, with the clocks they set."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from shared.domain import events, fold
from shared.domain.actor import SYSTEM
from shared.domain.calendar import CITY_ZONE
from shared.domain.clocks import merge
from shared.domain.clockwork import archive_from, clock_changes
from shared.domain.events import Entry, Event
from shared.domain.official import load_default_limits, load_official_calendar
from shared.domain.rulebook import Rulebook, Valid
from shared.domain.ticket import Ticket
from shared.domain.words import (
    AppealFinding,
    AppealType,
    CaseValuation,
    ContactMode,
    ContactResult,
    FactFinding,
    FollowUpLevel,
    Reached,
    ReplyMode,
    Satisfaction,
    SiteCheck,
    TicketKind,
    Trade,
    Urgency,
    YesNo,
)

LONG_AGO = datetime(2000, 1, 1, tzinfo=CITY_ZONE)
RULEBOOK = Rulebook(
    version=1,
    calendars=(Valid(load_official_calendar(), LONG_AGO),),
    limits=(Valid(load_default_limits(), LONG_AGO),),
    units={},
    callbacks={},
)


def at(text: str) -> datetime:
    """`11-18 09:12` of 2026, or any full local time."""
    full = text if text.startswith("20") else f"2026-{text}"
    return datetime.fromisoformat(full).replace(tzinfo=CITY_ZONE)


def received(when: str | datetime, no: str = "T20261118-000731", **values: Any) -> Event:
    moment = at(when) if isinstance(when, str) else when
    given: dict[str, Any] = {
        "no": no,
        "source": "city-12345",
        "upstream_no": f"SH-{no}",
        "appeal_type": AppealType.COMPLAINT,
        "urgency": Urgency.NORMAL,
        "ticket_kind": TicketKind.TRANSFER,
        "received_at": moment,
        "is_anonymous": False,
        "is_confidential": False,
        "need_reply": True,
        "has_phone": True,
        "rank": events.FieldRank(moment),
        "carried": (),
        "street": "共和新路街道",
    }
    return events.TicketReceived(**{**given, **values})


class History:
    """Entries in the order they are recorded; `ticket` is their fold."""

    def __init__(self, when: str = "11-18 09:12", **values: Any) -> None:
        event = received(when, **values)
        entry = Entry(1, event, at(when), at(when), SYSTEM)
        self.entries: list[Entry] = []
        self.ticket: Ticket = fold.received(7, entry)
        self._keep(entry, self.ticket)

    def add(self, when: str, event: Event, *, recorded: str | None = None) -> "History":
        entry = Entry(len(self.entries) + 1, event, at(when), at(recorded or when), SYSTEM)
        self._keep(entry, fold.apply(self.ticket, entry))
        return self

    def _keep(self, entry: Entry, after: Ticket) -> None:
        changes = clock_changes(after, entry.event, at=entry.occurred_at, rulebook=RULEBOOK)
        self.entries.append(replace(entry, clocks=changes))
        self.ticket = replace(after, clocks=merge(after.clocks, changes))

    # The main path, one step each

    def triage(
        self, when: str, trade: Trade = Trade.SANITATION, category: str = "S-05"
    ) -> "History":
        return self.add(when, events.TicketTriaged(trade, category))

    def dispatch(self, when: str, lead: str = "sanitation-section") -> "History":
        return self.add(when, events.TicketDispatched(lead))

    def accept(self, when: str, unit: str = "sanitation-section", **values: Any) -> "History":
        given = {"executor": "李工", "section": "环卫科", **values}
        return self.add(when, events.TicketAccepted(unit, **given))

    def contact(self, when: str, result: ContactResult = ContactResult.REACHED) -> "History":
        return self.add(when, events.TicketContacted(result, ContactMode.PHONE, "desk"))

    def dispose(self, when: str, unit: str = "sanitation-section") -> "History":
        event = events.TicketDisposed(unit, by_lead=True, site_check=SiteCheck.YES)
        return self.add(when, event)

    def feedback(
        self,
        when: str,
        valuation: CaseValuation = CaseValuation.RESOLVED,
        fact: FactFinding | None = FactFinding.TRUE,
        appeal: AppealFinding | None = AppealFinding.REASONABLE,
    ) -> "History":
        event = events.FeedbackSubmitted("sanitation-section", valuation, fact, appeal)
        return self.add(when, event)

    def reply(self, when: str) -> "History":
        return self.add(when, events.TicketReplied(ReplyMode.PHONE))

    def complete(self, when: str) -> "History":
        return self.add(when, events.TicketCompleted(archive_from(at(when), RULEBOOK)))

    def follow_up(
        self, when: str, level: FollowUpLevel = FollowUpLevel.BUREAU, **values: Any
    ) -> "History":
        given = {
            "reached": Reached.YES,
            "first_contact": YesNo.YES,
            "overall": Satisfaction.SATISFIED,
            "solved": YesNo.YES,
            **values,
        }
        return self.add(when, events.TicketFollowedUp(level, **given))

    def rework(self, when: str) -> "History":
        return self.add(when, events.ReworkOpened(self.ticket.round + 1, own=True))


def handled(when: str = "11-18 09:12", **values: Any) -> History:
    """The example of the domain reference, up to its reply."""
    return (
        History(when, **values)
        .triage("11-18 09:40")
        .contact("11-18 10:05")
        .dispatch("11-18 10:10")
        .accept("11-18 11:00")
        .dispose("11-20 15:30")
        .feedback("11-24 10:00")
        .reply("11-24 16:20")
    )


def completed(when: str = "11-18 09:12", **values: Any) -> History:
    return handled(when, **values).complete("11-24 17:00")


def later(entries: Sequence[Entry], by: timedelta) -> list[Entry]:
    """The same entries, recorded later than they happened."""
    return [replace(entry, recorded_at=entry.recorded_at + by) for entry in entries]
