"""Valkey (or Redis) on 127.0.0.1, with a password and an append-only file."""

import os
import secrets
import signal
import socket
from pathlib import Path

from shared.embedded.binaries import find_redis
from shared.embedded.folder import HOST, hold
from shared.embedded.keeper import Command, Keeper, Rank
from shared.embedded.server import Server

CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir ./
appendonly yes
save ""
maxmemory-policy noeviction
daemonize no
"""


class Redis(Server):
    name = "redis"
    polite = signal.SIGTERM

    def __init__(
        self, folder: Path, *, program: Path, log_dir: Path | None, keeper: Keeper | None
    ) -> None:
        super().__init__(folder, log_dir=log_dir, keeper=keeper)
        self._program = program
        self.facts.setdefault("password", secrets.token_hex(24))

    @property
    def url(self) -> str:
        return f"redis://:{self.facts['password']}@{HOST}:{self.port}/0"

    def spawn(self, lock: int) -> None:
        """The password stands in a file, not among the arguments that everybody can read."""
        config = CONFIG.format(port=self.port, password=self.facts["password"])
        file = os.open(
            self.folder / "redis.conf", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode=0o600
        )
        with os.fdopen(file, "w") as stream:
            stream.write(config)
        super().spawn(lock)

    def command(self, lock: int) -> Command:
        return Command(
            argv=[str(self._program), "redis.conf"],
            env={"LC_ALL": "C"},
            log=self.log,
            rank=Rank.SERVER,
            polite=self.polite,
            cwd=self.folder,
            pass_fds=(lock,),
        )

    def answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.facts['password']}\r\nPING\r\n".encode())
                with connection.makefile("rb") as answers:
                    return [answers.readline(), answers.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False


def start_redis(
    data_dir: Path,
    *,
    port: int | None = None,
    log_dir: Path | None = None,
    keeper: Keeper | None = None,
) -> Redis:
    """Start the server of a data folder, made on first use. Raises EmbeddedInUse."""
    folder = data_dir.resolve() / "redis"
    with hold(folder) as lock:
        folder.mkdir(mode=0o700, exist_ok=True)
        server = Redis(folder, program=find_redis(), log_dir=log_dir, keeper=keeper)
        try:
            server.start(lock, port=port)
        except BaseException:
            server.stop()
            raise
    return server
