"""Appeals of the unit against what counts against it, and exclusions the desk asks for."""

from collections.abc import Iterator

from bench.scores.log import LEADER, Log
from shared.domain import events
from shared.domain.actor import Actor
from shared.domain.words import (
    AppealVerdict,
    ClockName,
    ClockOutcome,
    ExclusionReason,
    Satisfaction,
)

APPEALED, EXCLUDED, DECIDED, GRANTED = 0.2, 0.015, 0.95, 0.6
OF_CLOCK = {
    ClockName.FIRST_CONTACT: AppealVerdict.FIRST_CONTACT,
    ClockName.COMPLETE: AppealVerdict.COMPLETE,
    ClockName.REPLY: AppealVerdict.REPLY,
}


def dispute(log: Log, unit: Actor) -> None:
    """Some remain undecided."""
    dice = log.dice
    for verdict in list(grounds(log)):
        if dice.random() > APPEALED:
            continue
        number = log.ticket.round
        asked = events.AppealRequested(verdict, number, str(unit.unit))
        log.wait(5, 60).add(asked, actor=unit, texts=("reason",))
        if dice.random() < DECIDED:
            decided = events.AppealDecided(verdict, number, dice.random() < GRANTED)
            log.wait(5, 80).add(decided, actor=LEADER, texts=("comment",))
    if dice.random() < EXCLUDED:
        reason = dice.choice(list(ExclusionReason))
        log.wait(2, 40).add(events.ExclusionRequested(reason), texts=("reason",))
        if dice.random() < DECIDED:
            granted = dice.random() < GRANTED
            log.wait(5, 80)
            log.add(events.ExclusionDecided(granted, reason), actor=LEADER, texts=("comment",))


def grounds(log: Log) -> Iterator[AppealVerdict]:
    ticket = log.ticket
    for name, verdict in OF_CLOCK.items():
        clock = ticket.clock(name)
        late = clock is not None and clock.outcome is ClockOutcome.LATE
        if clock is not None and late and clock.round == ticket.round:
            yield verdict
    of_round = [one for one in ticket.follow_ups if one.round == ticket.round]
    if of_round and of_round[-1].overall is Satisfaction.DISSATISFIED:
        yield AppealVerdict.FOLLOW_UP
    if ticket.repeat_of is not None:
        yield AppealVerdict.REPEAT
