"""What docs/security.md points to is there: every file, every test, every command of make."""

import re

import pytest

from tests.house.project import ROOT, read

DOCUMENT = "docs/security.md"
TABLE = "## 对照"
FOLDERS = ("services", "shared", "migrations", "tests", "docs", "deploy", "bench")
POINTER = re.compile(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]+)(?:::(\w+))?`")
LINK = re.compile(r"\]\(([\w./-]+\.md)\)")
TARGET = re.compile(r"`make ([a-z]+)`")
COLUMNS = 4  # the demand, what is done, the code, the test
FEWEST = 25


def rows() -> list[list[str]]:
    """Of the table, without its head and its rule."""
    part = read(DOCUMENT).split(TABLE)[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def what_is_wrong(text: str) -> list[str]:
    """Pointers to what is not there."""
    wrong = []
    for path, name in POINTER.findall(text):
        if not (ROOT / path).exists():
            wrong.append(path)
        elif name and not re.search(rf"^(?:async )?def {name}\(", read(path), re.MULTILINE):
            wrong.append(f"{path}::{name}")
    targets = re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE)
    wrong += [f"make {one}" for one in TARGET.findall(text) if one not in targets]
    return wrong + [one for one in LINK.findall(text) if not (ROOT / "docs" / one).exists()]


def test_what_the_security_document_points_to_is_there() -> None:
    assert what_is_wrong(read(DOCUMENT)) == []


def test_every_demand_names_its_code_and_its_test() -> None:
    table = rows()

    assert len(table) >= FEWEST
    for row in table:
        assert len(row) == COLUMNS, row
        assert POINTER.search(row[2]), row
        assert re.search(r"`tests/[\w/]*test_\w+\.py", row[3]), row


@pytest.mark.parametrize(
    "text",
    [
        "`shared/nowhere.py`",
        "`tests/house/test_security.py::test_of_nothing`",
        "`make nothing`",
        "[x](nowhere.md)",
    ],
)
def test_a_pointer_to_nothing_is_found(text: str) -> None:
    assert what_is_wrong(text) != []
