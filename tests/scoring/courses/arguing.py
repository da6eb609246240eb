"""What is asked to count differently: appeals of a round's verdicts, exclusion of the ticket."""

from shared.domain import events
from shared.domain.words import AppealVerdict, ExclusionReason
from tests.scoring.courses.teller import Teller

VERDICTS = tuple(AppealVerdict)
EXCLUSION = ("exclusion", 0)
REASONS = tuple(ExclusionReason)


def argue(teller: Teller) -> None:
    """Refused, granted, or left pending; once decided, perhaps asked for again."""
    while teller.chance(0.25):
        teller.wait(days=4)
        appeal(teller)
    while teller.chance(0.08):
        teller.wait(days=4)
        exclude(teller)


def appeal(teller: Teller) -> None:
    verdict = teller.pick(VERDICTS)
    number = 1 if verdict is AppealVerdict.REPEAT else teller.random.randint(1, teller.round)
    if (verdict, number) in teller.waits_for:
        return
    teller.say(events.AppealRequested(verdict, number, teller.unit or "sanitation-section"))
    if teller.chance(0.85):
        teller.wait(days=3)
        teller.say(events.AppealDecided(verdict, number, teller.chance(0.65)))
    else:
        teller.waits_for.add((verdict, number))


def exclude(teller: Teller) -> None:
    reason = teller.pick(REASONS)
    if EXCLUSION in teller.waits_for:
        return
    teller.say(events.ExclusionRequested(reason))
    if teller.chance(0.85):
        teller.wait(days=3)
        granted = teller.chance(0.7)
        teller.say(events.ExclusionDecided(granted, reason))
    else:
        teller.waits_for.add(EXCLUSION)
