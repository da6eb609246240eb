"""A server that is a child of ours: spawned, asked whether it answers, stopped, spawned again."""

import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from shared.embedded.folder import choose_port, hold, is_free, read_facts, write_facts
from shared.embedded.keeper import Command, Keeper
from shared.embedded.processes import find_families, kill, read_birth
from shared.errors import Unavailable

READY_SECONDS = 120.0  # a crash recovery replays up to a gigabyte of log
STOP_SECONDS = 8.0
RESPAWN_PATIENCE_SECONDS = 2.0
PORT_ATTEMPTS = 3


class ServerFailed(Unavailable):
    code = "embedded-server-failed"
    title = "自带的服务器没有启动起来"


class Server(ABC):
    """`folder` is the server's own; the secrets, the log and the lock lie beside it."""

    name: ClassVar[str]
    polite: ClassVar[signal.Signals]

    def __init__(self, folder: Path, *, log_dir: Path | None, keeper: Keeper | None) -> None:
        self.folder = folder
        self.facts_file = folder.parent / f"{self.name}.json"
        self.facts = read_facts(self.facts_file)
        self.log = (log_dir or folder.parent / "logs") / f"{self.name}.log"
        self._own_keeper = Keeper() if keeper is None else None
        self._keeper = keeper or self._own_keeper
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self, lock: int) -> Command:
        """What to run, the descriptor of the lock passed on to it."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a real request of one who knows the password succeeds."""

    @property
    def port(self) -> int:
        return int(self.facts["port"])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def poll(self) -> int | None:
        assert self._process is not None
        return self._process.poll()

    def start(self, lock: int, *, port: int | None) -> None:
        """Spawn and wait for the first answer; another port when one was lost to somebody else."""
        for _ in range(PORT_ATTEMPTS):
            last = int(self.facts["port"]) if "port" in self.facts else None
            self.facts["port"] = str(choose_port(wanted=port, last=last))
            write_facts(self.facts_file, self.facts)
            self.spawn(lock)
            if self.wait_until_ready():
                return
            if self.poll() is None or is_free(self.port):
                break
        raise ServerFailed(f"{self.name} 没有启动起来，原因见日志 {self.log}：{self.last_words()}")

    def spawn(self, lock: int) -> None:
        assert self._keeper is not None
        self._process = self._keeper.spawn(self.command(lock))

    def respawn(self) -> None:
        """Start again after the process died, on the same port, not waiting for an answer."""
        with hold(self.folder, heir=True, patience_seconds=RESPAWN_PATIENCE_SECONDS) as lock:
            self.spawn(lock)

    def wait_until_ready(self) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while self.poll() is None and time.monotonic() < deadline:
            if self.answers():
                return True
            time.sleep(0.03)
        return False

    def stop(self) -> None:
        """Politely, then by force; returns once the process is gone."""
        if self._process is not None and self._process.poll() is None:
            heads = {self.pid: read_birth(self.pid) or ""}
            families = find_families(heads)
            self._process.send_signal(self.polite)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                kill(families | find_families(heads))
                self._process.wait()
        if self._own_keeper is not None:
            self._own_keeper.end()
            self._own_keeper = None

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return lines[-1] if lines else "（没有输出）"
