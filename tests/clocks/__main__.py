"""`make clocks`: 100 000 cases on two cores; exit 1 when one differs."""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import reduce
from operator import add

from tests.clocks.compare import Report, compare

CASES = 100_000
CHUNK = 5_000
SHOWN = 5
WORKERS = 2


def main() -> int:
    began = time.monotonic()
    chunks = [range(first, first + CHUNK) for first in range(0, CASES, CHUNK)]
    with ProcessPoolExecutor(WORKERS) as pool:
        report = reduce(add, pool.map(compare, chunks), Report(0, 0, 0, []))
    told = [
        f"{report.cases:,} 例，{report.clocks:,} 个时限逐一比对，{report.stepped:,} 例另行逐步推算",
        f"不同 {len(report.different)} 处，用时 {time.monotonic() - began:.0f} 秒",
        *report.different[:SHOWN],
    ]
    sys.stdout.write("\n".join(told) + "\n")
    return 1 if report.different else 0


if __name__ == "__main__":
    sys.exit(main())
