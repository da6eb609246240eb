"""The machine and the settings: what can be said without a database."""

import sys
from collections.abc import Iterator
from pathlib import Path

from services.cli.addresses import DATABASE, REDIS
from services.cli.checks.finding import Finding, bad, good, watch
from services.cli.installation import KEYRING, NO_REDIS
from shared.embedded import BinariesMissing
from shared.embedded.binaries import find_postgres, find_redis
from shared.settings import Settings
from shared.vault.keyring import BadKeyring, Keyring
from shared.worker.bell import ArqBell

OLDEST_PYTHON = (3, 11)


def check_python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info < OLDEST_PYTHON:
        return bad("Python", version, "请改用 Python 3.11 或更高版本，重新执行 make install")
    return good("Python", version)


def check_binaries(given: set[str]) -> Iterator[Finding]:
    """The embedded servers' programs; they need not be there where real servers are named."""
    try:
        found = find_postgres()
        yield good("自带数据库程序", f"PostgreSQL {found.major}")
    except BinariesMissing as error:
        yield missing("自带数据库程序", error, needed=DATABASE not in given)
    try:
        yield good("自带 Redis 程序", find_redis().name)
    except BinariesMissing as error:
        yield missing("自带 Redis 程序", error, needed=REDIS not in given)


def missing(subject: str, error: BinariesMissing, *, needed: bool) -> Finding:
    if needed:
        return bad(subject, "没有找到", error.detail)
    return good(subject, "没有找到，已设外部地址，用不着")


def check_settings(given: set[str], settings: Settings) -> Finding:
    """A server named by hand wants its companions named too, or no service starts."""
    absent = [name for name in (REDIS, KEYRING) if name not in given]
    if DATABASE in given and absent and settings.redis_url == NO_REDIS:
        return bad("设置", f"缺少 {'、'.join(absent)}", "请在环境变量中设置，见 .env.example")
    shown = "生产环境" if settings.env == "production" else f"非生产环境（{settings.env}）"
    return good("设置", shown + ("，沙箱" if settings.sandbox else ""))


def check_keyring(path: Path) -> Finding:
    try:
        Keyring.load(path)
    except BadKeyring as error:
        mend = f"请执行 chmod 600 {path}" if is_open(path) else f"请从备份恢复 {path}"
        return bad("密钥文件", error.detail, mend)
    return good("密钥文件", f"{path}，仅属主可读")


def is_open(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & 0o077)


async def check_redis(url: str) -> Finding:
    if url == NO_REDIS:
        return watch("Redis", "没有在运行的 minhu up，未检查")
    bell = ArqBell(url)
    try:
        if await bell.answers():
            return good("Redis", "有应答")
    finally:
        await bell.stop()
    return bad(
        "Redis",
        "没有应答（工单不会丢，但处理变慢）",
        f"请启动 Redis，或核对 {REDIS} 中的地址和口令",
    )
