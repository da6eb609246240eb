"""`minhu recompute --verify`: every fact folded again from the log and compared."""

from pathlib import Path

import typer

from services.cli.folder import DEFAULT
from services.cli.installation import run_on
from services.scoring.actions.facts import Difference, recompute
from shared.settings import MissingSetting
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
    report(run_on(data_dir, compare_all))


async def compare_all(hotline: Hotline) -> list[Difference]:
    found: list[Difference] = []
    for bureau in await hotline.bureaus():
        found += await recompute(hotline, bureau)
    return found


def report(found: list[Difference]) -> None:
    if not found:
        typer.echo("重算与现存考核事实完全一致：0 处出入")
        return
    for one in found[:MOST_SHOWN]:
        typer.echo(f"{one.no} 第{one.round}轮 {one.field}：现存 {one.stored}，重算 {one.folded}")
    typer.echo(f"共 {len(found)} 处出入", err=True)
    raise typer.Exit(1)
