"""Appeals (申诉) of a unit and exclusions (剔除) of a ticket, each decided by a leader."""

from datetime import datetime

from services.dispatch.actions.disposal import place_of
from services.dispatch.actions.faults import conflict, forbidden
from services.dispatch.actions.requests import check_window
from services.dispatch.case import Case
from services.dispatch.schemas import AppealBody, AppealDecision, Decision, ExclusionBody
from shared.domain.actor import Actor
from shared.domain.appeals import (
    Claim,
    appealed_round,
    grounds,
    is_of_others,
    pending_appeal,
    window_from,
)
from shared.domain.events import (
    AppealDecided,
    AppealRequested,
    Attachment,
    ExclusionDecided,
    ExclusionRequested,
)
from shared.domain.ticket import Ticket
from shared.labels import APPEAL_VERDICTS


def bar_appeal(ticket: Ticket, actor: Actor, claim: Claim, now: datetime) -> None:
    if is_of_others(ticket, claim, actor.unit, now):
        raise forbidden("ROUND_OF_OTHERS")


def appeal(case: Case, body: AppealBody) -> None:
    """Once for each verdict and round, soon after the visit; no clock and no state moves."""
    ticket, unit = case.ticket, case.actor.unit
    claim = Claim(body.verdict, body.round)
    number = appealed_round(ticket, claim, unit, case.at)
    led = None if number is None else ticket.last_lead(number)
    fell = None if number is None else grounds(ticket, body.verdict, number, case.at)
    if number is None or led is None or fell is None:
        raise conflict("NOTHING_TO_APPEAL", what=APPEAL_VERDICTS[body.verdict])
    if any((one.verdict, one.round) == (body.verdict, number) for one in ticket.appeals):
        raise conflict("APPEALED_BEFORE")
    since = window_from(ticket, number, fell)
    if since is not None:
        # A unit that got the ticket only afterwards has the whole window from then.
        since = max(since, led.dispatched_at)
        check_window(case, "appeal.window", since=since, code="APPEAL_TOO_LATE")
    files = tuple(
        Attachment(one.kind, place_of(case, one.url, f"/evidence/{place}/url"), one.sha256)
        for place, one in enumerate(body.evidence)
        if one.kind is not None and one.url is not None
    )
    said = [one.text for one in body.evidence if one.text is not None]
    lines = {f"evidence:{place}": line for place, line in enumerate(said)}
    event = AppealRequested(body.verdict, number, led.unit, files, len(said))
    case.record(event, reason=body.reason, **lines)


def bar_own_appeal(ticket: Ticket, actor: Actor, claim: Claim, now: datetime) -> None:
    one = pending_appeal(ticket, claim)
    if one is not None and one.asked.is_by(actor):
        raise forbidden("OWN_REQUEST")


def decide_appeal(case: Case, body: AppealDecision) -> None:
    """On the oldest that waits, or the one that is named."""
    one = pending_appeal(case.ticket, Claim(body.verdict, body.round))
    if one is None:
        raise conflict("NO_SUCH_APPEAL")
    case.record(AppealDecided(one.verdict, one.round, body.granted), comment=body.comment)


def exclude(case: Case, body: ExclusionBody) -> None:
    case.record(ExclusionRequested(body.reason_code), reason=body.reason)


def decide_exclusion(case: Case, body: Decision) -> None:
    one = case.ticket.pending_exclusion
    assert one is not None
    event = ExclusionDecided(granted=body.granted, reason_code=one.reason_code)
    case.record(event, comment=body.comment)
