"""Reading subscriptions with how their endpoints fare."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from shared.db import Tx
from shared.models.messages import OUTSIDE

SELECT = (
    "SELECT s.subscription_id, s.unit_id, s.url, s.types, s.created_by, s.created_at,"  # noqa: S608 - constants only
    " p.failing_since, p.disabled_at, p.disabled_because,"
    " (SELECT count(*) FROM deliveries WHERE bureau_id = s.bureau_id"
    f"  AND subscriber = 'subscription:' || s.subscription_id AND {OUTSIDE}"
    "  AND parked_at IS NULL) AS waiting,"
    " (SELECT count(*) FROM deliveries WHERE bureau_id = s.bureau_id"
    "  AND subscriber = 'subscription:' || s.subscription_id"
    "  AND parked_at IS NOT NULL) AS parked"
    " FROM subscriptions AS s LEFT JOIN endpoints AS p ON p.bureau_id = s.bureau_id"
    " AND p.subscriber = 'subscription:' || s.subscription_id"
    " WHERE s.bureau_id = :bureau AND s.ended_at IS NULL"
)
VISIBLE = " AND (CAST(:unit AS text) IS NULL OR s.unit_id = CAST(:unit AS text))"
FIND = text(f"{SELECT}{VISIBLE} AND s.subscription_id = :id")
KNOWN = text(
    "SELECT 1 AS known FROM subscriptions AS s WHERE s.bureau_id = :bureau"  # noqa: S608
    f" AND s.subscription_id = :id{VISIBLE}"
)
LIST = text(
    f"{SELECT}{VISIBLE} AND (CAST(:after AS text) IS NULL OR s.subscription_id > :after)"
    " ORDER BY s.subscription_id LIMIT :limit"
)


async def find_view(tx: Tx, subscription_id: str, *, unit: str | None) -> Any | None:
    """`unit`: whose it must be; None may see them all."""
    return await tx.row(FIND, bureau=tx.bureau, unit=unit, id=subscription_id)


async def is_known(tx: Tx, subscription_id: str, *, unit: str | None) -> bool:
    """Whether there is or was one that the unit may see."""
    return await tx.row(KNOWN, bureau=tx.bureau, unit=unit, id=subscription_id) is not None


async def list_views(tx: Tx, *, unit: str | None, after: str | None, limit: int) -> Sequence[Any]:
    return await tx.rows(LIST, bureau=tx.bureau, unit=unit, after=after, limit=limit)
