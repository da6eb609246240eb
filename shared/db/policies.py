"""Row-level security: whose rows the services' role and the readers of reports may touch at all.

The code has its own scope; these policies stand under it. `minhu.bureau_id` names the bureau of a
transaction, `minhu.unit_id` the unit it is done for, nothing for the whole bureau; both are local
to the transaction. Unset means no rows. Laid by `migrate` after every upgrade, on every table that
has a bureau, so that a new one cannot come without.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, text

APP_ROLE = "minhu_app"
BI_ROLE = "minhu_bi"

BUREAU = "bureau_id = (SELECT minhu_bureau())"
WHOLE = "(SELECT minhu_unit()) IS NULL"
OWN_TICKET = f"{WHOLE} OR minhu_sees(ticket_id)"
OWN_MATTER = f"{WHOLE} OR minhu_sees_matter(matter)"
OWN_CALLS = f"{WHOLE} OR minhu_hears(subscriber)"
SUBTREE = "(SELECT minhu_subtree())"
OWN_ROUNDS = f"{SUBTREE} IS NULL OR unit = ANY({SUBTREE}::text[])"
# Where it is or was lead or assist, and is not what is complained of (rulings 19, 30).
LED = (
    f"{WHOLE} OR (EXISTS (SELECT FROM ticket_units AS u WHERE"  # noqa: S608 - constants only
    " u.bureau_id = tickets.bureau_id"
    " AND u.unit_id = (SELECT minhu_unit()) AND u.ticket_id = tickets.ticket_id)"
    " AND object_unit IS DISTINCT FROM (SELECT minhu_unit()))"
)
NOTHING = WHOLE


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of a table. `check`: of rows written, where it is not that of rows read."""

    name: str
    role: str
    using: str
    is_restrictive: bool = False
    command: str = "ALL"
    check: str | None = None

    def statements(self, table: str) -> Iterator[str]:
        kind = "RESTRICTIVE" if self.is_restrictive else "PERMISSIVE"
        check = f" WITH CHECK ({self.check})" if self.check is not None else ""
        yield f"DROP POLICY IF EXISTS {self.name} ON {table}"
        yield (
            f"CREATE POLICY {self.name} ON {table} AS {kind} FOR {self.command} TO {self.role}"
            f" USING ({self.using}){check}"
        )


@dataclass(frozen=True, slots=True)
class Wall:
    """What a unit's transaction finds of a table's rows, and what it may write."""

    using: str
    check: str | None = None


# What belongs to no bureau, and why that is no leak: nothing of a citizen's or a unit's is in it.
NO_BUREAU: Mapping[str, str] = MappingProxyType(
    {
        "alembic_version": "the revision of the schema",
        "sandbox_clock": "one clock for all processes, in the sandbox only",
        "transaction_bases": "numbers of the server",
        "workers": "processes and how they do; numbers of deliveries, nothing of their contents",
    }
)
UNIT_WALLS: Mapping[str, Wall] = MappingProxyType(
    {
        "tickets": Wall(LED),
        # It is what all else goes by: a unit cannot write itself into a ticket.
        "ticket_units": Wall(f"{WHOLE} OR unit_id = (SELECT minhu_unit())", check=OWN_TICKET),
        **dict.fromkeys(
            (
                *("awaited_roots", "callers", "clocks", "ticket_events", "ticket_places"),
                *("ticket_texts", "ticket_upstream_nos"),
            ),
            Wall(OWN_TICKET),
        ),
        **dict.fromkeys(("matter_events", "matter_texts", "matters"), Wall(OWN_MATTER)),
        # Told to others by what a unit does: written for anybody, read by oneself.
        "notices": Wall(
            f"{WHOLE} OR (addressee_kind = 'unit' AND addressee = (SELECT minhu_unit())"
            " AND (ticket_id IS NULL OR minhu_sees(ticket_id)))",
            check=f"{OWN_TICKET} OR ticket_id IS NULL",
        ),
        "deliveries": Wall(OWN_CALLS, check="true"),
        "callback_log": Wall(f"{WHOLE} OR (minhu_hears(subscriber) AND minhu_sees(ticket_id))"),
        "endpoints": Wall(OWN_CALLS),
        # Looks of its own, by which what it has revealed today is counted; never those of others.
        "audit_entries": Wall(f"{WHOLE} OR unit = (SELECT minhu_unit())", check="true"),
        "subscriptions": Wall(f"{WHOLE} OR unit_id = (SELECT minhu_unit())"),
        "subscription_secrets": Wall(f"{WHOLE} OR minhu_hears('subscription:' || subscription_id)"),
        **dict.fromkeys(("fact_versions", "facts", "frozen_states"), Wall(OWN_ROUNDS)),
        # Units are ranked among all their peers; what is counted by anything else is the bureau's.
        **dict.fromkeys(("frozen_sums", "sums"), Wall(f"{SUBTREE} IS NULL OR \"by\" = 'unit'")),
        **dict.fromkeys(
            (
                *("audit_cuts", "erasure_request_tickets", "erasure_requests", "erasures"),
                *("legal_hold_tickets", "legal_holds", "retention_runs"),
                *("accounts", "api_keys", "audit_heads", "audit_links", "audit_tickets"),
                *("bi_readers", "number_receipts", "raw_messages", "recovery_codes", "redrives"),
                *("reconciliation_case_events", "reconciliation_cases", "reconciliation_entries"),
                *("reconciliation_pulls", "reconciliation_requests", "reconciliations"),
                *("sessions", "sign_in_failures", "source_secrets", "sources"),
            ),
            Wall(NOTHING),
        ),
    }
)
# What all units of a bureau work by or are measured with, and why no wall stands between them.
SHARED_BY_UNITS: Mapping[str, str] = MappingProxyType(
    {
        "bureaus": "the bureau itself",
        "calendar_days": "the calendar",
        "calendars": "the calendar",
        "city_ranks": "ranks of the bureau as a whole, imported",
        "deductions": "contractors are ranked among their peers",
        "delivery_counts": "counts by receiver",
        "delivery_productions": "counts by receiver",
        "emergencies": "plans in force for everybody",
        "fact_progress": "how far counting has come",
        "freeze_manifests": "by what a month was frozen",
        "freezes": "which months are frozen",
        "idempotency_keys": "found by the caller's own key and a name it has chosen",
        "inspections": "contractors are ranked among their peers",
        "limits": "rules in force for everybody",
        "media_items": "contractors are ranked among their peers",
        "schemes": "rules in force for everybody",
        "units": "the organisation chart",
    }
)
READER = "bureau_id = (SELECT minhu_reader_bureau())"
READER_UNITS = "(SELECT minhu_reader_units())"
# What stands behind the views that reports read; of all else their role knows nothing.
READERS: Mapping[str, str] = MappingProxyType(
    {
        "city_ranks": READER,
        "fact_progress": READER,
        "facts": f"{READER} AND ({READER_UNITS} IS NULL OR unit = ANY({READER_UNITS}::text[]))",
        "units": READER,
    }
)
TABLES = text(
    "SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS is_on,"
    " array(SELECT p.polname || ' ' || coalesce(obj_description(p.oid, 'pg_policy'), '')"
    "  FROM pg_policy AS p WHERE p.polrelid = c.oid ORDER BY 1) AS policies"
    " FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace"
    " AND c.relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_attribute AS a"
    "  WHERE a.attrelid = c.oid AND a.attname = 'bureau_id' AND NOT a.attisdropped)"
    " ORDER BY c.relname"
)
CAN_BE = text("SELECT to_regprocedure('minhu_subtree()') IS NOT NULL")
OWNER = text("SELECT quote_ident(current_user)")


def policies_of(table: str, owner: str) -> list[Policy]:
    """Those that a table with a bureau must have, and no others."""
    found = [
        Policy("bureau", APP_ROLE, BUREAU),
        # Migrations, backfills, dumps: forced as everybody is, but with a policy of its own.
        Policy("owner", owner, "true"),
    ]
    wall = UNIT_WALLS.get(table)
    if wall is not None:
        found.append(Policy("unit", APP_ROLE, wall.using, is_restrictive=True, check=wall.check))
    if table in READERS:
        found.append(Policy("reader", BI_ROLE, READERS[table], command="SELECT"))
    return found


def lay_policies(connection: Connection) -> None:
    """As the owner. Each table by itself, and only what differs: nobody waits for what stands."""
    with connection.begin():
        if not connection.execute(CAN_BE).scalar_one():
            return
        owner = str(connection.execute(OWNER).scalar_one())
        tables = connection.execute(TABLES).all()
    for table in tables:
        wanted = policies_of(table.name, owner)
        if table.is_on and list(table.policies) == sorted(map(_marked, wanted)):
            continue
        with connection.begin():
            connection.exec_driver_sql("SET LOCAL lock_timeout = '4s'")
            for statement in _laying(table, wanted):
                connection.exec_driver_sql(statement)


def _laying(table: Any, wanted: list[Policy]) -> Iterator[str]:
    names = {policy.name for policy in wanted}
    for found in table.policies:
        name = found.partition(" ")[0]
        if name not in names:
            yield f'DROP POLICY "{name}" ON {table.name}'
    for policy in wanted:
        yield from policy.statements(table.name)
        _, _, mark = _marked(policy).partition(" ")
        yield f"COMMENT ON POLICY {policy.name} ON {table.name} IS '{mark}'"
    yield f"ALTER TABLE {table.name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"


def _marked(policy: Policy) -> str:
    """A policy's name and what its comment says: a digest, by which a change is noticed."""
    return f"{policy.name} {hashlib.sha256(repr(policy).encode()).hexdigest()[:16]}"
