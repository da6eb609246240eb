"""`make mutations`: breaks a copy of the tree as `mutations/` says; every test must see it."""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.hostile.attacks import PAGE, page
from tests.hostile.breaking import Seen, Verdict, copy_tree, mark, passes_unbroken, run
from tests.hostile.forking import lending, load_libraries
from tests.hostile.mutation import ROOT, Mutation, load_borders

SEEN = ROOT / "build" / "mutations.json"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="part of the name of a test")
    only = parser.parse_args().only
    borders = load_borders()
    wanted = [one for border in borders for one in border.mutations if only in one.test]
    seen = Seen(SEEN)
    load_libraries()
    with tempfile.TemporaryDirectory(prefix="mutations-") as temporary:
        folder = copy_tree(Path(temporary))
        with lending(folder) as lent:
            found = look(folder, wanted, seen, lent)
        failing = passes_unbroken(folder, sorted({one.test for one in wanted}))
    if failing:
        sys.stdout.write(failing)
        return 1
    failed = sum(verdict.has_failed for verdict in found.values())
    sys.stdout.write(f"{len(found)} 处改坏，{failed} 处被察觉\n")
    if not only:
        PAGE.write_text(page(borders, found), "utf-8")
        sys.stdout.write(f"已写入 {PAGE.relative_to(ROOT)}\n")
    return 0 if failed == len(found) else 1


def look(
    folder: Path, wanted: list[Mutation], seen: Seen, lent: Path
) -> Mapping[Mutation, Verdict]:
    """What came of each; what was seen before, unchanged, is not tried again."""
    marks = {one: mark(folder, one) for one in wanted}
    new = [one for one in wanted if not seen.has_failed(marks[one])]
    found = {}
    for one in wanted:
        if one in new:
            seen.keep(marks[one], run(folder, one, lent=lent))
        found[one] = seen.verdicts[marks[one]]
        sys.stdout.write(f"{found[one].word}  {one.test}  （{'、'.join(one.files)}）\n")
        if not found[one].has_failed:
            sys.stdout.write(f"    {found[one].at}\n")
        sys.stdout.flush()
    return found


if __name__ == "__main__":
    sys.exit(main())
