"""`make bench`: rates, latencies, CPU and statements per operation, all from one run.

CPU is that of the stack's processes; the sender's is shown apart. `ARGS="a c"` runs parts.
"""

import sys

from bench.loops import bench_applied, bench_loops
from bench.stand import counting_postgres, sandbox
from bench.statements import bench_statements
from bench.webhooks import bench_webhooks
from services.cli.addresses import DATABASE, OWNER

PARTS = "abcd"
SMALL, LARGE = 1_000, 100_000


def main(parts: str) -> None:
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


main("".join(sys.argv[1:]) or PARTS)
