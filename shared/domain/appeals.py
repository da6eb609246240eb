"""What is asked to count differently: appeals (申诉) of a unit, exclusion (剔除) by the desk.

Neither moves a clock or a state; what is granted changes figures alone.
"""

from dataclasses import replace

from shared.domain import events
from shared.domain.events import Entry
from shared.domain.parts import Appeal, Exclusion
from shared.domain.requests import asked, decided
from shared.domain.ticket import Ticket


def appealed(ticket: Ticket, entry: Entry, event: events.AppealRequested) -> Ticket:
    one = Appeal(
        asked=asked(entry, event.unit),
        verdict=event.verdict,
        round=event.round,
        evidence=event.evidence,
        statements=event.statements,
    )
    return replace(ticket, appeals=(*ticket.appeals, one))


def appeal_decided(ticket: Ticket, entry: Entry, event: events.AppealDecided) -> Ticket:
    wanted = (event.verdict, event.round)
    appeals = tuple(
        replace(one, asked=decided(one.asked, entry, granted=event.granted))
        if one.asked.is_pending and (one.verdict, one.round) == wanted
        else one
        for one in ticket.appeals
    )
    return replace(ticket, appeals=appeals)


def exclusion_requested(ticket: Ticket, entry: Entry, event: events.ExclusionRequested) -> Ticket:
    return replace(ticket, exclusion=Exclusion(asked(entry, None), event.reason_code))


def exclusion_decided(ticket: Ticket, entry: Entry, event: events.ExclusionDecided) -> Ticket:
    one = ticket.exclusion
    assert one is not None
    closed = decided(one.asked, entry, granted=event.granted)
    return replace(ticket, exclusion=replace(one, asked=closed))
