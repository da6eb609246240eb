"""Keys that never lie in the database: hashing of numbers, sealing, signing of cursors."""

import base64
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import HotlineError
from shared.settings import CREDENTIALS
from shared.vault import ciphers
from shared.vault.ciphers import ALGORITHMS, KEY_BYTES, Key, WrongSeal
from shared.vault.keyfile import create_keyring

__all__ = ["BadKeyring", "Keyring", "SealBroken", "create_keyring", "digits_of"]

PURPOSES = tuple(ALGORITHMS)
SIGNATURE_BYTES = 16


class BadKeyring(HotlineError):
    """The keyring file is missing, unreadable or too open."""

    title = "密钥文件有误"


class SealBroken(HotlineError):
    """A sealed value does not open with this keyring."""

    title = "密文无法解开"


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """One current key per purpose, older ones by id for what was hashed or sealed before.

    `path`: the file is read once more when an id turns up that is not known, so that a process
    still running opens what another has sealed with a newer key.
    """

    current: dict[str, Key]
    older: dict[str, Key]
    path: Path | None = None

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Reads the JSON file; refuses one that others may read."""
        try:
            mode = path.stat().st_mode & 0o077
            data = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise BadKeyring(f"无法读取密钥文件（MINHU_KEYRING_FILE）：{path.name}") from error
        if mode and not is_credential(path):
            raise BadKeyring("密钥文件须只有属主可读（chmod 600）")
        try:
            keys = {key_id: read_key(key_id, told) for key_id, told in data["keys"].items()}
            current = {purpose: keys[data["current"][purpose]] for purpose in PURPOSES}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadKeyring(f"{path.name} 的内容残缺") from error
        return cls(current, keys, path)

    def hash_number(self, phone: str) -> tuple[bytes, str]:
        """A keyed hash of the digits without +86/0086, and the key's id."""
        key = self.current["hash"]
        return ciphers.digest(key, digits_of(phone).encode()), key.id

    def older_hashes(self, phone: str) -> dict[str, bytes]:
        """By key id, what the number came to under each key that was current before."""
        digits = digits_of(phone).encode()
        return {key.id: ciphers.digest(key, digits) for key in self.before("hash")}

    def before(self, purpose: str) -> list[Key]:
        """The keys of that purpose that are no longer current."""
        now = self.current[purpose].id
        return [
            key for key in self.older.values() if purpose_of(key.id) == purpose and key.id != now
        ]

    def seal(self, plain: bytes, context: str) -> tuple[bytes, str]:
        """Nonce first; `context` must be given again to open."""
        key = self.current["seal"]
        return ciphers.seal(key, plain, context), key.id

    def unseal(self, sealed: bytes, key_id: str, context: str) -> bytes:
        key = self.older.get(key_id) or self._look_again(key_id)
        if key is None:
            raise SealBroken(f"密钥文件中没有编号为 {key_id} 的密钥")
        try:
            return ciphers.unseal(key, sealed, context)
        except WrongSeal as error:
            raise SealBroken from error

    def sign(self, data: bytes) -> bytes:
        """A short tag for tokens handed out and taken back (cursors)."""
        return ciphers.digest(self.current["cursor"], data)[:SIGNATURE_BYTES]

    def has_signed(self, data: bytes, tag: bytes) -> bool:
        """Whether one of our keys made that tag, be it an older one: readers keep cursors long."""
        keys = (self.current["cursor"], *self.before("cursor"))
        made = [ciphers.digest(key, data)[:SIGNATURE_BYTES] for key in keys]
        return any([hmac.compare_digest(tag, one) for one in made])  # noqa: C419 - all of them

    def _look_again(self, key_id: str) -> Key | None:
        if self.path is None:
            return None
        self.older.update(Keyring.load(self.path).older)
        return self.older.get(key_id)


def is_credential(path: Path) -> bool:
    """Laid out by systemd, which guards the folder itself."""
    folder = os.environ.get(CREDENTIALS)
    return bool(folder) and path.parent == Path(str(folder))


def purpose_of(key_id: str) -> str:
    return key_id.partition("-")[0]


def read_key(key_id: str, told: str | Mapping[str, Any]) -> Key:
    """As base64, of the usual algorithm; or with its algorithm beside it."""
    algorithms = ALGORITHMS[purpose_of(key_id)]
    if isinstance(told, str):
        return Key(key_id, base64.b64decode(told), algorithms[0])
    key = Key(key_id, base64.b64decode(told["secret"]), told["algorithm"])
    if key.algorithm not in algorithms or len(key.secret) != KEY_BYTES[key.algorithm]:
        raise ValueError(key.algorithm)
    return key


def digits_of(phone: str) -> str:
    """The digits of a number without +86/0086."""
    digits = "".join(char for char in phone if char.isascii() and char.isdigit())
    if phone.strip().startswith("+86") and len(digits) > 2:
        return digits[2:]
    return digits.removeprefix("0086")
