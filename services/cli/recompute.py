"""`minhu recompute`: every fact folded again from the log, or compared with what it says."""

import asyncio
import gc
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

import typer

from services.cli.folder import DEFAULT
from services.cli.installation import run_on
from services.scoring.actions.recompute import (
    Difference,
    Horizon,
    content_hash,
    rebuild,
    rebuild_range,
    recompute,
)
from shared.settings import Settings
from shared.tickets import Hotline

MOST_SHOWN = 50
RARELY = (20_000, 20, 20)
WORTH_A_PROCESS = 5_000  # tickets; fewer are folded before one has started

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command(
    "recompute", help="由事件日志重算全部考核事实；加 --verify 只比对，有出入则列出并以 1 退出。"
)
def run(
    verify: bool = typer.Option(False, "--verify", help="只比对，不改动"),
    data_dir: Path = typer.Option(DEFAULT, help="未设环境变量时，用这个数据目录里的库"),
) -> None:
    collect_rarely()
    if verify:
        report(run_on(data_dir, compare_all))
        return
    for bureau, sha256 in run_on(data_dir, rebuild_all).items():
        typer.echo(f"局 {bureau}：考核事实、历次状态与合计已由日志重算，摘要 {sha256}")


def collect_rarely() -> None:
    """A batch makes tens of thousands of values that all live until it is written: looking through
    them again and again costs a fifth of the whole."""
    gc.freeze()
    gc.set_threshold(*RARELY)


async def rebuild_all(hotline: Hotline) -> dict[int, str]:
    """In processes of their own, one more than there are cores: some wait for Postgres.

    No more than a pool has connections: short ranges are folded right here, side by side.
    """
    processes = min((os.cpu_count() or 1) + 1, hotline.settings.pool_size)
    found = {}
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=end_with_parent
    ) as pool:

        async def fold_range(hotline: Hotline, bureau: int, after: int, until: int) -> Horizon:
            if until - after < WORTH_A_PROCESS:
                return await rebuild_range(hotline, bureau, after, until)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(
                pool, fold_there, hotline.settings, bureau, after, until
            )

        for bureau in await hotline.bureaus():
            await rebuild(hotline, bureau, lanes=processes, fold_range=fold_range)
            found[bureau] = await content_hash(hotline, bureau)
    return found


def end_with_parent() -> None:
    """A parent that was killed cannot end us; what we went on folding, its successor folds too."""
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def fold_there(settings: Settings, bureau: int, after: int, until: int) -> Horizon:
    """In a process of its own."""

    async def run() -> Horizon:
        hotline = Hotline.open(settings)
        try:
            return await rebuild_range(hotline, bureau, after, until)
        finally:
            await hotline.close()

    collect_rarely()
    return asyncio.run(run())


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
        typer.echo(f"{one.what} {one.field}：现存 {one.stored}，重算 {one.folded}")
    typer.echo(f"共 {len(found)} 处出入", err=True)
    raise typer.Exit(1)
