"""Every commit that the scenarios pass, in their order: whose step it was, and what it wrote.

Kept in `boundaries.txt`, a scenario's name above its commits. Where the product passes other
commits than these, `pytest tests/crash -k listed` tells all of them, to be put there.
"""

from collections.abc import Mapping
from pathlib import Path


def read_boundaries() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    scenario = ""
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            found[scenario].append(line.strip())
        else:
            scenario = line
            found[scenario] = []
    return {name: tuple(commits) for name, commits in found.items()}


BOUNDARIES = read_boundaries()
