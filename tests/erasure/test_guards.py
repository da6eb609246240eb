"""What stands under the code: rights, row policies, triggers. And whose tickets are touched."""

from collections.abc import Iterable

import asyncpg
import pytest

from shared.db import Scope
from shared.tickets import Hotline
from tests.conftest import BUREAU
from tests.erasure.conftest import Erase
from tests.erasure.ended import CALLER, CLEAN, WHOLE, end_ticket, left_of
from tests.isolation.conftest import Bureau, app, owner, putuo

__all__ = ["app", "owner", "putuo"]
REDACTED = "minhu_redacted(data, 'ticket')"
BY_APP = (
    "UPDATE ticket_events SET data = '{}'",
    "DELETE FROM erasures",
    "UPDATE erasures SET actor_name = 'x'",
    "UPDATE erasures SET erased_at = now()",
    "UPDATE erasure_requests SET reason = 'x'",
    "DELETE FROM erasure_request_tickets",
    "DELETE FROM legal_hold_tickets",
    "UPDATE legal_holds SET reason = 'x'",
    "UPDATE legal_holds SET lifted_at = NULL, lifted_by = NULL, lift_reason = NULL",
    "DELETE FROM audit_entries",
    "DELETE FROM audit_links",
    "INSERT INTO audit_cuts VALUES (1, 1, 'x', now())",
    "DELETE FROM callers",
    "DELETE FROM ticket_texts",
    "SELECT minhu_cut_audit(1)",
)
BY_OWNER = (
    "UPDATE ticket_events SET data = '{}'",
    "UPDATE reconciliation_case_events SET data = '{}'",
    "DELETE FROM erasures",
    "UPDATE erasures SET reason = 'x'",
    "DELETE FROM legal_holds",
    "UPDATE legal_holds SET lifted_at = NULL, lifted_by = NULL, lift_reason = NULL",
    "DELETE FROM audit_entries",
    "DELETE FROM audit_links",
    "INSERT INTO audit_cuts VALUES (1, 1, 'x', now())",
    "TRUNCATE erasures",
)
REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)


@pytest.fixture
async def story(hotline: Hotline, erase: Erase, inside: asyncpg.Connection) -> str:
    """One erased, one whole (answered), one held and lifted; something in the record of looks."""
    await erase(await end_ticket(hotline))
    whole = await end_ticket(hotline)
    await inside.execute(
        "INSERT INTO legal_holds (bureau_id, set_at, set_role, set_by, reason, lifted_at,"
        " lifted_by, lift_reason) VALUES (1, now(), 'admin', 'x', 'x', now(), 'x', 'x')"
    )
    await inside.execute("INSERT INTO legal_hold_tickets VALUES (1, 1, 1)")
    await inside.execute("INSERT INTO audit_links SELECT 1, entry, entry, 'x' FROM audit_entries")
    return whole


async def allowed(
    connection: asyncpg.Connection, statements: Iterable[str], *, unit: str = ""
) -> list[str]:
    """Those that were not refused; each is undone."""
    found = []
    for statement in statements:
        outer = connection.transaction()
        await outer.start()
        await connection.execute("SELECT set_config('minhu.bureau_id', '1', true)")
        await connection.execute("SELECT set_config('minhu.unit_id', $1, true)", unit)
        try:
            await connection.execute(statement)
            found.append(statement)
        except REFUSED:
            pass
        finally:
            await outer.rollback()
    return found


async def test_the_role_of_the_services_cannot(story: str, app: asyncpg.Connection) -> None:
    assert await allowed(app, BY_APP) == []


async def test_even_the_owner_cannot(
    story: str, owner: asyncpg.Connection, inside: asyncpg.Connection
) -> None:
    await inside.execute(
        "INSERT INTO reconciliation_case_events (bureau_id, case_id, seq, type, at, actor_role,"
        " actor_name, data) VALUES (1, gen_random_uuid(), 1, 'accepted', now(), 'desk', 'x',"
        ' \'{"reason": "x"}\')'
    )
    number = int(story.partition("-")[2])
    redacting = f"UPDATE ticket_events SET data = {REDACTED} WHERE ticket_id = {number}"

    assert await allowed(owner, (*BY_OWNER, redacting)) == []


async def test_a_unit_can_redact_and_cut_nothing_and_reads_of_none(
    story: str, app: asyncpg.Connection, hotline: Hotline
) -> None:
    calls = ("minhu_redact(1, 'ticket')", "minhu_cut_audit(1)", "minhu_shed_audit(1)")
    unit = "greening-section"

    assert await allowed(app, [f"SELECT {call}" for call in calls], unit=unit) == []
    async with hotline.database.transaction(Scope(BUREAU, unit)) as tx:
        for table in ("erasures", "erasure_requests", "legal_holds", "legal_hold_tickets"):
            found = await tx.connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
            assert found.scalar_one() == 0, table


async def test_another_bureau_s_tickets_of_the_same_caller_stay(
    hotline: Hotline, erase: Erase, inside: asyncpg.Connection, putuo: Bureau
) -> None:
    ours = await end_ticket(hotline)
    theirs = await end_ticket(hotline, bureau=putuo.number)
    told = await erase(phone=CALLER.phone)
    before = await left_of(inside, ours, theirs)
    other = await erase(phone=CALLER.phone, bureau=putuo.number)

    assert [one.no for one in told.outcomes] == [ours]
    assert [one.no for one in other.outcomes] == [theirs]
    assert before == [CLEAN, WHOLE]
    assert await left_of(inside, theirs) == [CLEAN]


async def test_one_bureau_cannot_redact_the_other_s_log(
    hotline: Hotline, inside: asyncpg.Connection, app: asyncpg.Connection, putuo: Bureau
) -> None:
    theirs = await end_ticket(hotline, bureau=putuo.number)
    number = int(theirs.partition("-")[2])
    async with app.transaction():
        await app.execute("SELECT set_config('minhu.bureau_id', '1', true)")
        assert await app.fetchval(f"SELECT minhu_redact({number}, 'ticket')") == 0

    assert await left_of(inside, theirs) == [WHOLE]
