"""How large a storm is, and how its faults are spread."""

from dataclasses import dataclass

SMALL = 3_000  # tickets; below, faults come closer together and last shorter


@dataclass(frozen=True, slots=True)
class Edition:
    """Kills go by the clock, in seconds; the other faults by progress, so many in all."""

    seed: int
    tickets: int
    callers: int = 60
    ahead: int = 240  # tickets under way at once

    @property
    def is_small(self) -> bool:
        return self.tickets < SMALL

    @property
    def worker_seconds(self) -> float:
        return 3.0

    @property
    def service_seconds(self) -> float:
        return 4.0 if self.is_small else 10.0

    @property
    def away_seconds(self) -> tuple[float, float]:
        """How long Redis stays away, at least and at most."""
        return (2.0, 3.0) if self.is_small else (20.0, 60.0)

    @property
    def times(self) -> int:
        """Of a fault that comes by progress."""
        return 2 if self.is_small else 6

    @property
    def rare_times(self) -> int:
        """Of one that stops everybody for a while."""
        return 1 if self.is_small else 3
