"""`minhu doctor`: what is wrong with the installation, in plain words, and how to mend it."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import typer

from services.cli.addresses import DATABASE
from services.cli.checks.access import check_access
from services.cli.checks.database import check_rights, check_server
from services.cli.checks.finding import Finding, Grade, bad, watch
from services.cli.checks.machine import (
    check_binaries,
    check_keyring,
    check_python,
    check_redis,
    check_settings,
)
from services.cli.checks.reconciliation import check_reconciliation
from services.cli.checks.retention import check_retention
from services.cli.checks.running import check_running
from services.cli.checks.work import check_bureaus, check_clock, check_sources
from services.cli.folder import DEFAULT, open_folder
from services.cli.installation import NO_REDIS, find_settings, read_given
from services.cli.trouble import explain_trouble
from shared.db import Database
from shared.errors import HotlineError
from shared.settings import Settings
from shared.tickets import Hotline

AGAIN = "按提示处理后再运行 minhu doctor"

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(help="检查安装：✓ 正常，! 请留意，✗ 有问题并说明如何处理；有 ✗ 时以 1 退出。")
def doctor(
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录"),
) -> None:
    logging.getLogger("arq").setLevel(logging.ERROR)  # a silent Redis is told of below
    grades = []
    for finding in examine(data_dir):
        typer.echo(finding.line)
        grades.append(finding.grade)
    broken, watched = grades.count(Grade.BAD), grades.count(Grade.WATCH)
    verdict = f"发现 {broken} 处问题" if broken else "没有发现问题"
    typer.echo(verdict + (f"，{watched} 处请留意" if watched else ""))
    if broken:
        raise typer.Exit(1)


def examine(data_dir: Path) -> Iterator[Finding]:
    given = set(read_given())
    yield check_python()
    yield from check_binaries(given)
    folder = open_folder(data_dir)
    if DATABASE not in given and not folder.has_database and folder.find_running() is None:
        yield watch("数据", f"{folder.path} 中还没有数据", "请运行 minhu up，或设置 " + DATABASE)
        return
    try:
        with find_settings(data_dir) as settings:
            yield check_settings(given, settings)
            keyring = check_keyring(settings.keyring_file)
            yield keyring
            unlocked = keyring.grade is not Grade.BAD
            yield from asyncio.run(examine_servers(settings, unlocked=unlocked))
    except HotlineError as error:
        yield bad(error.title, error.detail, AGAIN)


async def examine_servers(settings: Settings, *, unlocked: bool) -> list[Finding]:
    """`unlocked`: there is a keyring to look into the work with."""
    findings = [await check_redis(settings.redis_url)]
    try:
        with explain_trouble(settings.database_url):
            findings += await examine_database(settings, unlocked=unlocked)
    except HotlineError as error:
        findings.append(bad("数据库", error.detail, AGAIN))
    return findings


async def examine_database(settings: Settings, *, unlocked: bool) -> list[Finding]:
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.unscoped() as connection:
            has_schema, findings = await check_server(connection)
            if has_schema:
                findings += await check_rights(connection)
                findings += await check_clock(connection, settings)
    finally:
        await database.close()
    if has_schema and unlocked:
        findings += await examine_work(settings)
    return findings


async def examine_work(settings: Settings) -> list[Finding]:
    hotline = Hotline.open(settings)
    try:
        is_running = settings.redis_url != NO_REDIS
        return [
            *await check_running(hotline, is_running=is_running),
            await check_sources(hotline),
            *await check_bureaus(hotline, is_running=is_running),
            *await check_reconciliation(hotline),
            *await check_retention(hotline),
            *await check_access(hotline),
        ]
    finally:
        await hotline.close()
