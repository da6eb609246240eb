"""Courses that between them take a ticket over every transition, and what its clocks do on each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.domain import events as e
from shared.domain.clocks import Clock
from shared.domain.events import Event
from shared.domain.fold import fold
from shared.domain.words import (
    AppealFinding,
    AppealVerdict,
    CaseValuation,
    ClockOutcome,
    ContactMode,
    ContactResult,
    ExclusionReason,
    ExtensionReason,
    FactFinding,
    FollowUpLevel,
    Reached,
    ReplyMode,
    ReturnReason,
    SiteCheck,
    TicketState,
    Trade,
)
from tests.scoring.histories import History, at

UNIT = "sanitation-section"
BEGIN = at("11-18 09:12")
RECEIVED = e.TicketReceived
CONTACTED = e.TicketContacted(ContactResult.REACHED, ContactMode.PHONE, "desk")
TRIAGED = e.TicketTriaged(Trade.SANITATION, "S-05")
DISPATCHED = e.TicketDispatched(UNIT, ("landscape-section",))
ACCEPTED = e.TicketAccepted(UNIT, "李工")
DISPOSED = e.TicketDisposed(UNIT, by_lead=True, site_check=SiteCheck.YES)
FED_BACK = e.FeedbackSubmitted(
    UNIT, CaseValuation.RESOLVED, FactFinding.TRUE, AppealFinding.REASONABLE
)
REPLIED = e.TicketReplied(ReplyMode.PHONE)
COMPLETED = e.TicketCompleted(archive_at=BEGIN + timedelta(days=30))
FOLLOWED_UP = e.TicketFollowedUp(FollowUpLevel.CITY, Reached.YES)
REWORK = e.ReworkOpened(round=2, own=True)
RETURN = (e.ReturnRequested(UNIT, ReturnReason.NOT_OURS), e.ReturnDecided(granted=True))
ASKED_BACK = e.ReturnUpstreamRequested(ReturnReason.NOT_OURS)
MERGED = e.TicketMerged("T20261118-000001")
ASSIST = (
    e.AssistAccepted("landscape-section", "王工"),
    e.AssistDone("landscape-section", SiteCheck.YES),
)
EXTENSION = (
    e.ExtensionRequested(ExtensionReason.COMPLEX, 3, UNIT),
    e.ExtensionDecided(granted=True),
    e.ExtensionDecided(granted=True, upstream=True, due=BEGIN + timedelta(days=12)),
)
AGAINST = (AppealVerdict.FOLLOW_UP, 1)
FIGURES = (
    e.AppealRequested(*AGAINST, UNIT),
    e.AppealDecided(*AGAINST, granted=True),
    e.ExclusionRequested(ExclusionReason.MALICIOUS),
    e.ExclusionDecided(granted=True, reason_code=ExclusionReason.MALICIOUS),
)
DOING = (TRIAGED, DISPATCHED, ACCEPTED, DISPOSED)
DONE = (*DOING, FED_BACK, REPLIED, COMPLETED)
NO_REPLY = {"need_reply": False}
NOBODY = {"is_anonymous": True, "has_phone": False}
COURSES: tuple[tuple[Mapping[str, Any], tuple[Event, ...]], ...] = (
    ({}, (CONTACTED, TRIAGED, DISPATCHED, ACCEPTED, *ASSIST, DISPOSED, FED_BACK)),
    ({}, (*DONE, FOLLOWED_UP, *FIGURES, e.TicketArchived(), REWORK, TRIAGED)),
    ({}, (*DONE, REWORK)),
    ({}, (*DONE, FOLLOWED_UP, REWORK)),
    (NOBODY, (*DOING, FED_BACK, COMPLETED, e.TicketArchived())),
    (NO_REPLY, (*DOING, FED_BACK, FOLLOWED_UP, COMPLETED)),
    ({}, (*DOING, FED_BACK, REPLIED, FOLLOWED_UP, COMPLETED)),
    ({}, (*DOING, FED_BACK, e.FeedbackRejected(), *EXTENSION)),
    ({}, (ASKED_BACK, e.ReturnDecided(granted=False))),
    ({}, (TRIAGED, ASKED_BACK, e.ReturnedUpstream())),
    ({}, (TRIAGED, DISPATCHED, *RETURN, MERGED)),
    ({}, (TRIAGED, DISPATCHED, ACCEPTED, *RETURN, DISPATCHED, MERGED)),
    ({}, (TRIAGED, DISPATCHED, ACCEPTED, MERGED)),
    ({}, (*DOING, e.TicketSupervised(1, due=BEGIN + timedelta(days=1)), MERGED)),
    ({}, (*DOING, e.VoidRequested(), e.TicketVoided())),
)


@dataclass(frozen=True)
class Passage:
    """One entry of a course: from where to where, and each clock it touched with how."""

    before: TicketState | None
    after: TicketState
    event: type[Event]
    clocks: tuple[tuple[str, str], ...]


def passages() -> list[Passage]:
    """Every different passage of all courses, in their order; the fold itself says what happens."""
    found: dict[Passage, None] = {}
    for values, course in COURSES:
        history = History("11-18 09:12", **values)
        opening = history.ticket
        touched = [(clock.name.value, how(None, clock)) for clock in opening.clocks]
        found[Passage(None, opening.state, RECEIVED, tuple(touched))] = None
        for minute, event in enumerate(course):
            before = history.ticket
            history.add(f"11-18 10:{minute:02}", event)
            found[_passage(before.clocks, before.state, history, event)] = None
        assert fold(7, history.entries) == history.ticket
    return list(found)


def _passage(
    clocks: tuple[Clock, ...], before: TicketState, history: History, event: Event
) -> Passage:
    known = {clock.key: clock for clock in clocks}
    touched = [
        (clock.name.value, how(known.get(clock.key), clock))
        for clock in history.ticket.clocks
        if known.get(clock.key) != clock
    ]
    return Passage(before, history.ticket.state, type(event), tuple(dict.fromkeys(touched)))


def how(before: Clock | None, after: Clock) -> str:
    """started, stopped, moved, cancelled or exempt."""
    if after.outcome in (ClockOutcome.EXEMPT, ClockOutcome.CANCELLED):
        return after.outcome.value
    if before is None:
        return "started"
    return "moved" if after.is_running else "stopped"
