"""A November of two units: what a score sheet is asked about in these tests."""

from shared.domain.words import (
    CaseValuation,
    FollowUpLevel,
    Reached,
    Satisfaction,
    Trade,
    YesNo,
)
from tests.scoring.histories import History

RATINGS = (
    *[Satisfaction.SATISFIED] * 4,
    *[Satisfaction.MOSTLY_SATISFIED] * 2,
    Satisfaction.NEUTRAL,
    Satisfaction.DISSATISFIED,
    *[Satisfaction.UNRATED] * 2,
)
CONTACTS = (*[YesNo.YES] * 7, YesNo.NO, *[YesNo.UNRATED] * 2)
VALUATIONS = (
    *[CaseValuation.RESOLVED] * 6,
    *[CaseValuation.EXPLAINED] * 3,
    CaseValuation.OTHER,
)


class Case(History):
    """A history that knows how it will be valued."""

    def __init__(self, number: int, valuation: CaseValuation, street: str) -> None:
        super().__init__("11-02 09:00", no=f"T20261102-{number:06d}", street=street)
        self.valuation = valuation


def handle(case: Case, unit: str, done: int) -> None:
    """Received on the 2nd of November, done on the day `done`."""
    (
        case.triage("11-02 10:00")
        .contact("11-02 10:30")
        .dispatch("11-02 11:00", unit)
        .accept("11-02 13:00", unit)
        .dispose("11-03 09:00", unit)
        .feedback(f"11-{done:02d} 09:00", case.valuation)
        .reply(f"11-{done:02d} 10:00")
        .complete(f"11-{done:02d} 11:00")
    )


def sanitation_vector() -> list[History]:
    """The ten tickets of the reference vector, for the sanitation section."""
    histories: list[History] = []
    for n in range(10):
        case = Case(n + 1, VALUATIONS[n], "大宁路街道" if n % 2 else "彭浦镇")
        handle(case, "sanitation-section", done=12 if n == 9 else 4)
        case.follow_up(
            "11-13 10:00", first_contact=CONTACTS[n], overall=RATINGS[n], solved=YesNo.YES
        )
        histories.append(case)
    return histories


def greening_five() -> list[History]:
    """Five more: one refused, one out of reach, one not yet asked, one sent back by the city."""
    histories: list[History] = []
    for n in range(5):
        case = Case(n + 11, CaseValuation.RESOLVED, "彭浦镇")
        handle(case, "greening-section", done=5)
        histories.append(case)
    histories[0].follow_up("11-13 10:00", reached=Reached.REFUSED)
    histories[1].follow_up("11-13 10:00", overall=Satisfaction.SATISFIED)
    histories[2].follow_up("11-13 10:00", overall=Satisfaction.NEUTRAL)
    histories[2].follow_up("11-14 10:00", FollowUpLevel.CITY, overall=Satisfaction.DISSATISFIED)
    histories[2].rework("11-16 10:00")
    histories[3].follow_up("11-13 10:00", reached=Reached.UNREACHABLE)
    return histories


def undispatched() -> History:
    """Received in time for November, never given to anyone."""
    return History("11-20 09:00", no="T20261120-000099").triage(
        "11-20 10:00", Trade.GREENING, "G-01"
    )
