"""What the kernel says about processes, and how to end them for certain.

Run as a script this is the keeper's own process. Each line on its stdin names a process to look
after, `pid rank signal`; end of file means that the parent is gone, and everything named is ended.
It idles beside every stack, so nothing is imported that costs memory.
"""

import os
import signal
import sys
import time

RANK_DEADLINES = (7.0, 9.3)  # seconds after which a service, then a server, is killed
PAUSE_SECONDS = 0.02

Births = dict[int, str]
"""Process ids with their start times: together they never name another process."""


def read_stat(pid: str) -> tuple[str, int, int] | None:
    """Birth (in ticks since boot), parent and session of a process; None when it lives no more."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in b"ZX" else (fields[19].decode(), int(fields[1]), int(fields[3]))


def read_processes() -> dict[int, tuple[str, int, int]]:
    """What `read_stat` says of every live process. Empty where there is no /proc (macOS)."""
    if not os.path.isdir("/proc"):  # noqa: PTH112
        return {}
    names = os.listdir("/proc")  # noqa: PTH208 - pathlib would cost the keeper memory
    stats = ((name, read_stat(name)) for name in names if name.isdecimal())
    return {int(name): stat for name, stat in stats if stat is not None}


def read_birth(pid: int) -> str | None:
    """When a live process started, else None. Without /proc all that live share one answer."""
    stat = read_stat(str(pid))
    if stat is not None or os.path.isdir("/proc"):  # noqa: PTH112
        return stat and stat[0]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""


def send(pid: int, birth: str, number: int) -> None:
    if read_birth(pid) == birth:
        try:  # noqa: SIM105 - contextlib would cost the keeper memory
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def find_families(heads: Births) -> Births:
    """The given processes, their descendants and what shares their sessions, as of now."""
    processes = read_processes()
    members = {pid for pid, birth in heads.items() if read_birth(pid) == birth}
    grown = bool(members)
    while grown:
        more = {
            pid
            for pid, (_, parent, session) in processes.items()
            if pid not in members and (parent in members or session in members)
        }
        members |= more
        grown = bool(more)
    return {pid: processes[pid][0] if pid in processes else heads.get(pid, "") for pid in members}


def end(heads: Births, numbers: dict[int, int], *, deadline: float) -> None:
    """Ask the heads to go, wait until the deadline (monotonic), then kill what is left of them."""
    families = find_families(heads)
    for pid, birth in heads.items():
        send(pid, birth, numbers[pid])
    while any(read_birth(pid) == birth for pid, birth in heads.items()):
        if time.monotonic() >= deadline:
            break
        time.sleep(PAUSE_SECONDS)
    kill(families | find_families(heads))


def kill(births: Births) -> None:
    for pid, birth in births.items():
        send(pid, birth, signal.SIGKILL)


def look_after_stdin() -> None:
    """Learn of processes until the parent is gone, then end them: services first, servers last."""
    told: dict[int, tuple[str, int, int]] = {}
    for line in sys.stdin.buffer:
        pid, rank, number = (int(word) for word in line.split())
        told = {known: facts for known, facts in told.items() if read_birth(known) == facts[0]}
        birth = read_birth(pid)
        if birth is not None:
            told[pid] = (birth, rank, number)
    began = time.monotonic()
    for rank, seconds in enumerate(RANK_DEADLINES):
        heads = {pid: facts[0] for pid, facts in told.items() if facts[1] == rank}
        numbers = {pid: told[pid][2] for pid in heads}
        end(heads, numbers, deadline=began + seconds)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    look_after_stdin()
