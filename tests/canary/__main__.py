"""`make canary`: known people put through every path, then looked for wherever anybody may look.

After them a few more, with every library telling all it can and Postgres' own files searched too.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.canary.people import MOST
from tests.canary.running import Course, run, tell

SHOWN = 20
LOUD = 100


def report(course: Course) -> bool:
    """Whether nobody was let in."""
    for name, size in course.searched.items():
        tell(f"  {name:9} {size / 1024**2:8.1f} MB")
    for hit in course.hits[:SHOWN]:
        tell(f"  泄露  {hit.line}")
    for name in course.blind:
        tell(f"  埋下而没有找到：{name}")
    for name in course.failed:
        tell(f"  没有一次成功：{name}")
    tell(
        f"{course.people} 人，{course.calls} 次请求，{course.actions} 种操作，回调 {course.heard}"
        f" 次，断开 {course.struck} 次；查看应答 {course.revealed} 次可见；"
        f"泄露 {len(course.hits)} 处"
    )
    return not (course.hits or course.blind or course.failed) and course.revealed > 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=MOST)
    parser.add_argument("--loud", type=int, default=LOUD)
    asked = parser.parse_args()
    whole = True
    for count, loud in ((asked.people, False), (asked.loud, True)):
        if count:
            with tempfile.TemporaryDirectory() as folder:
                whole &= report(run(Path(folder), count, tell, loud=loud))
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
