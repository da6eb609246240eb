"""`make storm SEED=7 TICKETS=10000`: storms one after another, a table for each."""

import argparse
import sys
import tempfile
from pathlib import Path

import uvloop

from tests.storm.calling import check_callbacks
from tests.storm.edition import Edition
from tests.storm.reckoning import Reckoning, reckon
from tests.storm.report import print_report
from tests.storm.scores import check_scores
from tests.storm.storm import prepare, run


async def weather(edition: Edition, folder: Path) -> bool:
    """Whether everything stood; the report is printed either way."""
    async with prepare(edition, folder) as storm:
        await run(storm)
        result: Reckoning = await reckon(storm)
        check_callbacks(result, storm)
        await check_scores(result, storm)
        return print_report(storm, result)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make storm", description="风暴：故障之下不丢、不重、不乱"
    )
    parser.add_argument("--seed", type=int, nargs="+", default=[1], help="一个或几个种子")
    parser.add_argument("--tickets", type=int, default=10_000, help="工单数")
    parser.add_argument("--folder", type=Path, help="数据与日志留在这里；不给则用后即删")
    given = parser.parse_args()
    stood = True
    for seed in given.seed:
        edition = Edition(seed, given.tickets)
        if given.folder is not None:
            folder = given.folder / str(seed)
            folder.mkdir(parents=True)
            stood = uvloop.run(weather(edition, folder)) and stood
            continue
        with tempfile.TemporaryDirectory(prefix="minhu-storm-") as name:
            stood = uvloop.run(weather(edition, Path(name))) and stood
    return 0 if stood else 1


if __name__ == "__main__":
    sys.exit(main())
