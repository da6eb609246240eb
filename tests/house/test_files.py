"""What no file of the project may contain, and where a file has grown too long."""

import re
from pathlib import Path

import pytest

from tests.house.project import iter_files, iter_sources, name_of, read

# Spelled in parts, so that this file does not contain them itself.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi", "tuna"),
        ("mirrors", "aliyun"),
        ("mirrors", "cloud"),
        ("registry", "npmjs"),
        ("docker", "io"),
        ("ghcr", "io"),
    )
]
MACHINE_PATHS = ["/" + "/".join(parts) + "/" for parts in (("work",), ("root",), ("home",))]
LONGEST = 300
# One plain record after another, however many there are.
CATALOGUES = (
    "migrations/versions/",
    "shared/domain/events.py",
    "shared/domain/words.py",
    "shared/labels.py",
    "shared/sandbox/year/scenes/",
    "shared/sandbox/year/texts/",
)


@pytest.mark.parametrize("word", REGISTRIES + MACHINE_PATHS)
def test_no_file_names_a_package_registry_or_a_place_on_someones_machine(word: str) -> None:
    start = r"(?<![\w/.])" if word.startswith("/") else ""
    named = re.compile(start + re.escape(word))

    assert [name_of(path) for path in iter_files() if named.search(decode(path))] == []


def test_no_source_has_outgrown_its_file() -> None:
    lengths = {name_of(path): len(read(path).splitlines()) for path in iter_sources()}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST}

    assert {name: lines for name, lines in long.items() if not name.startswith(CATALOGUES)} == {}


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    drawers = {"utils", "helpers", "common", "misc"}
    names = [name_of(path) for path in iter_sources()]

    assert [name for name in names if drawers & set(name.removesuffix(".py").split("/"))] == []


def test_every_text_file_ends_with_one_newline_and_uses_unix_line_ends() -> None:
    texts = {".py", ".md", ".toml", ".lock", ".json", ".mako", ".sql", ".sh"}
    wrong = []
    for path in iter_files():
        content = path.read_bytes()
        if path.suffix in texts and content and (not content.endswith(b"\n") or b"\r\n" in content):
            wrong.append(name_of(path))

    assert wrong == []


def decode(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
