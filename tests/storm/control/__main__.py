"""`make control SEED=7 TICKETS=10000`: the storm over us and over the control, side by side."""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from tests.storm.calling import check_callbacks
from tests.storm.control.report import Column, compare, faults, ours, theirs
from tests.storm.control.storm import run_control
from tests.storm.edition import Edition
from tests.storm.reckoning import reckon
from tests.storm.storm import prepare, run


async def weather(edition: Edition, folder: Path) -> Column:
    async with prepare(edition, folder) as storm:
        await run(storm)
        result = await reckon(storm)
        check_callbacks(result, storm)
        return ours(storm, result)


async def measure(edition: Edition, *, alone: bool) -> bool:
    columns = []
    if not alone:
        with TemporaryDirectory(prefix="minhu-storm-") as name:
            columns.append(await weather(edition, Path(name)))
    with TemporaryDirectory(prefix="minhu-control-") as name:
        outcome = await run_control(edition, Path(name))
    say(f"对照  种子 {edition.seed}  工单 {edition.tickets}")
    for line in (*faults(outcome), *compare(*columns, theirs(outcome))):
        say(line)
    return outcome.lost > 0 and outcome.doubled > 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make control", description="对照：同一场风暴之下，常见写法的消费者丢多少、重多少"
    )
    parser.add_argument("--seed", type=int, default=1, help="种子")
    parser.add_argument("--tickets", type=int, default=10_000, help="工单数")
    parser.add_argument("--alone", action="store_true", help="只跑对照，不跑民呼")
    given = parser.parse_args()
    has_failed = uvloop.run(measure(Edition(given.seed, given.tickets), alone=given.alone))
    return 0 if has_failed else 1


if __name__ == "__main__":
    sys.exit(main())
