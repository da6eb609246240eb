"""The keyring's file: made, given a new current key, relieved of one that nothing needs."""

import base64
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from shared.errors import Conflict, NotFound
from shared.vault.ciphers import ALGORITHMS, KEY_BYTES


def create_keyring(path: Path) -> None:
    """A new file, mode 600, written whole or not at all; an existing one is kept."""
    if path.exists():
        return
    data: dict[str, Any] = {"current": {}, "keys": {}}
    for purpose, (usual, *_) in ALGORITHMS.items():
        _add(data, purpose, usual)
    write(path, data)


def rotate_key(path: Path, purpose: str, algorithm: str | None = None) -> str:
    """Adds a new current key and keeps all others; answers its id."""
    data = json.loads(path.read_text())
    key_id = _add(data, purpose, algorithm or ALGORITHMS[purpose][0])
    write(path, data)
    return key_id


def retire_key(path: Path, key_id: str) -> None:
    """Away with a key that is not current. That nothing needs it is the caller's to know."""
    data = json.loads(path.read_text())
    if key_id not in data["keys"]:
        raise NotFound(f"密钥文件中没有编号为 {key_id} 的密钥")
    if key_id in data["current"].values():
        raise Conflict(f"{key_id} 是现用的密钥，请先更换（minhu keyring rotate）")
    del data["keys"][key_id]
    write(path, data)


def _add(data: dict[str, Any], purpose: str, algorithm: str) -> str:
    secret = secrets.token_bytes(KEY_BYTES[algorithm])
    key_id = f"{purpose}-{hashlib.sha256(secret).hexdigest()[:8]}"
    told = base64.b64encode(secret).decode()
    is_usual = algorithm == ALGORITHMS[purpose][0]
    data["keys"][key_id] = told if is_usual else {"algorithm": algorithm, "secret": told}
    data["current"][purpose] = key_id
    return key_id


def write(path: Path, data: dict[str, Any]) -> None:
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
