"""What happens while a ticket is open: updates, extensions, supervision, and sudden ends."""

from datetime import timedelta

from shared.domain import events
from shared.domain.words import (
    AppealFinding,
    AppealType,
    CaseValuation,
    ExtensionReason,
    FactFinding,
    SiteCheck,
    Urgency,
)
from tests.scoring.courses.teller import STREETS, Teller

VALUATIONS = (CaseValuation.RESOLVED, CaseValuation.EXPLAINED, CaseValuation.OTHER)
FINDINGS = (
    FactFinding.TRUE,
    FactFinding.PARTLY_TRUE,
    FactFinding.UNTRUE,
    FactFinding.ADOPTED,
    None,
)
APPEALS = (AppealFinding.REASONABLE, AppealFinding.EXCESSIVE, AppealFinding.NO_POLICY_BASIS, None)


def work(teller: Teller) -> bool:
    """From disposal to a feedback that stands; False where it ends before."""
    teller.wait(days=1)
    teller.say(events.TicketDisposed(teller.unit, by_lead=True, site_check=SiteCheck.YES))
    extend(teller)
    for _ in range(3):
        if interrupt(teller):
            return False
        teller.wait(days=teller.pick((1, 3, 9), (4, 3, 1)))
        feed_back(teller)
        if not teller.chance(0.15):
            return True
        teller.wait(days=1)
        teller.say(events.FeedbackRejected())
    return False


def feed_back(teller: Teller) -> None:
    teller.say(
        events.FeedbackSubmitted(
            teller.unit,
            teller.pick(VALUATIONS, (6, 3, 1)),
            teller.pick(FINDINGS, (6, 3, 1, 1, 1)),
            teller.pick(APPEALS, (6, 2, 1, 1)),
        )
    )


def extend(teller: Teller) -> None:
    """延期: refused by the leader, or passed on and decided by the platform."""
    if not teller.chance(0.25):
        return
    teller.wait(hours=10)
    teller.say(events.ExtensionRequested(ExtensionReason.COMPLEX, 3, teller.unit))
    if teller.chance(0.15):
        return  # never decided
    teller.wait(hours=10)
    passed_on = teller.chance(0.75)
    teller.say(events.ExtensionDecided(granted=passed_on))
    if passed_on and teller.chance(0.85):
        teller.wait(days=2)
        granted = teller.chance(0.7)
        due = teller.now + timedelta(days=1) + teller.seconds(timedelta(days=12))
        teller.say(
            events.ExtensionDecided(granted=granted, upstream=True, due=due if granted else None)
        )


def interrupt(teller: Teller) -> bool:
    """Some words from above; True where one of them ends the ticket."""
    for _ in range(teller.pick((0, 1, 2), (5, 3, 1))):
        teller.wait(hours=20)
        match teller.one_of(update=6, urge=1, supervise=1, absorb=1, join=0.5, merge=0.4, void=0.4):
            case "update":
                update(teller)
            case "urge":
                teller.say(events.TicketUrged())
            case "supervise":
                due = teller.now + teller.seconds(timedelta(days=4))
                teller.say(events.TicketSupervised(1, due))
            case "absorb":
                due = teller.now + teller.seconds(timedelta(days=9))
                teller.say(events.TicketAbsorbed("T20260801-000001", due))
            case "join":
                teller.say(events.EmergencyJoined(emergency="plan-2"))
            case "merge":
                teller.say(events.TicketMerged(teller.pick(teller.others or ["T20260801-000001"])))
                return True
            case _:
                return void(teller)
    return False


def void(teller: Teller) -> bool:
    """作废: asked for and refused, or confirmed, or at the platform's word."""
    if teller.chance(0.7):
        teller.say(events.VoidRequested())
        teller.wait(days=1)
        if teller.chance(0.4):
            teller.say(events.VoidRefused())
            return False
    teller.say(events.TicketVoided())
    return True


def update(teller: Teller) -> None:
    changes: dict[str, events.Code] = {}
    match teller.pick(("street", "street", "trade", "urgency", "type", "reply", "caller", "due")):
        case "street":
            changes["street"] = teller.pick(STREETS)
        case "trade":
            changes = {"trade": "landscape", "category": "L-01"}
        case "urgency":
            changes["urgency"] = teller.pick(tuple(Urgency)).value
        case "type":
            changes["appeal_type"] = teller.pick(tuple(AppealType)).value
        case "reply":
            teller.need_reply = not teller.need_reply
            changes["need_reply"] = teller.need_reply
        case "caller":
            teller.is_anonymous, teller.has_phone = teller.chance(0.5), teller.chance(0.5)
            changes = {"is_anonymous": teller.is_anonymous, "has_phone": teller.has_phone}
        case _:
            due = teller.now + teller.seconds(timedelta(days=9))
            changes["upstream_due"] = due.isoformat()
    rank = events.FieldRank(teller.now)
    teller.say(
        events.TicketUpdated("city-12345", f"SH-{teller.no}", changes, rank, carried=tuple(changes))
    )
