"""A keyring file that cannot serve is refused in plain words."""

from pathlib import Path

import pytest

from shared.vault.keyring import BadKeyring, Keyring, create_keyring


def test_a_keyring_just_made_serves(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    create_keyring(path)
    sealed, key_id = Keyring.load(path).seal("张三".encode(), "caller:1:1")

    assert Keyring.load(path).unseal(sealed, key_id, "caller:1:1").decode() == "张三"


@pytest.mark.parametrize(
    "content", ["", "nonsense", "[]", "{}", '{"keys":{}}', '{"keys":{"a":1},"current":{}}']
)
def test_one_that_is_broken_is_named_and_not_shown(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keyring.json"
    path.write_text(content)
    path.chmod(0o600)

    with pytest.raises(BadKeyring, match=r"keyring\.json"):
        Keyring.load(path)


def test_one_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    create_keyring(path)
    path.chmod(0o640)

    with pytest.raises(BadKeyring, match="chmod 600"):
        Keyring.load(path)
