"""`minhu recompute`: everything scoring keeps, thrown away and folded anew from the log."""

import os
import re
import resource
import subprocess
import sys
from dataclasses import dataclass

from bench.scores.ground import Ground
from bench.spending import Spent, spending

HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`sha256`: over every row of all that was folded."""

    spent: Spent
    sha256: str

    @property
    def cpu(self) -> float:
        """Seconds, of who folds and of Postgres."""
        return self.spent.app + self.spent.postgres


def time_rebuild(ground: Ground) -> Rebuilt:
    argv = [sys.executable, "-m", "services.cli", "recompute"]
    before = own_children()
    with spending() as spent:
        command = subprocess.run(
            argv,
            env={**os.environ, **ground.environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    spent.app += own_children() - before
    found = HASH.search(command.stdout)
    assert found is not None, command.stdout
    return Rebuilt(spent, found[0])


def own_children() -> float:
    """CPU seconds of those that have ended: by then nobody can look at them any more."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
