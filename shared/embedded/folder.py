"""A data folder: who holds it, and the secrets and ports written down in it."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from shared.embedded.processes import PAUSE_SECONDS, read_birth, read_processes, send
from shared.errors import Conflict

PROGRAMS = {"postgres", "valkey-server", "redis-server"}
HOST = "127.0.0.1"


class EmbeddedInUse(Conflict):
    code = "embedded-in-use"
    title = "数据目录正在使用中"


class PortTaken(Conflict):
    code = "embedded-port-taken"
    title = "端口已被占用"


@contextlib.contextmanager
def hold(folder: Path, *, heir: bool = False, patience_seconds: float = 10.0) -> Iterator[int]:
    """Hold a server's folder, as a descriptor to pass on to the server.

    The lock belongs to the open file, so it lasts exactly as long as the last process of the
    server lives, however it ends. A server whose owner is gone, or whose heir we are, is an
    orphan: it is ended first. Otherwise somebody uses the folder: EmbeddedInUse.
    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = folder.with_name(f"{folder.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        began, sent = time.monotonic(), None
        while not try_lock(descriptor):
            owner, birth = read_owner(descriptor)
            waited = time.monotonic() - began
            alive = owner is not None and read_birth(owner) == birth
            inherited = heir and owner == os.getpid()
            if (alive and not inherited) or waited > patience_seconds:
                raise EmbeddedInUse(
                    f"数据目录 {folder.parent} 正被另一个进程（进程号 {owner or '不明'}）使用。"
                    "请先停止它，或用 --data-dir 另选一个目录。"
                )
            number = signal.SIGINT if waited * 2 < patience_seconds else signal.SIGKILL
            if number != sent:
                end_orphans(folder, number)
                sent = number
            time.sleep(PAUSE_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {read_birth(os.getpid())}".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_owner(descriptor: int) -> tuple[int | None, str | None]:
    words = os.pread(descriptor, 100, 0).decode().split(" ")
    return (int(words[0]), words[1]) if len(words) == 2 else (None, None)


def list_occupants(folder: Path) -> dict[int, str]:
    """Server processes at work in a folder, with their births. Empty where there is no /proc."""
    found = {}
    for pid, (birth, _, _) in read_processes().items():
        with contextlib.suppress(OSError):
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            if name in PROGRAMS and Path(f"/proc/{pid}/cwd").readlink() == folder.resolve():
                found[pid] = birth
    return found


def end_orphans(folder: Path, number: signal.Signals) -> None:
    for pid, birth in list_occupants(folder).items():
        send(pid, birth, number)


def read_facts(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text())) if path.exists() else {}


def write_facts(path: Path, facts: Mapping[str, str]) -> None:
    """Replace at once, readable by its owner alone."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(facts, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def choose_port(*, wanted: int | None, last: int | None) -> int:
    """The port asked for, else the one used last if it is free, else any free one."""
    if wanted is not None:
        if not is_free(wanted):
            raise PortTaken(f"端口 {wanted} 已被占用，请换一个。")
        return wanted
    if last is not None and is_free(last):
        return last
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
