"""Keys that never lie in the database: hashing of numbers, sealing, signing of cursors."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.errors import HotlineError

PURPOSES = ("hash", "seal", "cursor")
NONCE_BYTES = 12


class BadKeyring(HotlineError):
    """The keyring file is missing, unreadable or too open."""

    title = "密钥文件有误"


class SealBroken(HotlineError):
    """A sealed value does not open with this keyring."""

    title = "密文无法解开"


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    id: str
    secret: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """One current key per purpose, older ones by id for what was hashed or sealed before."""

    current: dict[str, Key]
    older: dict[str, Key]

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Reads the JSON file; refuses one that others may read."""
        try:
            mode = path.stat().st_mode & 0o077
            data = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise BadKeyring(f"无法读取密钥文件（MINHU_KEYRING_FILE）：{path.name}") from error
        if mode:
            raise BadKeyring("密钥文件须只有属主可读（chmod 600）")
        try:
            keys = {
                key_id: Key(key_id, base64.b64decode(text)) for key_id, text in data["keys"].items()
            }
            return cls({purpose: keys[data["current"][purpose]] for purpose in PURPOSES}, keys)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadKeyring(f"{path.name} 的内容残缺") from error

    def hash_number(self, phone: str) -> tuple[bytes, str]:
        """HMAC-SHA256 over the digits without +86/0086, and the key's id."""
        key = self.current["hash"]
        return hmac.digest(key.secret, digits_of(phone).encode(), "sha256"), key.id

    def seal(self, plain: bytes, context: str) -> tuple[bytes, str]:
        """AES-256-GCM, nonce first; `context` must be given again to open."""
        key = self.current["seal"]
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(key.secret).encrypt(nonce, plain, context.encode()), key.id

    def unseal(self, sealed: bytes, key_id: str, context: str) -> bytes:
        key = self.older.get(key_id)
        if key is None:
            raise SealBroken(f"密钥文件中没有编号为 {key_id} 的密钥")
        try:
            nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            return AESGCM(key.secret).decrypt(nonce, rest, context.encode())
        except InvalidTag as error:
            raise SealBroken from error

    def sign(self, data: bytes) -> bytes:
        """A short tag for tokens handed out and taken back (cursors)."""
        return hmac.digest(self.current["cursor"].secret, data, "sha256")[:16]


def create_keyring(path: Path) -> None:
    """A new file, mode 600, written whole or not at all; an existing one is kept."""
    if path.exists():
        return
    keys = {}
    current = {}
    for purpose in PURPOSES:
        secret = secrets.token_bytes(32)
        key_id = f"{purpose}-{hashlib.sha256(secret).hexdigest()[:8]}"
        keys[key_id] = base64.b64encode(secret).decode()
        current[purpose] = key_id
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump({"current": current, "keys": keys}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def digits_of(phone: str) -> str:
    """The digits of a number without +86/0086."""
    digits = "".join(char for char in phone if char.isascii() and char.isdigit())
    if phone.strip().startswith("+86") and len(digits) > 2:
        return digits[2:]
    return digits.removeprefix("0086")
