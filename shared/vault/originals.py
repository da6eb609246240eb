"""What platforms sent, word for word: sealed as soon as it is kept, opened only to be worked on.

Rows of before have no key beside them and are read as they are, until they are sealed too.
"""

import uuid
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.vault.keyring import Keyring

BATCH = 500
FIRST = uuid.UUID(int=0)
# By the primary key, batch after batch: no index of its own, which every message would pay for.
PASS = text(
    "SELECT message_id, body, seal_key_id, mended, mended_key_id FROM raw_messages"
    " WHERE bureau_id = :bureau AND message_id > :after"
    " AND ((body IS NOT NULL AND seal_key_id IS DISTINCT FROM :seal)"
    " OR (mended IS NOT NULL AND mended_key_id IS DISTINCT FROM :seal))"
    " ORDER BY message_id LIMIT :limit FOR UPDATE"
)
PUT = text(
    "UPDATE raw_messages AS m SET body = k.body, mended = k.mended,"
    " seal_key_id = CASE WHEN k.body IS NOT NULL THEN :seal END,"
    " mended_key_id = CASE WHEN k.mended IS NOT NULL THEN :seal END"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:bodies AS bytea[]), CAST(:mended AS bytea[]))"
    " AS k(id, body, mended) WHERE m.bureau_id = :bureau AND m.message_id = k.id"
)


def seal_original(
    raw: bytes, message_id: uuid.UUID, *, bureau: int, keyring: Keyring
) -> tuple[bytes, str]:
    """The sealed bytes and the key's id."""
    return keyring.seal(raw, context_of(bureau, message_id))


def open_original(
    kept: bytes | None, key_id: str | None, row: Any, *, bureau: int, keyring: Keyring
) -> bytes | None:
    """Of the row with that `message_id`; None where it has been cleared."""
    if kept is None or key_id is None:
        return None if kept is None else bytes(kept)
    return keyring.unseal(bytes(kept), key_id, context_of(bureau, row.message_id))


def context_of(bureau: int, message_id: uuid.UUID) -> str:
    return f"message:{bureau}:{message_id}"


async def renew_originals(tx: Tx, keyring: Keyring, *, after: uuid.UUID) -> list[uuid.UUID]:
    """Seals a batch anew, those after that one; answers which, none at the end."""
    seal = keyring.current["seal"].id
    rows = await tx.rows(PASS, bureau=tx.bureau, after=after, seal=seal, limit=BATCH)
    ids = [row.message_id for row in rows]
    bodies = [_anew(tx, keyring, row, row.body, row.seal_key_id) for row in rows]
    mended = [_anew(tx, keyring, row, row.mended, row.mended_key_id) for row in rows]
    if ids:
        await tx.run(PUT, bureau=tx.bureau, seal=seal, ids=ids, bodies=bodies, mended=mended)
    return ids


def _anew(
    tx: Tx, keyring: Keyring, row: Any, kept: bytes | None, key_id: str | None
) -> bytes | None:
    plain = open_original(kept, key_id, row, bureau=tx.bureau, keyring=keyring)
    if plain is None:
        return None
    return seal_original(plain, row.message_id, bureau=tx.bureau, keyring=keyring)[0]
