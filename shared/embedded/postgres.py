"""Postgres on 127.0.0.1, with passwords, as a plain child process."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from shared.embedded.binaries import PostgresBinaries, find_postgres
from shared.embedded.folder import HOST, EmbeddedInUse, hold, list_occupants, write_facts
from shared.embedded.keeper import Command, Keeper, Rank
from shared.embedded.logs import open_log
from shared.embedded.server import Server, ServerFailed
from shared.embedded.unprivileged import find_disguise

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
ROLES = ("superuser", "owner", "app")
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "synchronous_commit": "on",
    "fsync": "on",
    "jit": "off",
    # Whose words failed to be written is nobody's business in a log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
DISGUISE_HINT = "。系统不许用户命名空间时，请换普通用户运行，或让其他用户能进入安装与数据目录"
ACCESS_RULES = "host all all 127.0.0.1/32 scram-sha-256\n"
FIRST_STATEMENTS = """\
ALTER ROLE postgres PASSWORD '{superuser}'
CREATE ROLE minhu_owner LOGIN CREATEROLE PASSWORD '{owner}'
CREATE DATABASE minhu OWNER minhu_owner
"""


class Postgres(Server):
    name = "postgres"
    polite = signal.SIGINT  # "fast": sessions are ended, a checkpoint is written

    def __init__(
        self,
        folder: Path,
        *,
        binaries: PostgresBinaries,
        settings: Mapping[str, str],
        log_dir: Path | None,
        keeper: Keeper | None,
    ) -> None:
        super().__init__(folder, log_dir=log_dir, keeper=keeper)
        self.binaries = binaries
        self._settings = {**SETTINGS, **settings}
        for role in ROLES:
            self.facts.setdefault(role, secrets.token_hex(24))

    @property
    def app_url(self) -> str:
        """For MINHU_DATABASE_URL. The role is made by `minhu migrate`, with this password."""
        return f"postgresql://minhu_app:{self.facts['app']}@{HOST}:{self.port}/minhu"

    @property
    def owner_url(self) -> str:
        return f"postgresql://minhu_owner:{self.facts['owner']}@{HOST}:{self.port}/minhu"

    @property
    def superuser_url(self) -> str:
        return f"postgresql://postgres:{self.facts['superuser']}@{HOST}:{self.port}/postgres"

    def command(self, lock: int) -> Command:
        disguise = find_disguise()
        settings = self._settings | {"port": str(self.port)}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            argv=[*disguise.prefix, self.binaries.path("postgres"), "-D", self.folder, *arguments],
            env=ENVIRONMENT,
            log=self.log,
            rank=Rank.SERVER,
            polite=self.polite,
            uid=disguise.uid,
            pass_fds=(lock,),
        )

    def spawn(self, lock: int) -> None:
        """Postgres left by a crash takes any process with its old id for itself; the lock knows."""
        if list_occupants(self.folder):
            raise EmbeddedInUse(f"{self.folder} 正被另一个 Postgres 使用，请先停止它。")
        if Path("/proc").is_dir():
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
        super().spawn(lock)

    def answers(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=2).close()
        except OSError:
            return False
        answer = subprocess.run(
            [self.binaries.path("psql"), "-XAtqc", "SELECT 1", "-h", HOST, "-p", str(self.port)],
            env=ENVIRONMENT
            | {"PGUSER": "minhu_owner", "PGDATABASE": "minhu", "PGPASSWORD": self.facts["owner"]},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if "password authentication failed" in answer.stderr:
            raise ServerFailed(f"{self.facts_file} 中的口令与数据库中的不符，无法登录。")
        return answer.stdout == "1\n"

    def create(self, lock: int) -> None:
        """Make the cluster aside and move it in place whole: an interrupted start leaves none.

        Passwords reach the server through the stdin of its single-user mode, so there is never a
        moment in which it listens without one.
        """
        draft = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        find_disguise().give(draft)
        write_facts(self.facts_file, self.facts)
        self._run(lock, "initdb", "-D", draft, "-U", "postgres", "-A", "reject", "--no-sync",
                  "--encoding=UTF8", "--locale=C.UTF-8")  # fmt: skip
        (draft / "pg_hba.conf").write_text(ACCESS_RULES)
        self._run(lock, "postgres", "--single", "-c", "exit_on_error=on", "-D", draft, "postgres",
                  statements=FIRST_STATEMENTS.format_map(self.facts))  # fmt: skip
        draft.rename(self.folder)

    def _run(self, lock: int, program: str, *arguments: str | Path, statements: str = "") -> None:
        disguise = find_disguise()
        with open_log(self.log) as log:
            done = subprocess.run(
                [*disguise.prefix, self.binaries.path(program), *arguments],
                input=statements.encode(),
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                cwd="/",
                pass_fds=(lock,),
                user=disguise.uid,
                group=disguise.uid,
                extra_groups=None if disguise.uid is None else [],
                check=False,
            )
        if done.returncode:
            hint = "" if disguise.uid is None else DISGUISE_HINT
            raise ServerFailed(
                f"{program} 没有成功，原因见日志 {self.log}：{self.last_words()}{hint}"
            )


def start_postgres(
    data_dir: Path,
    *,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
    log_dir: Path | None = None,
    keeper: Keeper | None = None,
) -> Postgres:
    """Start the server of a data folder, made on first use. Raises EmbeddedInUse.

    A folder belongs to one major version of Postgres, named in the folder's name; the programs
    are chosen to fit it.
    """
    data_dir = data_dir.resolve()
    made = [int(path.name[2:]) for path in data_dir.glob("pg*") if path.name[2:].isdecimal()]
    binaries = find_postgres(major=max(made, default=None))
    folder = data_dir / f"pg{binaries.major}"
    with hold(folder) as lock:
        server = Postgres(
            folder, binaries=binaries, settings=settings or {}, log_dir=log_dir, keeper=keeper
        )
        try:
            if not folder.exists():
                server.create(lock)
            server.start(lock, port=port)
        except BaseException:
            server.stop()
            raise
    return server
