"""One ticket before its course: what it is about, who calls, who will answer, what is found."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.domain.calendar import WorkCalendar
from shared.sandbox.year.arrivals import Arrival
from shared.sandbox.year.limits import workdays_allowed
from shared.sandbox.year.people import Caller
from shared.sandbox.year.places import Place
from shared.sandbox.year.scenes.scene import Scene
from shared.sandbox.year.texts.compose import Mood
from shared.sandbox.year.texts.findings import Excess

SOURCES = {"C": "city-12345", "D": "district-platform"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What the unit establishes: facts, the demand, and how the case closes."""

    valuation: str
    appeal: str = "reasonable"
    fact: str | None = None
    fact_note: str | None = None
    appeal_note: str | None = None

    @property
    def is_reasonable(self) -> bool:
        return self.fact in {"true", "partly_true"} and self.appeal == "reasonable"


@dataclass(frozen=True, slots=True)
class Visit:
    """A look on the spot (现场查看) with what was found and what was promised."""

    who: str
    findings: str
    participants: tuple[str, ...]
    commitments: tuple[tuple[str, str, int], ...] = ()  # text, owner, days
    kept: str | None = None  # what the desk notes when it finds them kept, on their last day


@dataclass(frozen=True, slots=True)
class Story:
    """Words of their own for a ticket of the station's story."""

    works: str
    summary: str
    reply: str
    visits: tuple[Visit, ...]
    rating: str
    root_no: str | None
    count: int
    closing: tuple[date, str] | None = None  # when leaders close the matter, and why


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything about a ticket that is decided before its course is planned.

    `serial` is its place in the year, given once all drafts are in order.
    """

    serial: int
    letter: str
    arrival: Arrival
    scene: Scene
    place: Place
    caller: Caller | None
    appeal_type: str
    urgency: str
    mood: Mood
    title: str
    content: str
    lead: str
    hand: tuple[str, str]
    assist: str | None
    contact_by: str
    finding: Finding
    excess: Excess | None
    kind: str = "transfer"
    is_anonymous: bool = False
    is_confidential: bool = False
    need_reply: bool = True
    complex_approved: bool = False
    upstream_due: datetime | None = None
    is_twin: bool = False
    story: Story | None = None

    @property
    def no(self) -> str:
        return upstream_no(self.letter, self.serial, self.arrival.received_at)

    @property
    def source(self) -> str:
        return SOURCES[self.letter]

    @property
    def has_phone(self) -> bool:
        return self.caller is not None

    @property
    def limit(self) -> int:
        return workdays_allowed(self.appeal_type, self.kind, complex_approved=self.complex_approved)

    @property
    def address_term(self) -> str:
        if self.caller is None or self.is_anonymous:
            return "市民"
        return self.caller.address_term

    def due(self, calendar: WorkCalendar) -> datetime:
        computed = calendar.end_of_workday_after(self.arrival.dispatched_at, self.limit)
        return self.upstream_due or computed


def upstream_no(letter: str, serial: int, received_at: datetime) -> str:
    """The platform's number; `SIM` marks it as simulated."""
    return f"SIM-{received_at:%Y%m%d}-{letter}{serial:05d}"
