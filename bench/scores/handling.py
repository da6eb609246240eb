"""A round, from its dispatch to the follow-ups: by the unit, the desk and the platform."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from bench.scores.disputes import dispute
from bench.scores.log import DESK, LEADER, RULEBOOK, Log
from shared.domain import events
from shared.domain.actor import Actor
from shared.domain.clockwork import archive_from, rework_until, supervised_until
from shared.domain.words import (
    AppealFinding,
    AppealType,
    CaseValuation,
    ClockName,
    ContactMode,
    ContactReason,
    ContactResult,
    ExtensionReason,
    FactFinding,
    FollowUpLevel,
    Reached,
    ReplyMode,
    ReturnReason,
    Role,
    Satisfaction,
    SiteCheck,
    TicketState,
    YesNo,
)

T = TypeVar("T")

# Either may be dispatched to: the second where the first gave the ticket back.
UNIT, OTHER_UNIT = "@unit@", "@unit2@"
VALUATIONS = {CaseValuation.RESOLVED: 74, CaseValuation.EXPLAINED: 22, CaseValuation.OTHER: 4}
FACTS = {FactFinding.TRUE: 70, FactFinding.PARTLY_TRUE: 20, FactFinding.UNTRUE: 10}
DEMANDS = {AppealFinding.REASONABLE: 82, AppealFinding.NO_POLICY_BASIS: 9, AppealFinding.OTHER: 9}
OVERALL = dict(zip(Satisfaction, (56, 18, 10, 11, 5), strict=True))
REACHED = {Reached.YES: 90, Reached.UNREACHABLE: 6, Reached.REFUSED: 4}
MOST_ROUNDS = 3


def draw(dice: random.Random, shares: Mapping[T, int]) -> T:
    return dice.choices(list(shares), list(shares.values()))[0]


def handle(log: Log) -> None:
    """A triaged ticket, round after round until the citizen lets it rest; then archived."""
    while True:
        unit = dispatch(log)
        report(log, unit)
        close(log)
        if not ask_citizen(log) or log.ticket.round == MOST_ROUNDS:
            break
        open_rework(log)
    dispute(log, unit)
    if log.ticket.archive_due is not None:
        log.until(log.ticket.archive_due + timedelta(minutes=1))


def dispatch(log: Log) -> Actor:
    """Who has it in the end. The caller is called before or after."""
    dice = log.dice
    early = log.ticket.round == 1 and dice.random() < 0.6
    if early:
        call(log)
    log.wait(0.05, 1).add(events.TicketDispatched(UNIT), texts=("instruction",))
    unit = agent(UNIT)
    if dice.random() < 0.04:
        log.wait(0.1, 1.5)
        asked = events.ReturnRequested(UNIT, ReturnReason.NOT_OURS)
        log.add(asked, actor=unit, texts=("reason",))
        granted = dice.random() < 0.8
        log.wait(0.2, 3).add(events.ReturnDecided(granted=granted), texts=("comment",))
        if granted:
            unit = agent(OTHER_UNIT)
            log.wait(0.1, 1).add(events.TicketDispatched(OTHER_UNIT), texts=("instruction",))
    log.wait(0.1, 1.2 if dice.random() < 0.93 else 6)
    second = "2" if unit.unit == OTHER_UNIT else ""
    accepted = events.TicketAccepted(str(unit.unit), f"@executor{second}@", f"@section{second}@")
    log.add(accepted, actor=unit)
    if log.ticket.round == 1 and not early:
        call(log)
    return unit


def agent(unit: str) -> Actor:
    return Actor(Role.UNIT, f"{unit}经办人", "unitunit", unit)


def call(log: Log) -> None:
    """Most are reached at once, some too late, some never."""
    if log.ticket.has_no_caller:
        return
    dice = log.dice
    log.wait(0.2, 4 if dice.random() < 0.93 else 30)
    while dice.random() < 0.07:
        missed = events.TicketContacted(
            ContactResult.UNREACHED, ContactMode.PHONE, "desk", None, ContactReason.NEVER_ANSWERED
        )
        log.add(missed, texts=("content",)).wait(3, 5)
    reached = events.TicketContacted(ContactResult.REACHED, ContactMode.PHONE, "desk")
    log.add(reached, texts=("content",), happened=timedelta(minutes=dice.randint(0, 9)))


def report(log: Log, unit: Actor) -> None:
    """Work and feedback, some of it asked for again."""
    dice = log.dice
    extended = dice.random() < 0.04
    if extended:
        extend(log, unit)
    if dice.random() < 0.03:
        due = supervised_until(log.at, RULEBOOK)
        log.wait(1, 10).add(events.TicketSupervised(1, due), actor=LEADER)
    slow = dice.random()
    log.wait(2, 24 if slow < 0.86 else 80 if slow < 0.96 else 200)
    name = str(unit.unit)
    while True:
        work = events.TicketDisposed(name, by_lead=True, site_check=SiteCheck.YES)
        log.add(work, actor=unit, texts=("text",)).wait(0.5, 10)
        log.add(feedback(log, name), actor=unit, texts=("summary",))
        if dice.random() > 0.03:
            return
        log.wait(0.5, 3).add(events.FeedbackRejected(), texts=("reason",)).wait(2, 12)


def extend(log: Log, unit: Actor) -> None:
    """Asked for, passed on by the leader, granted by the platform or not."""
    complete = log.ticket.clock(ClockName.COMPLETE)
    assert complete is not None
    assert complete.due is not None
    asked = events.ExtensionRequested(ExtensionReason.COMPLEX, 5, unit.unit)
    log.wait(0.5, 6).add(asked, actor=unit, texts=("reason",))
    log.wait(0.5, 4).add(events.ExtensionDecided(granted=True), actor=LEADER)
    granted = log.dice.random() < 0.8
    due = complete.due + timedelta(days=7) if granted else None
    decided = events.ExtensionDecided(granted=granted, upstream=True, due=due)
    log.wait(1, 6).add(decided, actor=log.platform)


def feedback(log: Log, unit: str) -> events.FeedbackSubmitted:
    dice, appeal_type = log.dice, log.ticket.appeal_type
    valued = appeal_type in (AppealType.COMPLAINT, AppealType.HELP, AppealType.REPORT)
    return events.FeedbackSubmitted(
        unit,
        draw(dice, VALUATIONS),
        draw(dice, FACTS) if valued else None,
        draw(dice, DEMANDS) if valued else None,
    )


def close(log: Log) -> None:
    if not log.ticket.reply_exempt:
        reply = events.TicketReplied(ReplyMode.PHONE)
        log.wait(0.2, 4 if log.dice.random() < 0.94 else 30).add(reply, texts=("reply_points",))
    log.wait(0.1, 4)
    log.add(events.TicketCompleted(archive_from(log.at, RULEBOOK)))


def ask_citizen(log: Log) -> bool:
    """Whether another round comes of it. One in twenty is never asked."""
    dice = log.dice
    if log.ticket.has_no_caller or dice.random() < 0.05:
        return False
    log.wait(3, 18)
    while log.ticket.state is TicketState.COMPLETED:
        log.add(answer(dice, FollowUpLevel.BUREAU), actor=DESK).wait(1, 20)
    if dice.random() < 0.2:
        log.wait(20, 90)
        late = timedelta(minutes=dice.randint(5, 2000))
        log.add(answer(dice, FollowUpLevel.CITY), actor=log.platform, happened=late)
    last = log.ticket.follow_ups[-1]
    return last.overall is Satisfaction.DISSATISFIED and dice.random() < 0.8


def answer(dice: random.Random, level: FollowUpLevel) -> events.TicketFollowedUp:
    reached = draw(dice, REACHED)
    if reached is not Reached.YES:
        return events.TicketFollowedUp(level, reached)
    overall = draw(dice, OVERALL)
    solved = YesNo.NO if overall is Satisfaction.DISSATISFIED else YesNo.YES
    contacted = draw(dice, {YesNo.YES: 92, YesNo.NO: 5, YesNo.UNRATED: 3})
    return events.TicketFollowedUp(level, reached, contacted, overall, overall, solved)


def open_rework(log: Log) -> None:
    """By our own follow-up, or at the platform's word under a number of its own."""
    log.wait(0.1, 10)
    number, due = log.ticket.round + 1, rework_until(log.at, RULEBOOK)
    if log.ticket.own_reworks < 2:
        log.add(events.ReworkOpened(number, own=True))
    else:
        source = log.ticket.source
        told = events.ReworkOpened(number, False, due, source, f"SH-@no@-{number}")
        log.add(told, actor=log.platform)
    trade, category = log.ticket.trade, log.ticket.category
    assert trade is not None
    assert category is not None
    log.wait(0.1, 2).add(events.TicketTriaged(trade, category))
