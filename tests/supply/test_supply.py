"""The lock, the bill of materials and the search for secrets, proven on made-up cases too."""

import base64
import itertools
import json
from pathlib import Path

import pytest

from tests.supply.lock import PROJECT, licence_of, read_lock, shipped
from tests.supply.sbom import document, write
from tests.supply.secrets import find_secrets, tree

MADE_UP = (
    "-----BEGIN " + "PRIVATE KEY-----\n" + "A" * 64,
    "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "A" * 64,
    "mh_" + "abcdefgh" + "_" + "aB3-" * 8,
    "mh_" + "abcdefgh" + "_" + "-aB3" * 8,
    "whsec_" + base64.b64encode(bytes(32)).decode(),
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a" * 36,
    "glpat-" + "a" * 19 + "-",
    ".".join(["eyJ" + "a" * 20, "eyJ" + "b" * 20, "c" * 20]),
    "webhook/send?key=" + "0" * 8 + "-" + "0" * 27,
    "postgresql://minhu:" + "s3cret-word-of-16" + "@db/minhu",
)


def test_every_package_is_pinned_to_files_of_known_hashes() -> None:
    pins = read_lock()

    assert len(pins) > 50
    assert [pin.name for pin in pins if not pin.hashes or not pin.via] == []
    assert len({pin.name for pin in pins}) == len(pins)


def test_a_package_without_a_hash_or_a_version_is_found() -> None:
    assert read_lock("arq==1.0 \\\n    # via minhu (pyproject.toml)\n")[0].hashes == ()
    with pytest.raises(AssertionError, match="not pinned"):
        read_lock("arq>=1.0\n")


def test_what_runs_in_production_states_its_licence() -> None:
    pins = read_lock()
    runs = shipped(pins)

    assert {pin.name for pin in pins if PROJECT in pin.via} <= runs
    assert "pytest" not in runs
    assert [name for name in sorted(runs) if licence_of(name) == "未声明"] == []


def test_the_bill_of_materials_names_every_package_and_is_the_same_each_time(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    made = write(first)
    write(second)

    assert first.read_bytes() == second.read_bytes()
    assert [one["name"] for one in made["components"]] == [pin.name for pin in read_lock()]
    assert json.loads(first.read_text("utf-8"))["bomFormat"] == "CycloneDX"
    fewer = document(read_lock()[1:], {"name": "minhu", "version": "0", "license": "Apache-2.0"})
    assert fewer["serialNumber"] != made["serialNumber"]


def test_nobodys_secret_is_in_the_tree() -> None:
    found = [(name, *one) for name, content in tree() for one in find_secrets(content)]

    assert found == []


@pytest.mark.parametrize("secret", MADE_UP, ids=itertools.count(1))
def test_a_secret_in_a_line_of_code_is_found(secret: str) -> None:
    content = f"first\nKEY = '{secret}'\n".encode()

    assert [line for _, line in find_secrets(content)] == [2]
