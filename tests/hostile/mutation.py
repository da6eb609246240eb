"""What has to break for a test to fail, read from `mutations/`: one table per border."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TABLES = Path(__file__).parent / "mutations"


@dataclass(frozen=True)
class Edit:
    """`old` stands exactly once in `file`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutation:
    """`attack` and `holds` are what people read.

    Several edits where one wall stands behind another: either alone would hold, unseen by any test.
    """

    test: str
    attack: str
    holds: str
    edits: tuple[Edit, ...]

    @property
    def files(self) -> list[str]:
        return sorted({edit.file for edit in self.edits})

    def breaks(self, folders: tuple[str, ...]) -> bool:
        return any(path.startswith(folders) for path in self.files)

    @property
    def test_file(self) -> str:
        return "tests/" + self.test.partition("::")[0]

    @property
    def test_name(self) -> str:
        return self.test.partition("::")[2].partition("[")[0]


@dataclass(frozen=True)
class Border:
    title: str
    mutations: Sequence[Mutation]


def load_borders(folder: Path = TABLES) -> list[Border]:
    """In the order of their file names."""
    borders = []
    for path in sorted(folder.glob("*.toml")):
        told = tomllib.loads(path.read_text("utf-8"))
        mutations = [read_mutation(one) for one in told["mutation"]]
        borders.append(Border(told["title"], mutations))
    return borders


def read_mutation(told: Mapping[str, Any]) -> Mutation:
    edits = (told, *told.get("also", ()))
    return Mutation(
        told["test"],
        told["attack"],
        told["holds"],
        tuple(Edit(one["file"], one["old"], one["new"]) for one in edits),
    )
