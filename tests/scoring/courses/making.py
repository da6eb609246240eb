"""The course of a ticket: receipt, dispatch, work, closing, follow-ups, and round after round."""

from collections.abc import Sequence
from datetime import timedelta

from shared.domain import events
from shared.domain.words import (
    AppealType,
    ContactMode,
    ContactReason,
    ContactResult,
    ReturnReason,
    Role,
    TicketKind,
    Trade,
    Urgency,
)
from tests.scoring.courses.arguing import argue
from tests.scoring.courses.closing import close, follow_up, leave_or_go_on
from tests.scoring.courses.teller import (
    CATEGORIES,
    EXECUTORS,
    SECTIONS,
    STREETS,
    UNITS,
    Step,
    Teller,
)
from tests.scoring.courses.working import interrupt, work

MOST_ROUNDS = 4
URGENCIES = (Urgency.NORMAL, Urgency.SUB_URGENT, Urgency.URGENT)
TYPES = (
    AppealType.COMPLAINT,
    AppealType.HELP,
    AppealType.CONSULT,
    AppealType.SUGGESTION,
    AppealType.PRAISE,
)


def course(number: int, others: Sequence[str]) -> list[Step]:
    """`others`: numbers of tickets that were made before, to be repeated or merged into."""
    teller = Teller(number, others)
    receive(teller)
    if begin(teller):
        rounds(teller)
    return teller.steps


def rounds(teller: Teller) -> None:
    while True:
        if not (assign(teller) and work(teller)):
            break
        close(teller)
        argue(teller)
        if not follow_up(teller, most=MOST_ROUNDS):
            break
        if teller.chance(0.15):
            break  # sent back and never looked at again
        teller.wait(days=2)
        triage(teller)
    leave_or_go_on(teller)
    argue(teller)


def receive(teller: Teller) -> None:
    at = teller.received_at
    trade = teller.pick((None, *Trade), (4, 1, 1, 3, 1))
    given = {
        "no": teller.no,
        "source": teller.pick(("city-12345", "district-platform"), (3, 1)),
        "upstream_no": f"SH-{teller.no}",
        "appeal_type": teller.pick(TYPES, (8, 3, 2, 1, 2)),
        "urgency": teller.pick(URGENCIES, (8, 1, 1)),
        "ticket_kind": teller.pick((TicketKind.TRANSFER, TicketKind.SUPERVISED), (9, 1)),
        "received_at": at,
        "is_anonymous": teller.is_anonymous,
        "is_confidential": teller.chance(0.1),
        "need_reply": teller.need_reply,
        "has_phone": teller.has_phone,
        "rank": events.FieldRank(at),
        "carried": (),
        "street": teller.pick(STREETS, (4, 4, 2, 1)),
        "trade": trade,
        "category": None if trade is None else teller.pick(CATEGORIES[trade]),
        "dispatched_at": at - teller.seconds(timedelta(hours=3)) if teller.chance(0.2) else None,
        "upstream_due": at + teller.seconds(timedelta(days=9)) if teller.chance(0.2) else None,
    }
    teller.wait(minutes=40)
    teller.say(events.TicketReceived(**given), happened=at, by=Role.SOURCE)


def begin(teller: Teller) -> bool:
    """Up to the first triage; False where the ticket never gets further."""
    link(teller)
    for _ in range(teller.pick((0, 1, 2), (5, 3, 1))):
        contact(teller)
    if teller.chance(0.06):
        teller.wait(hours=4)
        teller.say(events.ReturnUpstreamRequested(ReturnReason.NOT_OURS))
        teller.wait(days=2)
        if teller.chance(0.5):
            teller.say(events.ReturnedUpstream(), by=Role.SOURCE)
            return False
        teller.say(events.ReturnDecided(granted=False), by=Role.SOURCE)
    if teller.chance(0.03):
        return False
    teller.wait(hours=6)
    triage(teller)
    return True


def link(teller: Teller) -> None:
    """A repeat of another ticket, sometimes of none any more, sometimes of another again."""
    if not teller.others or not teller.chance(0.3):
        return
    for _ in range(teller.pick((1, 2), (4, 1))):
        teller.wait(minutes=5)
        root = teller.pick(teller.others)
        teller.say(events.RepeatLinked(root, teller.pick((1, 2)), "upstream"))
        teller.say(events.MatterJoined("M-000001", 1))
        if teller.chance(0.3):
            teller.wait(days=6)
            teller.say(events.MatterLeft("M-000001", ends_repeat=teller.chance(0.6)))


def triage(teller: Teller) -> None:
    for _ in range(teller.pick((1, 2), (4, 1))):
        trade = teller.pick(tuple(Trade), (3, 1, 8, 1))
        category = teller.pick(CATEGORIES[trade])
        urgency = teller.pick(URGENCIES) if teller.chance(0.1) else None
        teller.say(events.TicketTriaged(trade, category, urgency))
        teller.trade = trade
        teller.wait(hours=3)


def assign(teller: Teller) -> bool:
    """Dispatched until somebody keeps it; False where nobody ever does."""
    for _ in range(5):
        if teller.chance(0.05) or interrupt(teller):
            return False
        unit = teller.pick(UNITS[teller.trade])
        teller.unit = unit
        assist = tuple(one for one in ("landscape-section",) if one != unit and teller.chance(0.1))
        teller.say(events.TicketDispatched(unit, assist))
        contact(teller)
        if not given_back(teller):
            if teller.chance(0.04):
                return False
            accept(teller)
            if not given_back(teller):
                return True
        if teller.chance(0.3):
            triage(teller)
    return False


def accept(teller: Teller) -> None:
    teller.wait(hours=5)
    section = teller.pick(SECTIONS)
    teller.say(events.TicketAccepted(teller.unit, teller.pick(EXECUTORS), section))


def given_back(teller: Teller) -> bool:
    """退单: asked for, and granted or refused."""
    if not teller.chance(0.12):
        return False
    teller.wait(hours=2)
    teller.say(events.ReturnRequested(teller.unit, ReturnReason.NOT_OURS), by=Role.UNIT)
    if teller.chance(0.3):
        contact(teller)
    teller.wait(hours=8)
    granted = teller.chance(0.5)
    teller.say(events.ReturnDecided(granted=granted))
    return granted


def contact(teller: Teller) -> None:
    """One call, or as many as it takes to give up."""
    if teller.has_nobody or teller.chance(0.3):
        return
    tries = teller.pick((1, 4), (3, 1))
    for _ in range(tries):
        teller.wait(hours=12)
        reached = tries == 1 and teller.chance(0.7)
        result = ContactResult.REACHED if reached else ContactResult.UNREACHED
        reason = None if reached or teller.chance(0.2) else ContactReason.NEVER_ANSWERED
        teller.say(events.TicketContacted(result, ContactMode.PHONE, "受理员", reason_code=reason))
