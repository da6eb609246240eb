"""Memory and CPU of single processes, as the kernel counts them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

CLEAR_PEAK = "5"


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
