"""Subscriptions of units' systems: where they hear us, and the secrets we sign with."""

import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from shared.db import Tx, Wider
from shared.identity.sources import GRACE, SECRET_BYTES, Sealing, show_secret

ID_BYTES = 9
NOTICED = (
    "WITH noticed AS (UPDATE bureaus SET config_version = config_version + 1"
    " WHERE bureau_id = :bureau)"
)
INSERT = text(
    f"{NOTICED} INSERT INTO subscriptions"  # noqa: S608 - constants only
    " (bureau_id, subscription_id, unit_id, url, types, created_by, created_at)"
    " VALUES (:bureau, :id, :unit, :url, CAST(:types AS text[]), :by, :now)"
)
END = text(
    f"{NOTICED} UPDATE subscriptions SET ended_at = :now"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND subscription_id = :id AND ended_at IS NULL"
)
# Nobody is left to hear of what is still owed.
FORGET = text(
    "WITH gone AS (DELETE FROM deliveries WHERE bureau_id = :bureau"
    " AND subscriber = :subscriber RETURNING 1)"
    " INSERT INTO delivery_counts (bureau_id, subscriber, slot, handled)"
    " SELECT :bureau, :subscriber, 0, count(*) FROM gone"
    " ON CONFLICT (bureau_id, subscriber, slot)"
    " DO UPDATE SET handled = delivery_counts.handled + EXCLUDED.handled"
)
CANCEL = text(
    "UPDATE callback_log SET state = 'cancelled', settled_at = :now WHERE bureau_id = :bureau"
    " AND subscriber = :subscriber AND settled_at IS NULL"
)
COLUMNS = "subscription_id, unit_id, url, types, created_by, created_at"
FIND = text(
    f"SELECT {COLUMNS} FROM subscriptions"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND subscription_id = :id AND ended_at IS NULL"
)
LOCK = text(f"{FIND.text} FOR UPDATE")
COUNT = text(
    "SELECT count(*) AS live FROM subscriptions WHERE bureau_id = :bureau"
    " AND unit_id IS NOT DISTINCT FROM CAST(:unit AS text) AND ended_at IS NULL"
)
RETIRE_SECRETS = text(
    "UPDATE subscription_secrets SET expires_at = clock_timestamp()"
    " + CASE WHEN expires_at IS NULL THEN CAST(:grace AS interval) ELSE interval '0' END"
    " WHERE bureau_id = :bureau AND subscription_id = :id"
    " AND (expires_at IS NULL OR expires_at > clock_timestamp())"
)
INSERT_SECRET = text(
    "INSERT INTO subscription_secrets (bureau_id, subscription_id, secret_id, sealed, seal_key_id)"
    " SELECT :bureau, :id, 1 + coalesce(max(secret_id), 0), :sealed, :seal_key"
    " FROM subscription_secrets WHERE bureau_id = :bureau AND subscription_id = :id"
)
LIVE_SECRETS = text(
    "SELECT sealed, seal_key_id FROM subscription_secrets"
    " WHERE bureau_id = :bureau AND subscription_id = :id"
    " AND (expires_at IS NULL OR expires_at > clock_timestamp()) ORDER BY secret_id DESC"
)


async def add_subscription(
    tx: Tx,
    *,
    unit: str | None,
    url: str,
    types: Collection[str],
    by: str,
    keyring: Sealing,
) -> tuple[str, str]:
    """Its id, and its signing secret, which is shown once."""
    subscription_id = secrets.token_urlsafe(ID_BYTES)
    await tx.run(
        INSERT,
        bureau=tx.bureau,
        id=subscription_id,
        unit=unit,
        url=url,
        types=sorted(types),
        by=by,
        now=tx.now,
    )
    return subscription_id, await _add_secret(tx, subscription_id, keyring)


async def rotate_subscription(
    tx: Tx, subscription_id: str, *, keyring: Sealing, grace: timedelta = GRACE
) -> str:
    """A new secret; the one before it signs beside it for `grace`."""
    await tx.run(RETIRE_SECRETS, bureau=tx.bureau, id=subscription_id, grace=grace)
    return await _add_secret(tx, subscription_id, keyring)


async def end_subscription(tx: Tx, subscription_id: str, *, subscriber: str) -> None:
    await tx.run(END, bureau=tx.bureau, id=subscription_id, now=tx.now)
    async with tx.widened(Wider.ENDING) as wide:
        await wide.run(CANCEL, bureau=tx.bureau, subscriber=subscriber, now=tx.now)
        await wide.run(FORGET, bureau=tx.bureau, subscriber=subscriber)


async def find_subscription(tx: Tx, subscription_id: str, *, lock: bool = False) -> Any | None:
    return await tx.row(LOCK if lock else FIND, bureau=tx.bureau, id=subscription_id)


async def count_subscriptions(tx: Tx, unit: str | None) -> int:
    row = await tx.row(COUNT, bureau=tx.bureau, unit=unit)
    return 0 if row is None else int(row.live)


async def live_secrets(tx: Tx, subscription_id: str, *, keyring: Sealing) -> Sequence[bytes]:
    """The newest first."""
    context = _context(tx.bureau, subscription_id)
    rows = await tx.rows(LIVE_SECRETS, bureau=tx.bureau, id=subscription_id)
    return [keyring.unseal(bytes(row.sealed), row.seal_key_id, context) for row in rows]


async def _add_secret(tx: Tx, subscription_id: str, keyring: Sealing) -> str:
    secret = secrets.token_bytes(SECRET_BYTES)
    sealed, seal_key = keyring.seal(secret, _context(tx.bureau, subscription_id))
    await tx.run(
        INSERT_SECRET, bureau=tx.bureau, id=subscription_id, sealed=sealed, seal_key=seal_key
    )
    return show_secret(secret)


def _context(bureau: int, subscription_id: str) -> str:
    return f"subscription:{bureau}:{subscription_id}"
