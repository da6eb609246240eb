"""CPU seconds of the stack's processes, Postgres told from the rest, and the sender's own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil


@dataclass
class Spent:
    """Seconds. `sender` is this process."""

    wall: float = 0.0
    app: float = 0.0
    postgres: float = 0.0
    sender: float = 0.0

    def __iadd__(self, other: "Spent") -> "Spent":
        self.wall += other.wall
        self.app += other.app
        self.postgres += other.postgres
        self.sender += other.sender
        return self

    def each(self, count: int) -> str:
        """CPU per operation, in milliseconds."""
        app, postgres = self.app / count * 1000, self.postgres / count * 1000
        return f"app {app:6.3f}  pg {postgres:6.3f}  both {app + postgres:6.3f} ms"


@contextmanager
def spending() -> Iterator[Spent]:
    """What everything this process started has used between two looks."""
    spent, before, own = Spent(), look(), time.process_time()
    began = time.perf_counter()
    yield spent
    spent.wall += time.perf_counter() - began
    spent.sender += time.process_time() - own
    for (pid, is_postgres), after in look().items():
        used = after - before.get((pid, is_postgres), 0.0)
        if is_postgres:
            spent.postgres += used
        else:
            spent.app += used


def look() -> dict[tuple[int, bool], float]:
    """CPU seconds by process. Postgres' backends count as its children once they have ended."""
    found = {}
    for process in psutil.Process().children(recursive=True):
        try:
            times, name = process.cpu_times(), process.name()
        except psutil.Error:
            continue
        ended = times.children_user + times.children_system if name == "postgres" else 0.0
        found[(process.pid, name == "postgres")] = times.user + times.system + ended
    return found
