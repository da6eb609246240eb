"""How a round ends: reply, completion, follow-ups of every level, rework, and late corrections."""

from datetime import timedelta

from shared.domain import events
from shared.domain.words import FollowUpLevel, Reached, ReplyMode, Satisfaction, YesNo
from tests.scoring.courses.teller import Teller
from tests.scoring.courses.working import update, void

OVERALL = tuple(Satisfaction)
LEVELS = tuple(FollowUpLevel)


def close(teller: Teller) -> None:
    """A follow-up may come before the reply, a void at any time."""
    if teller.chance(0.06):
        ask(teller)
    if teller.need_reply and not teller.has_nobody:
        teller.wait(days=teller.pick((0.5, 3), (4, 1)))
        teller.say(events.TicketReplied(ReplyMode.PHONE))
    if teller.chance(0.06):
        return
    teller.wait(days=teller.pick((0.5, 4), (4, 1)))
    teller.say(events.TicketCompleted(teller.now + timedelta(days=30)))
    teller.is_completed = True


def follow_up(teller: Teller, *, most: int) -> bool:
    """Any number of them, by anyone; True where the next round begins."""
    if not teller.is_completed:
        return False
    for _ in range(teller.pick((0, 1, 2, 3), (3, 6, 3, 2))):
        teller.wait(days=teller.pick((2, 10), (4, 1)))
        ask(teller)
    if teller.round >= most or not teller.chance(0.2):
        return False
    teller.wait(days=3)
    own = teller.chance(0.6)
    teller.round += 1
    number = {} if own else {"source": "city-12345", "upstream_no": f"R{teller.round}-{teller.no}"}
    due = None if own else teller.now + teller.seconds(timedelta(days=6))
    teller.say(events.ReworkOpened(teller.round, own, due, **number))
    teller.is_completed = False
    return True


def ask(teller: Teller) -> None:
    level = teller.pick(LEVELS, (4, 2, 2))
    reached = teller.pick(tuple(Reached), (6, 1, 1))
    if reached is not Reached.YES:
        teller.say(events.TicketFollowedUp(level, reached))
        return
    yes_no = tuple(YesNo)
    teller.say(
        events.TicketFollowedUp(
            level,
            reached,
            first_contact=teller.pick(yes_no, (6, 1, 1)),
            overall=teller.pick(OVERALL, (6, 3, 1, 1, 1)),
            attitude=teller.pick(OVERALL),
            solved=teller.pick(yes_no),
            redo=teller.chance(0.1),
        )
    )


def leave_or_go_on(teller: Teller) -> None:
    """What becomes known later: archived, asked again, updated, voided after all."""
    if teller.is_completed and teller.chance(0.3):
        teller.now += timedelta(days=30)
        teller.say(events.TicketArchived())
    if teller.chance(0.2):
        teller.wait(days=20)
        ask(teller)
    if teller.chance(0.1):
        teller.wait(days=10)
        update(teller)
    if teller.chance(0.1):
        teller.wait(days=20)
        void(teller)
