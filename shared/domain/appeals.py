"""What is asked to count differently: appeals (申诉) of a unit, exclusion (剔除) by the desk.

Neither moves a clock or a state; what is granted changes figures alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from shared.domain import events
from shared.domain.events import Entry
from shared.domain.parts import Appeal, Exclusion
from shared.domain.requests import asked, decided
from shared.domain.ticket import Ticket
from shared.domain.words import AppealVerdict, ClockName, TicketState

CLOCKS: Mapping[AppealVerdict, ClockName] = MappingProxyType(
    {
        AppealVerdict.FIRST_CONTACT: ClockName.FIRST_CONTACT,
        AppealVerdict.COMPLETE: ClockName.COMPLETE,
        AppealVerdict.REPLY: ClockName.REPLY,
    }
)
REPEAT_ROUND = 1  # a ticket is counted once, with its first round, and so is a repeat


@dataclass(frozen=True, slots=True)
class Claim:
    """What an appeal, or a decision on one, is about; None where it does not say."""

    verdict: AppealVerdict | None
    round: int | None = None


def grounds(ticket: Ticket, verdict: AppealVerdict, number: int, at: datetime) -> datetime | None:
    """Since when something counts against the round; None where nothing does.

    A clock since its due, whether it was stopped late or runs on; a follow-up or a repeat link
    since it was known here.
    """
    if verdict is AppealVerdict.REPEAT:
        is_one = ticket.repeat_of is not None and number == REPEAT_ROUND
        return (ticket.repeat_at or ticket.received_at) if is_one else None
    if verdict is AppealVerdict.FOLLOW_UP:
        known = [one.known_at or one.at for one in ticket.follow_ups if one.round == number]
        return max(known, default=None)
    clocks = [
        clock
        for clock in ticket.clocks
        if clock.name is CLOCKS[verdict] and clock.round == number and clock.unit is None
    ]
    last = max(clocks, key=lambda clock: clock.ordinal, default=None)
    return last.due if last is not None and last.state(at) == "missed" else None


def window_from(ticket: Ticket, number: int, fell: datetime) -> datetime | None:
    """Since when an appeal against what `fell` in that round may come too late.

    Since the visit's result; None while one is still to come. Where nobody is to be asked,
    since the round was over.
    """
    visits = [one.known_at or one.at for one in ticket.follow_ups if one.round == number]
    if visits:
        return max(fell, *visits)
    if number < ticket.round:
        later = [clock.start for clock in ticket.clocks if clock.round == number + 1]
        return max([fell, *later[:1]])
    is_awaited = ticket.state is TicketState.COMPLETED and not ticket.has_no_caller
    if ticket.is_open or is_awaited:
        return None
    return max(fell, ticket.completed_at or fell)


def rounds_against(ticket: Ticket, claim: Claim, at: datetime) -> list[int]:
    """The rounds, of those the claim may mean, in which there is something to appeal against."""
    verdict = claim.verdict
    named = range(1, ticket.round + 1) if claim.round is None else (claim.round,)
    if verdict is None:
        return []
    return [number for number in named if grounds(ticket, verdict, number, at) is not None]


def appealed_round(ticket: Ticket, claim: Claim, unit: str | None, at: datetime) -> int | None:
    """The latest of them that is the unit's own, or none."""
    own = [one for one in rounds_against(ticket, claim, at) if ticket.led_by(one) == unit]
    return max(own, default=None)


def is_of_others(ticket: Ticket, claim: Claim, unit: str | None, at: datetime) -> bool:
    """Whether only another unit may appeal so: the one that led the round last (ruling 37)."""
    if claim.round is not None and ticket.led_by(claim.round) not in (None, unit):
        return True
    against = rounds_against(ticket, claim, at)
    return bool(against) and all(ticket.led_by(one) != unit for one in against)


def pending_appeal(ticket: Ticket, claim: Claim) -> Appeal | None:
    """The oldest that waits for a decision, of those the claim may mean."""
    return next(
        (
            one
            for one in ticket.pending_appeals
            if claim.verdict in (None, one.verdict) and claim.round in (None, one.round)
        ),
        None,
    )


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
