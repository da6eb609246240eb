"""Passwords, kept as Argon2id (RFC 9106) in the PHC form, which names its own parameters."""

import asyncio
import secrets

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from shared.errors import Invalid

MEMORY_KIB, PASSES, LANES = 47_104, 1, 1
SALT_BYTES, HASH_BYTES = 16, 32
CURRENT = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"
# Of no password: whoever has none is asked for just as long.
NOBODY = CURRENT + "A" * 22 + "$" + "A" * 43
SHORTEST, LONGEST = 12, 128
AT_ONCE = 2
MOST_WAITING = 40


def new_password() -> str:
    """Fifteen random bytes, as twenty signs."""
    return secrets.token_urlsafe(15)


def check_password(password: str, account: str) -> None:
    """Raises Invalid for one that could be guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"口令须为 {SHORTEST}–{LONGEST} 个字符")
    if password != password.strip() or "\0" in password:
        raise Invalid("口令的首尾不得是空白")
    if account in password.lower() or len(set(password)) < SHORTEST // 2:
        raise Invalid("口令太容易猜：不得含登录名，不得只是几个字符的重复")


def hash_password(password: str) -> str:
    kdf = Argon2id(
        salt=secrets.token_bytes(SALT_BYTES),
        length=HASH_BYTES,
        iterations=PASSES,
        lanes=LANES,
        memory_cost=MEMORY_KIB,
    )
    return kdf.derive_phc_encoded(password.encode())


def is_password(password: str, encoded: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), encoded)
    except InvalidKey:
        return False
    return True


class TooBusy(Exception):
    """More sign-ins are waiting than can be answered in good time."""


class Doorman:
    """Tries passwords beside the loop that serves everybody, a few at a time: each takes 46 MB."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def is_password(self, password: str, encoded: str | None) -> bool:
        """As long for one who has no password as for any other. Raises TooBusy."""
        if self._waiting >= MOST_WAITING:
            raise TooBusy
        self._waiting += 1
        try:
            async with self._turn:
                fits = await asyncio.to_thread(is_password, password, encoded or NOBODY)
        finally:
            self._waiting -= 1
        return fits and encoded is not None
