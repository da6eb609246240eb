"""`minhu recompute --verify`: every fact folded again from the log and compared."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import typer

from services.cli.folder import DEFAULT, open_folder
from services.cli.trouble import explain_trouble
from services.scoring.actions.facts import Difference, recompute
from shared.embedded import start_postgres
from shared.settings import MissingSetting, Settings
from shared.tickets import Hotline

MOST_SHOWN = 50

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command("recompute", help="由事件日志重算全部考核事实并逐项比对；有出入则列出并以 1 退出。")
def run(
    verify: bool = typer.Option(False, "--verify", help="只比对，不改动"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录里的库"),
) -> None:
    if not verify:
        raise MissingSetting("请加 --verify：只比对，不改动任何数据")
    folder = open_folder(data_dir)
    if "MINHU_DATABASE_URL" in os.environ:
        found = compare(dict(os.environ))
    elif (running := folder.find_running()) is not None:
        found = compare({**running})
    elif folder.has_database:
        with folder.hold():
            postgres = start_postgres(folder.path)
            try:
                found = compare(
                    {
                        "MINHU_DATABASE_URL": postgres.app_url,
                        "MINHU_REDIS_URL": "redis://127.0.0.1:1/0",
                        "MINHU_KEYRING_FILE": str(folder.keyring),
                    }
                )
            finally:
                postgres.stop()
    else:
        raise MissingSetting(f"{folder.path} 中没有数据库；请设 MINHU_DATABASE_URL 或 --data-dir")
    report(found)


def compare(environment: Mapping[str, str]) -> list[Difference]:
    settings = Settings.from_env(environment)
    with explain_trouble(settings.database_url):
        return asyncio.run(compare_all(settings))


async def compare_all(settings: Settings) -> list[Difference]:
    hotline = Hotline.open(settings)
    try:
        found: list[Difference] = []
        for bureau in await hotline.bureaus():
            found += await recompute(hotline, bureau)
        return found
    finally:
        await hotline.close()


def report(found: list[Difference]) -> None:
    if not found:
        typer.echo("重算与现存考核事实完全一致：0 处出入")
        return
    for one in found[:MOST_SHOWN]:
        typer.echo(f"{one.no} 第{one.round}轮 {one.field}：现存 {one.stored}，重算 {one.folded}")
    typer.echo(f"共 {len(found)} 处出入", err=True)
    raise typer.Exit(1)
