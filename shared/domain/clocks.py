"""A clock (时限): one limit that runs on a ticket, and what has become of it."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.words import ClockName, ClockOutcome


@dataclass(frozen=True, slots=True)
class Clock:
    """One row per (ticket, round, name, ordinal).

    A cancelled and restarted clock is a new ordinal. `unit` is the unit that must act (None for
    the ticket's own clocks); `rule` names the limit that gave the due, `limits` and `calendar`
    the versions it was computed with. An exempt clock has neither due nor warning.
    """

    name: ClockName
    round: int
    ordinal: int
    unit: str | None
    start: datetime
    due: datetime | None
    warn: datetime | None
    rule: str
    limits: str
    calendar: str
    outcome: ClockOutcome | None = None
    stopped_at: datetime | None = None
    warned: bool = False
    missed: bool = False

    @property
    def key(self) -> tuple[int, ClockName, int]:
        return (self.round, self.name, self.ordinal)

    @property
    def is_running(self) -> bool:
        return self.outcome is None

    @property
    def alarm_at(self) -> datetime | None:
        """When the worker must next look at it: its warning, then its due, then never."""
        if self.outcome is not None or self.missed:
            return None
        return self.due if self.warned else self.warn

    def is_missed(self, at: datetime) -> bool:
        """Told from due and `at`, not from whether a sweep has run (contract §6)."""
        return self.outcome is None and self.due is not None and at > self.due

    def state(self, now: datetime) -> str:
        """The word of contract §6: running, met, missed, exempt or cancelled."""
        match self.outcome:
            case None:
                return "missed" if self.is_missed(now) else "running"
            case ClockOutcome.LATE:
                return "missed"
            case ClockOutcome.UNREACHED:
                return "met"
            case outcome:
                return outcome.value

    def stopped(self, at: datetime) -> "Clock":
        """Ended by an action at `at`: met when not after the due."""
        late = self.due is not None and at > self.due
        return replace(self, outcome=ClockOutcome.LATE if late else ClockOutcome.MET, stopped_at=at)

    def cancelled(self, at: datetime) -> "Clock":
        return replace(self, outcome=ClockOutcome.CANCELLED, stopped_at=at)


def merge(clocks: tuple[Clock, ...], changes: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """The clocks after an entry: changed ones replaced, new ones added at the end."""
    changed = {clock.key: clock for clock in changes}
    kept = tuple(changed.pop(clock.key, clock) for clock in clocks)
    return kept + tuple(changed.values())
