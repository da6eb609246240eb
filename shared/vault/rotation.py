"""Changing keys under way: what older ones hashed or sealed is done anew, in small batches.

All tickets of one number have one hash at any moment, be it of the older key or the newer: they
go over together, and one who calls again meanwhile gets the hash that is there. So repeats are
found, and callers counted, as if nothing went on.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import TextClause, text

from shared.db import Tx
from shared.vault.callers import Caller, CallerRow
from shared.vault.keyring import Keyring

BATCH = 500
STALE = text(
    "SELECT ticket_id, phone_hash, hash_key_id, sealed, seal_key_id FROM callers"
    " WHERE bureau_id = :bureau AND (seal_key_id <> :seal OR hash_key_id <> :hash)"
    " ORDER BY ticket_id LIMIT :limit FOR UPDATE SKIP LOCKED"
)
RESEAL = text(
    "UPDATE callers AS c SET sealed = k.sealed, seal_key_id = :seal"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:sealed AS bytea[])) AS k(id, sealed)"
    " WHERE c.bureau_id = :bureau AND c.ticket_id = k.id"
)
REHASH = text(
    "UPDATE callers AS c SET phone_hash = k.after, hash_key_id = :hash"
    " FROM unnest(CAST(:before AS bytea[]), CAST(:after AS bytea[])) AS k(before, after)"
    " WHERE c.bureau_id = :bureau AND c.phone_hash = k.before"
)
KNOWN = text(
    "SELECT DISTINCT phone_hash, hash_key_id FROM callers WHERE bureau_id = :bureau"
    " AND phone_hash = ANY(CAST(:hashes AS bytea[]))"
)
# Secrets of platforms, of subscriptions and of accounts: few, each of a context of its own.
SECRETS: Mapping[str, tuple[TextClause, TextClause]] = {
    f"{kind}:{{bureau}}:{{owner}}": (
        text(
            f"SELECT {owner} AS owner, secret_id, sealed, seal_key_id FROM {table}"  # noqa: S608
            " WHERE bureau_id = :bureau AND seal_key_id <> :seal"
            f" ORDER BY {owner}, secret_id FOR UPDATE"
        ),
        text(
            f"UPDATE {table} SET sealed = :sealed, seal_key_id = :seal"  # noqa: S608
            f" WHERE bureau_id = :bureau AND {owner} = :owner AND secret_id = :secret_id"
        ),
    )
    for kind, table, owner in (
        ("source", "source_secrets", "source"),
        ("subscription", "subscription_secrets", "subscription_id"),
    )
} | {
    "totp:{bureau}:{owner}": (
        text(
            "SELECT account AS owner, account AS secret_id, totp_sealed AS sealed,"
            " totp_seal_key_id AS seal_key_id FROM accounts WHERE bureau_id = :bureau"
            " AND totp_seal_key_id <> :seal ORDER BY account FOR UPDATE"
        ),
        text(
            "UPDATE accounts SET totp_sealed = :sealed, totp_seal_key_id = :seal"
            " WHERE bureau_id = :bureau AND account = :owner AND account = :secret_id"
        ),
    )
}
USED = text(
    "SELECT DISTINCT hash_key_id AS id FROM callers WHERE bureau_id = :bureau"
    " UNION SELECT DISTINCT seal_key_id FROM callers WHERE bureau_id = :bureau"
    " UNION SELECT seal_key_id FROM source_secrets WHERE bureau_id = :bureau"
    " UNION SELECT seal_key_id FROM subscription_secrets WHERE bureau_id = :bureau"
    " UNION SELECT totp_seal_key_id FROM accounts WHERE bureau_id = :bureau"
    " UNION SELECT seal_key_id FROM raw_messages WHERE bureau_id = :bureau AND body IS NOT NULL"
    " UNION SELECT mended_key_id FROM raw_messages WHERE bureau_id = :bureau"
    " AND mended IS NOT NULL"
)


async def adopt_known(
    tx: Tx, keyring: Keyring, rows: Collection[CallerRow], numbers: Mapping[int, str | None]
) -> list[CallerRow]:
    """Callers about to be written, by the hash under which their number is known already."""
    if not keyring.before("hash"):
        return list(rows)
    older = {
        ticket_id: list(keyring.older_hashes(number).values())
        for ticket_id, number in numbers.items()
        if number
    }
    hashes = [one for of_number in older.values() for one in of_number]
    found = await tx.rows(KNOWN, bureau=tx.bureau, hashes=hashes)
    known = {bytes(row.phone_hash): row.hash_key_id for row in found}
    return [_adopted(row, older.get(row.ticket_id, ()), known) for row in rows]


def _adopted(row: CallerRow, older: Collection[bytes], known: Mapping[bytes, str]) -> CallerRow:
    for one in older:
        if one in known:
            return replace(row, phone_hash=one, hash_key_id=known[one])
    return row


async def renew_callers(tx: Tx, keyring: Keyring, *, limit: int = BATCH) -> int:
    """Seals and hashes a batch anew; answers how many there were."""
    seal, hashing = keyring.current["seal"].id, keyring.current["hash"].id
    rows = await tx.rows(STALE, bureau=tx.bureau, seal=seal, hash=hashing, limit=limit)
    sealed, ids = [], []
    hashes: dict[bytes, bytes] = {}
    for row in rows:
        context = f"caller:{tx.bureau}:{row.ticket_id}"
        plain = keyring.unseal(bytes(row.sealed), row.seal_key_id, context)
        number = Caller(**orjson.loads(plain)).number
        if row.seal_key_id != seal:
            ids.append(row.ticket_id)
            sealed.append(keyring.seal(plain, context)[0])
        if row.hash_key_id not in (None, hashing) and number:
            hashes[bytes(row.phone_hash)] = keyring.hash_number(number)[0]
    if ids:
        await tx.run(RESEAL, bureau=tx.bureau, ids=ids, sealed=sealed, seal=seal)
    if hashes:
        before, after = list(hashes), list(hashes.values())
        await tx.run(REHASH, bureau=tx.bureau, before=before, after=after, hash=hashing)
    return len(rows)


async def renew_secrets(tx: Tx, keyring: Keyring) -> int:
    """Those of platforms, subscriptions and accounts, all at once."""
    done = 0
    for form, (find, update) in SECRETS.items():
        rows = await tx.rows(find, bureau=tx.bureau, seal=keyring.current["seal"].id)
        for row in rows:
            await _renew_secret(tx, keyring, row, form=form, update=update)
        done += len(rows)
    return done


async def _renew_secret(
    tx: Tx, keyring: Keyring, row: Any, *, form: str, update: TextClause
) -> None:
    context = form.format(bureau=tx.bureau, owner=row.owner)
    plain = keyring.unseal(bytes(row.sealed), row.seal_key_id, context)
    sealed, seal = keyring.seal(plain, context)
    values = {"sealed": sealed, "seal": seal, "owner": row.owner, "secret_id": row.secret_id}
    await tx.run(update, bureau=tx.bureau, **values)


async def list_used_keys(tx: Tx) -> set[str]:
    """The ids of the keys that something in this bureau still needs."""
    return {row.id for row in await tx.rows(USED, bureau=tx.bureau) if row.id is not None}
