"""What has to break for a test to fail, read from `mutations/`: one table per border."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLES = Path(__file__).parent / "mutations"


@dataclass(frozen=True)
class Mutation:
    """`old` stands exactly once in `file`; `attack` and `holds` are what people read."""

    test: str
    attack: str
    holds: str
    file: str
    old: str
    new: str

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
        mutations = [Mutation(**one) for one in told["mutation"]]
        borders.append(Border(told["title"], mutations))
    return borders
