"""Reconciliation (对账): lists that could not be had, requests not taken, differences left open."""

from typing import Any

from sqlalchemy import text

from services.cli.checks.finding import Finding, good, watch
from services.cli.installation import SET_BUREAU
from shared.tickets import Hotline

BUREAUS = text("SELECT bureau_id, slug FROM minhu_bureaus()")
# A night that failed is of no more concern once a later one has had the same day's list.
LOOK = text(
    "SELECT (SELECT count(*) FROM reconciliation_cases"
    " WHERE bureau_id = :bureau AND state = 'open') AS open,"
    " (SELECT array_agg(p.source || ' ' || p.day || ' ' || p.last_error ORDER BY p.day DESC)"
    " FROM reconciliation_pulls AS p WHERE p.bureau_id = :bureau AND p.failed_at IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM reconciliations AS r WHERE r.bureau_id = p.bureau_id"
    " AND r.source = p.source AND r.day = p.day AND r.taken_at >= p.failed_at)) AS failed,"
    " (SELECT count(*) FROM reconciliation_requests AS q JOIN reconciliation_cases AS c"
    " USING (bureau_id, case_id) WHERE q.bureau_id = :bureau AND q.failed_at IS NOT NULL"
    " AND q.number = c.requests AND c.state = 'open') AS refused"
)
MOST_NAMED = 3


async def check_reconciliation(hotline: Hotline) -> list[Finding]:
    findings = []
    async with hotline.database.unscoped() as connection:
        bureaus = (await connection.execute(BUREAUS)).all()
    for bureau in bureaus:
        async with hotline.database.unscoped() as connection:
            await connection.execute(SET_BUREAU, {"bureau": str(bureau.bureau_id)})
            row = (await connection.execute(LOOK, {"bureau": bureau.bureau_id})).one()
        findings.append(judge_reconciliation(bureau.slug, row))
    return findings


def judge_reconciliation(slug: str, row: Any) -> Finding:
    subject = f"{slug} 的对账"
    told = f"未了的差异 {row.open}"
    if row.failed:
        named = "；".join(row.failed[:MOST_NAMED])
        return watch(
            subject,
            f"{told}，取不到的名单 {len(row.failed)}（{named}）",
            "请与平台核对名单地址（minhu sources list），或请平台自行送来",
        )
    if row.refused:
        return watch(
            subject,
            f"{told}，平台未接受的重推请求 {row.refused}",
            "请与平台核对重推地址，再对该差异 request 一次",
        )
    return good(subject, told)
