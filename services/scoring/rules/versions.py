"""Versions of a scheme: drafted by one person, approved by another, in force from a date."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.scoring.rules.periods import Period
from services.scoring.rules.pricing import Price, Prices
from services.scoring.rules.schemes import PRESETS, SANITATION, Scheme
from shared.domain.actor import Actor
from shared.domain.calendar import CITY_ZONE

ALWAYS = datetime(2000, 1, 1, tzinfo=CITY_ZONE)
HOUSE = "minhu"


class SchemeState(StrEnum):
    """`active` also while its first day is still to come; `retired` once a later one has begun."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Version:
    """One version and its history. `title` is None of what comes with the house.

    `effective_from` is None until it is activated; `position` is that of its activation among all
    that was recorded.
    """

    scheme: Scheme
    title: str | None
    author: str
    author_key: str | None = None
    created_at: datetime | None = None
    effective_from: datetime | None = None
    approved_by: str | None = None
    activated_at: datetime | None = None
    position: int | None = None

    def is_by(self, actor: Actor) -> bool:
        """Drafted by the same person, or with the same key (ruling 20)."""
        return actor.name == self.author or (actor.key is not None and actor.key == self.author_key)


PRESET_VERSIONS: tuple[Version, ...] = tuple(
    Version(scheme, title=None, author=HOUSE, effective_from=ALWAYS, position=0)
    for scheme in PRESETS
)


def is_before(one: Version, other: Version) -> bool:
    """Of two that are activated: which gives way to the other once both have begun."""
    return _place(one) < _place(other)


def _place(version: Version) -> tuple[datetime, datetime, int]:
    """Of two from the same instant, the one activated later stands."""
    assert version.effective_from is not None
    return (version.effective_from, version.activated_at or ALWAYS, version.scheme.version)


def find_in_force(versions: Iterable[Version], period: Period, *, now: datetime) -> Version | None:
    """The last to begin before the period is over, and not after now; activated by then."""
    begun = [
        one
        for one in versions
        if one.effective_from is not None
        and one.effective_from < period.end
        and one.effective_from <= now
        and (one.activated_at is None or one.activated_at <= now)
    ]
    return max(begun, key=_place, default=None)


def state_of(version: Version, versions: Sequence[Version], *, now: datetime) -> SchemeState:
    """Among all versions of the same scheme."""
    if version.effective_from is None:
        return SchemeState.DRAFT
    later = (
        one
        for one in versions
        if one.effective_from is not None and one.effective_from <= now and is_before(version, one)
    )
    return SchemeState.RETIRED if any(later) else SchemeState.ACTIVE


def prices_of(versions: Iterable[Version]) -> Prices:
    """What deductions cost: by month the version that will be in force at its end.

    That of a month does not wait for the version's first day, so that no row hangs on the hour
    at which it is written.
    """
    return Prices(
        tuple(
            Price(
                position=one.position,
                recorded_at=one.activated_at or ALWAYS,
                month=first_month(one.effective_from),
                place=_place(one),
                points=one.scheme.assessment.coupling.points,
            )
            for one in versions
            if one.scheme.id == SANITATION
            and one.scheme.assessment is not None
            and one.effective_from is not None
            and one.position is not None
        )
    )


def first_month(effective_from: datetime) -> int:
    """202611: the first month that is not over before that instant."""
    local = effective_from.astimezone(CITY_ZONE)
    return local.year * 100 + local.month


HOUSE_PRICES = prices_of(PRESET_VERSIONS)
