"""(e) Scoring over two years of tickets: how each answer grows with their number."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bench.course import Office
from bench.scores.asking import MONTHS, PROBES, Probe, Timed, ask_all
from bench.scores.duck import ask_duck, sheet_figures
from bench.scores.feeding import download, read_increment
from bench.scores.ground import Ground, loaded_ground, running
from bench.scores.growth import Growth, Line, missed
from bench.scores.loading import Loaded
from bench.scores.organisation import BUREAU
from bench.scores.rebuild import Rebuilt, time_rebuild
from services.scoring.actions.recompute import content_hash
from services.scoring.rules.periods import find_period

SIZES = (10_000, 100_000)


def bench_scores(sizes: Sequence[int] = SIZES) -> None:
    growth = Growth()
    for size in sizes:
        growth.sizes[size] = list(measure(size))
        growth.show()
    late = missed(growth.sizes[max(sizes)])
    print(f"(e) 未达要求：{'、'.join(late) or '无'}", flush=True)


def measure(size: int) -> Iterator[Line]:
    with loaded_ground(size) as ground:
        yield from loading_lines(ground.loaded)
        rebuilt = time_rebuild(ground)
        yield from rebuild_lines(ground.loaded, rebuilt)
        with running(ground) as ready:
            timed = asyncio.run(ask_all(ready))
            for probe in PROBES:
                yield from call_lines(probe, timed[probe.name])
            yield from feed_lines(ready)
            yield from asyncio.run(duck_lines(ground, ready))
        kept = asyncio.run(hash_of(ground))
        assert kept != rebuilt.sha256, "nothing was folded since"
        assert kept == time_rebuild(ground).sha256, "rebuilt is not what was kept event by event"


async def hash_of(ground: Ground) -> str:
    hotline = ground.open()
    try:
        return await content_hash(hotline, BUREAU)
    finally:
        await hotline.close()


def loading_lines(loaded: Loaded) -> Iterator[Line]:
    yield Line("事件日志（由测量程序写入）", "条", loaded.entries, places=0)
    yield Line("  生成，每核每秒", "条", loaded.entries / loaded.making, places=0)
    yield Line("  生成并 COPY 入库", "秒", loaded.wall)


def rebuild_lines(loaded: Loaded, rebuilt: Rebuilt) -> Iterator[Line]:
    spent = rebuilt.spent
    yield Line("全部重算（minhu recompute）", "秒", spent.wall, 900)
    yield Line("  每条事件 CPU", "µs", rebuilt.cpu / loaded.entries * 1e6, 150)
    yield Line("  其中数据库", "µs", spent.postgres / loaded.entries * 1e6)


def call_lines(probe: Probe, timed: Timed) -> Iterator[Line]:
    yield Line(f"{probe.name}，p50", "毫秒", timed.p50)
    yield Line(f"{probe.name}，p95", "毫秒", timed.p95, probe.target)
    yield Line("  每次 CPU，服务与数据库", "毫秒", timed.cpu)


def feed_lines(ready: Mapping[str, Any]) -> Iterator[Line]:
    file = download(ready)
    yield Line("考核事实 csv，全部", "行", file.rows, places=0)
    yield Line("  用时", "秒", file.seconds, 60)
    yield Line("  考核服务常驻内存之最", "MB", file.peak / 1e6, 300)
    more = read_increment(ready, file.cursor)
    yield Line("考核事实续取一万处变动，csv", "毫秒", more.file * 1000, 1000)
    yield Line("考核事实续取一万处变动，每页 500", "毫秒", more.pages * 1000, 1000)


async def duck_lines(ground: Ground, ready: Mapping[str, Any]) -> list[Line]:
    """Our answer over HTTP beside DuckDB's on a parquet file; every figure the same."""
    office = Office(ready, connections=1)
    sheet = await office.get(office.scoring, f"/v1/scores?period={MONTHS[-1]}&by=unit")
    office.close()
    period = find_period(MONTHS[-1])
    assert period is not None
    known_at = datetime.fromisoformat(sheet["known_at"])
    duck = await ask_duck(ground.superuser_url, ground.folder.path, period, known_at)
    ours = sheet_figures(sheet)
    different = {
        key for key in ours.keys() | duck.figures.keys() if ours.get(key) != duck.figures.get(key)
    }
    assert not different, sorted(different, key=str)[:10]
    return [
        Line("DuckDB：导出为 parquet", "秒", duck.export),
        Line("DuckDB：parquet 大小", "MB", duck.size / 1e6),
        Line("DuckDB：一个月、100 个单位、六项率", "毫秒", duck.asked * 1000),
        Line("  与考核表逐项相同的数字", "个", len(ours), places=0),
    ]
