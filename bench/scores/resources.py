"""Memory and CPU of single processes, as the kernel counts them."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

CLEAR_PEAK = "5"


class Meter:
    """CPU seconds of the scoring service and of Postgres, to the nanosecond, call by call."""

    def __init__(self) -> None:
        self.app = self.postgres = 0.0
        children = psutil.Process(os.getpid()).children(recursive=True)
        self._service = [find_service("scoring").pid]
        self._servers = [one for one in children if one.name() == "postgres"]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Backends begun within are missed; the service keeps its own."""
        servers = [one.pid for one in self._servers]
        app, postgres = run_time(self._service), run_time(servers)
        yield
        self.app += run_time(self._service) - app
        self.postgres += run_time(servers) - postgres


def run_time(pids: Iterable[int]) -> float:
    """Seconds on a processor; what has ended meanwhile counts no more."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            total += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return total / 1e9


@dataclass
class Peak:
    """Bytes resident at most, and what it was before."""

    before: int = 0
    most: int = 0


def find_service(name: str) -> psutil.Process:
    """The one process of ours that serves it."""
    children = psutil.Process(os.getpid()).children(recursive=True)
    (found,) = [one for one in children if one.cmdline()[2:5] == ["services.cli", "serve", name]]
    return found


@contextmanager
def watching_peak(process: psutil.Process) -> Iterator[Peak]:
    """The kernel's own high-water mark, begun anew."""
    folder = Path(f"/proc/{process.pid}")
    (folder / "clear_refs").write_text(CLEAR_PEAK)
    peak = Peak(before=process.memory_info().rss)
    yield peak
    lines = (folder / "status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM:")]
    peak.most = int(line.split()[1]) * 1024
