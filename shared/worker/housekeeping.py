"""What is thrown away in time: stored answers after seven days (ruling 33)."""

from sqlalchemy import text

from shared.db import Tx

OLD_ANSWERS = text(
    "DELETE FROM idempotency_keys WHERE bureau_id = :bureau"
    " AND created_at < clock_timestamp() - interval '7 days'"
)


async def keep_house(tx: Tx) -> None:
    await tx.run(OLD_ANSWERS, bureau=tx.bureau)
