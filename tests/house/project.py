"""The project's own files, read from disk: what the house rules are checked on."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {"__pycache__", "build", "dist"}
HIDDEN_BUT_OURS = {".ci", ".editorconfig", ".env.example", ".gitignore"}
PACKAGES = ("services", "shared", "migrations")


def iter_files(folder: Path = ROOT) -> Iterator[Path]:
    """Every file that belongs to the project; environments, caches and data are left out."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") and path.name not in HIDDEN_BUT_OURS:
            continue
        if path.name in GENERATED or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            yield from iter_files(path)
        else:
            yield path


def iter_sources(*folders: str) -> Iterator[Path]:
    for folder in folders or PACKAGES:
        yield from (path for path in iter_files(ROOT / folder) if path.suffix == ".py")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def read(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def parse(path: Path) -> ast.Module:
    return ast.parse(read(path), filename=name_of(path))


def make_targets() -> dict[str, str]:
    """The documented targets of the Makefile with their descriptions."""
    return dict(re.findall(r"^([a-z]+):.*?## (.+)$", read("Makefile"), re.MULTILINE))
