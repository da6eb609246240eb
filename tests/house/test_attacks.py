"""Every hostile test can fail, what is to be broken is there, and the page is current."""

import re
from collections import Counter

from tests.hostile.attacks import PAGE, start_of_row
from tests.hostile.mutation import ROOT, load_borders

BORDERS = load_borders()
MUTATIONS = [one for border in BORDERS for one in border.mutations]
TEST = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)


def names_in(folder: str) -> set[str]:
    return {
        f"{folder}/{path.name}::{name}"
        for path in (ROOT / "tests" / folder).glob("test_*.py")
        for name in TEST.findall(path.read_text("utf-8"))
    }


def test_every_hostile_test_has_what_makes_it_fail() -> None:
    assert names_in("hostile") - {one.test for one in MUTATIONS} == set()


def test_every_mutation_names_a_test_that_is_there() -> None:
    folders = {one.test.partition("/")[0] for one in MUTATIONS}
    known = {name for folder in folders for name in names_in(folder)}

    assert {one.test.partition("[")[0] for one in MUTATIONS} - known == set()


def test_what_is_to_be_broken_stands_exactly_once() -> None:
    wrong = [
        (one.test, edit.file, edit.old)
        for one in MUTATIONS
        for edit in one.edits
        if (ROOT / edit.file).read_text("utf-8").count(edit.old) != 1
    ]

    assert wrong == []


def test_the_page_on_attacks_has_a_row_for_each_mutation_and_no_other() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    shown = Counter(line.rpartition(" | `")[0] for line in rows if "| `" in line)

    # All but the last cell, which only a run can tell.
    expected = Counter(start_of_row(one).removesuffix(" |") for one in MUTATIONS)
    assert shown == expected, "run: make mutations"
