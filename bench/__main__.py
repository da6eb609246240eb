"""`make bench`: rates, latencies, CPU and statements per operation, all from one run.

CPU is that of the stack's processes; the sender's is shown apart. `ARGS="a c"` runs parts,
`ARGS="e --tickets 1000000"` scoring at another size than its usual two.
"""

import argparse
from collections.abc import Sequence

from bench.isolation import bench_isolation
from bench.loops import bench_applied, bench_loops
from bench.scores.part import SIZES, bench_scores
from bench.stand import counting_postgres, sandbox
from bench.statements import bench_statements
from bench.webhooks import bench_webhooks
from services.cli.addresses import DATABASE, OWNER

PARTS = "abcder"
SMALL, LARGE = 1_000, 100_000


def main(parts: str, sizes: Sequence[int]) -> None:
    if "a" in parts:
        bench_webhooks()
    if "b" in parts or "c" in parts:
        with sandbox() as ready:
            if "c" in parts:
                bench_loops(ready)
            if "b" in parts:
                bench_applied(ready)
    if "d" in parts:
        with counting_postgres() as postgres:
            named = {DATABASE: postgres.app_url, OWNER: postgres.owner_url}
            with sandbox(named) as ready:
                bench_applied(ready, SMALL)
                bench_statements(ready, postgres.superuser_url)
                bench_applied(ready, LARGE - SMALL)
                bench_statements(ready, postgres.superuser_url)

    if "e" in parts:
        bench_scores(sizes)
    if "r" in parts:
        bench_isolation(min(max(sizes), LARGE))


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="测量（不给部分则全做）")
    parser.add_argument(
        "parts", nargs="*", default=[PARTS], help="a 受理 b 建单 c 全程 d 语句 e 考核 r 行级隔离"
    )
    parser.add_argument(
        "--tickets",
        type=int,
        nargs="+",
        default=SIZES,
        help="e 的工单数，可给几个；缺省 10000 100000，1000000 约需一小时",
    )
    return parser.parse_args()


if __name__ == "__main__":
    given = read_arguments()
    main("".join(given.parts), sorted(given.tickets))
