"""`make storm SEED=7 TICKETS=10000`: storms one after another, a table for each."""

import argparse
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory

import uvloop

from tests.storm.calling import check_callbacks
from tests.storm.edition import Edition
from tests.storm.reckoning import Reckoning, reckon
from tests.storm.report import has_stood, report
from tests.storm.scores import check_contents, check_scores
from tests.storm.storm import prepare, run


async def weather(edition: Edition, folder: Path) -> bool:
    """Whether everything stood; the report is printed either way."""
    async with prepare(edition, folder) as storm:
        await run(storm)
        result: Reckoning = await reckon(storm)
        check_callbacks(result, storm)
        await check_contents(result, storm)
        await check_scores(result, storm)
        for line in report(storm, result):
            say(line)
        return has_stood(storm, result)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make storm", description="风暴：故障之下不丢、不重、不乱"
    )
    parser.add_argument("--seed", type=int, nargs="+", default=[1], help="一个或几个种子")
    parser.add_argument("--tickets", type=int, default=10_000, help="工单数")
    parser.add_argument("--folder", type=Path, help="数据与日志留在这里；不给则用后即删")
    given = parser.parse_args()
    stood = [measure(Edition(seed, given.tickets), given.folder) for seed in given.seed]
    return 0 if all(stood) else 1


def measure(edition: Edition, kept: Path | None) -> bool:
    """CPU is that of everybody who took part, servers and killed processes included."""
    before = spent()
    with TemporaryDirectory(prefix="minhu-storm-") as name:
        folder = Path(name) if kept is None else kept / str(edition.seed)
        folder.mkdir(parents=True, exist_ok=True)
        stood = uvloop.run(weather(edition, folder))
    own, others = (after - earlier for after, earlier in zip(spent(), before, strict=True))
    say(f"  处理器：平台、受理台与单位 {own:.0f} 秒，服务与数据库 {others:.0f} 秒")
    return stood


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def spent() -> tuple[float, float]:
    """CPU seconds of this process, and of those it started that have ended."""
    found = (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN))
    own, others = (one.ru_utime + one.ru_stime for one in found)
    return own, others


if __name__ == "__main__":
    sys.exit(main())
