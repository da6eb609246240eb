"""Reply (回复), completion (办结), follow-up (回访) and what a dissatisfied citizen sets off."""

from services.dispatch.case import Case
from services.dispatch.schemas import Completion, FollowUpBody, ReplyBody
from shared.domain.clockwork import archive_from, supervised_until
from shared.domain.events import (
    ReworkOpened,
    TicketCompleted,
    TicketFollowedUp,
    TicketReplied,
    TicketSupervised,
)
from shared.domain.words import FollowUpLevel

EXHAUSTED_LEVEL = 2


def reply(case: Case, body: ReplyBody) -> None:
    event = TicketReplied(
        mode=body.mode, unit=case.actor.unit, reply_satisfaction=body.reply_satisfaction
    )
    case.record(event, reply_points=body.reply_points, citizen_feedback=body.citizen_feedback)


def complete(case: Case, body: Completion) -> None:
    case.record(TicketCompleted(archive_at=archive_from(case.at, case.rulebook)))


def follow_up(case: Case, body: FollowUpBody) -> None:
    """Dissatisfied opens the next round, twice at most; then it is supervised (ruling 23)."""
    event = TicketFollowedUp(
        level=FollowUpLevel.BUREAU,
        reached=body.reached,
        first_contact=body.first_contact,
        overall=body.overall,
        attitude=body.attitude,
        solved=body.solved,
        redo=body.redo,
    )
    case.record(event)
    if not event.is_dissatisfied:
        return
    most = case.rulebook.limits_at(case.at).number("rework_max")
    if case.ticket.own_reworks < most:
        case.record(ReworkOpened(round=case.ticket.round + 1, own=True))
    else:
        level = max(EXHAUSTED_LEVEL, case.ticket.supervision_level)
        due = supervised_until(case.at, case.rulebook)
        case.record(TicketSupervised(level=level, due=due))
