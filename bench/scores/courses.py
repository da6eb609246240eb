"""What may become of a ticket, drawn by lot in the shares of a busy bureau."""

import random
from datetime import datetime, timedelta

from bench.scores.handling import UNIT, draw, handle
from bench.scores.log import LEADER, Log
from shared.domain import events
from shared.domain.words import AppealType, ReturnReason, TicketKind, Trade, Urgency

APPEAL_TYPES = dict(zip(AppealType, (6, 26, 52, 4, 6, 3, 3), strict=True))
URGENCIES = dict(zip(Urgency, (92, 6, 2), strict=True))
TRADES = dict(zip(Trade, (28, 24, 38, 10), strict=True))
SOURCES = {"city-12345": 70, "district-platform": 30}
ENDS = {
    "handled": 885,
    "void": 15,
    "merged": 15,
    "absorbs": 15,
    "returned_upstream": 20,
    "repeat": 50,
}


def take_course(received_at: datetime, dice: random.Random) -> Log:
    """A log from its receipt until nothing more happens, its archiving included."""
    trade = draw(dice, TRADES)
    log = Log(receipt(received_at, dice), dice=dice, late=dice.randint(20, 200))
    end = draw(dice, ENDS)
    if end == "repeat":
        log.add(events.RepeatLinked("@other@", 1, "upstream_word"), actor=log.platform)
    log.wait(0.05, 1 if dice.random() < 0.95 else 4)
    if end == "returned_upstream":
        give_back(log)
        return log
    log.add(events.TicketTriaged(trade, "@category@"))
    if end == "void":
        log.wait(0.2, 3).add(events.VoidRequested(), texts=("reason",))
        log.wait(0.2, 8).add(events.TicketVoided(), actor=LEADER)
        return log
    if end == "merged":
        log.wait(0.2, 3).add(events.TicketDispatched(UNIT))
        log.wait(0.1, 1).add(events.TicketMerged("@other@"))
        return log
    if end == "absorbs":
        log.add(events.TicketAbsorbed("@other@"))
    handle(log)
    return log


def receipt(received_at: datetime, dice: random.Random) -> events.TicketReceived:
    is_anonymous = dice.random() < 0.08
    urgency = draw(dice, URGENCIES)
    return events.TicketReceived(
        no="@no@",
        source=draw(dice, SOURCES),
        upstream_no="SH-@no@",
        appeal_type=draw(dice, APPEAL_TYPES),
        urgency=urgency,
        ticket_kind=TicketKind.TRANSFER,
        received_at=received_at,
        is_anonymous=is_anonymous,
        is_confidential=dice.random() < 0.02,
        need_reply=dice.random() < 0.9,
        has_phone=not is_anonymous or dice.random() < 0.5,
        rank=events.FieldRank(received_at),
        carried=("title", "content", "address", "street", "appeal_type", "urgency"),
        street="@street@",
    )


def give_back(log: Log) -> None:
    log.add(events.ReturnUpstreamRequested(ReturnReason.NOT_OURS), texts=("reason",))
    log.wait(1, 12)
    log.add(events.ReturnedUpstream(), actor=log.platform, happened=timedelta(minutes=5))
