"""Everything scoring keeps, thrown away and folded anew from the log."""

from dataclasses import dataclass

from bench.scores.ground import Ground
from bench.spending import Spent


@dataclass(frozen=True, slots=True)
class Rebuilt:
    processes: int
    spent: Spent

    @property
    def cpu(self) -> float:
        """Seconds, of the folding processes and Postgres."""
        return self.spent.app + self.spent.postgres


def time_rebuild(ground: Ground, *, processes: int) -> Rebuilt:
    raise NotImplementedError


def hash_of(ground: Ground) -> str:
    raise NotImplementedError
