"""What is promised to whoever installs: version, lock, commands."""

import re
import tomllib
from typing import Any

import pytest

from tests.house.project import ROOT, make_targets, read

READMES = ["README.md", "README.en.md"]
REQUIRED_TARGETS = {"help", "install", "up", "demo", "test", "check", "bench", "format"}


def project() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))


def normalise(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def locked() -> dict[str, str]:
    """Each requirement of the lock with everything that belongs to it."""
    statements = re.sub(r"^ *#.*\n", "", read("requirements.lock"), flags=re.MULTILINE)
    lines = statements.replace("\\\n", " ").splitlines()
    return {normalise(line): line for line in lines if line.strip()}


def test_the_version_is_the_newest_one_of_the_changelog() -> None:
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", read("CHANGELOG.md"), re.MULTILINE)

    assert newest is not None
    assert newest[1] == project()["project"]["version"]


def test_the_lock_pins_every_requirement_with_its_hashes() -> None:
    pinned = re.compile(r"^[\w.-]+==\S+ (?:; .+?)?(?:\s*--hash=sha256:[0-9a-f]{64})+\s*$")

    assert [line for line in locked().values() if not pinned.match(line)] == []


def test_the_lock_holds_every_dependency_of_the_project() -> None:
    tables = project()
    wanted = [
        *tables["build-system"]["requires"],
        *tables["project"]["dependencies"],
        *(name for group in tables["dependency-groups"].values() for name in group),
    ]

    assert {normalise(requirement) for requirement in wanted} - locked().keys() == set()


def test_the_makefile_documents_the_promised_targets() -> None:
    assert make_targets().keys() >= REQUIRED_TARGETS


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_names_only_targets_that_exist(readme: str) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", read(readme), re.MULTILINE))

    assert named
    assert named - make_targets().keys() == set()


def test_the_readme_and_the_makefile_tell_the_same_targets() -> None:
    rows = set(re.findall(r"^\| `make ([a-z]+)` \|", read("README.md"), re.MULTILINE))

    assert rows == make_targets().keys()


@pytest.mark.parametrize("readme", READMES)
def test_a_readme_links_only_to_files_that_exist(readme: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", read(readme))

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_continuous_integration_does_exactly_what_make_check_does() -> None:
    commands = [line for line in read(".ci/run").splitlines() if not line.startswith(("#", "set"))]

    assert commands == ['cd "$(dirname "${BASH_SOURCE[0]}")/.."', "exec make check"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
