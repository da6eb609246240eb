"""What a bureau decides by: its calendars, limits and units, each with dates of validity."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from shared.domain.calendar import WorkCalendar
from shared.domain.emergency import Emergency
from shared.domain.limits import Limits, Window
from shared.domain.ticket import Ticket
from shared.domain.words import Trade, UnitKind

T = TypeVar("T")
EVERY_TYPE = "*"


@dataclass(frozen=True, slots=True)
class Unit:
    unit_id: str
    parent: str | None
    kind: UnitKind
    name: str
    trades: frozenset[Trade]


@dataclass(frozen=True, slots=True)
class Valid(Generic[T]):
    """Something that holds from one instant to another (`to` exclusive; None = for good)."""

    value: T
    since: datetime
    to: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        return self.since <= at and (self.to is None or at < self.to)


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody's system that wants to hear of some types of event, or of all ("*").

    `unit`: it hears only of the tickets that this unit may see; None is for the whole bureau.
    """

    id: str
    unit: str | None
    types: frozenset[str]

    def hears(self, event_type: str, ticket: Ticket) -> bool:
        if event_type not in self.types and EVERY_TYPE not in self.types:
            return False
        return self.unit is None or (self.unit in ticket.units and self.unit != ticket.object_unit)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`callbacks` maps a source to the address it wants its state changes sent to.

    `emergencies` are all that were ever declared, oldest first.
    """

    version: int
    calendars: tuple[Valid[WorkCalendar], ...]
    limits: tuple[Valid[Limits], ...]
    units: Mapping[str, Unit]
    callbacks: Mapping[str, str]
    emergencies: tuple[Emergency, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()

    def calendar_at(self, at: datetime) -> WorkCalendar:
        return _newest(self.calendars, at)

    def limits_at(self, at: datetime) -> Limits:
        return _newest(self.limits, at)

    def duty_at(self, at: datetime) -> Window:
        return self.limits_at(at).window("duty.normal")

    def calendar_named(self, version: str) -> WorkCalendar | None:
        return next((one.value for one in self.calendars if one.value.version == version), None)

    def limits_named(self, version: str) -> Limits | None:
        return next((one.value for one in self.limits if one.value.version == version), None)

    def emergency_at(self, at: datetime) -> Emergency | None:
        return next((one for one in reversed(self.emergencies) if one.is_active(at)), None)

    def with_plan(self, plan: Emergency) -> "Rulebook":
        """The same with the plan as it is now, in its place or as the newest."""
        others = {one.id: one for one in self.emergencies}
        return replace(self, emergencies=tuple((others | {plan.id: plan}).values()))

    def emergencies_of(self, ticket: Ticket) -> list[Emergency]:
        """Those the ticket came under, oldest first."""
        touched = {one.id for one in ticket.emergencies}
        return [one for one in self.emergencies if one.id in touched]

    def is_contractor(self, unit: str | None) -> bool:
        found = self.units.get(unit) if unit is not None else None
        return found is not None and found.kind is UnitKind.CONTRACTOR

    def subtree(self, root: str) -> frozenset[str]:
        """The unit and every unit below it."""
        found = {root}
        grown = True
        while grown:
            below = {unit.unit_id for unit in self.units.values() if unit.parent in found}
            grown = not below <= found
            found |= below
        return frozenset(found)


def _newest(versions: tuple[Valid[T], ...], at: datetime) -> T:
    """The version that holds at `at`: the latest to begin; before the first, the first."""
    holding = [one for one in versions if one.holds_at(at)]
    return (max(holding, key=lambda one: one.since) if holding else versions[0]).value
