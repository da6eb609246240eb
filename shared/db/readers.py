"""Who reads the reports: a role of the database each, bound to a bureau or one unit's subtree.

The bureau follows from who has logged in, so nothing that a reader sets shows more. As the owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from shared.db.policies import APP_ROLE, BI_ROLE
from shared.errors import Invalid, NotFound

FIND_ROLE = text(
    "SELECT r.rolcanlogin, r.rolsuper OR r.rolbypassrls OR pg_has_role(r.oid, :app, 'MEMBER')"
    " OR pg_has_role(r.oid, current_user, 'MEMBER') AS is_too_strong"
    " FROM pg_roles AS r WHERE r.rolname = :role"
)
BUREAUS = text("SELECT bureau_id, slug FROM bureaus ORDER BY bureau_id")
FIND_UNIT = text("SELECT 1 AS found FROM units WHERE bureau_id = :bureau AND unit_id = :unit")
JOIN = text("SELECT format('GRANT %I TO %I', CAST(:bi AS text), CAST(:role AS text))")
LEAVE = text("SELECT format('REVOKE %I FROM %I', CAST(:bi AS text), CAST(:role AS text))")
WRITE = text(
    "INSERT INTO bi_readers (bureau_id, role_name, unit_id) VALUES (:bureau, :role, :unit)"
    " ON CONFLICT (role_name) DO UPDATE SET bureau_id = EXCLUDED.bureau_id,"
    " unit_id = EXCLUDED.unit_id, granted_at = EXCLUDED.granted_at"
)
DELETE = text("DELETE FROM bi_readers WHERE role_name = :role")
LIST = text(
    "SELECT r.role_name AS role, b.slug AS bureau, r.unit_id AS unit FROM bi_readers AS r"
    " JOIN bureaus AS b USING (bureau_id) ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class Reader:
    """`unit`: sees that and what is below it; None for the whole bureau."""

    role: str
    bureau: str
    unit: str | None


def grant_reader(
    connection: Connection, role: str, *, bureau: str | None = None, unit: str | None = None
) -> Reader:
    """A role that is there already; granted again, it reads what is said last."""
    found = connection.execute(FIND_ROLE, {"role": role, "app": APP_ROLE}).one_or_none()
    if found is None:
        raise NotFound(f"数据库中没有用户 {role}，请先由管理员建立：CREATE ROLE … LOGIN")
    if found.is_too_strong or not found.rolcanlogin:
        raise Invalid(f"{role} 不能作报表用户：须能登录，且不是超级用户、所有者或服务的角色")
    number, slug = _find_bureau(connection, bureau)
    if (
        unit is not None
        and not connection.execute(FIND_UNIT, {"bureau": number, "unit": unit}).all()
    ):
        raise NotFound(f"没有代号为 {unit} 的单位")
    join = connection.execute(JOIN, {"bi": BI_ROLE, "role": role}).scalar_one()
    connection.exec_driver_sql(join)
    connection.execute(WRITE, {"bureau": number, "role": role, "unit": unit})
    return Reader(role, slug, unit)


def revoke_reader(connection: Connection, role: str) -> None:
    if connection.execute(DELETE, {"role": role}).rowcount == 0:
        raise NotFound(f"{role} 不是报表用户")
    leave = connection.execute(LEAVE, {"bi": BI_ROLE, "role": role}).scalar_one()
    connection.exec_driver_sql(leave)


def list_readers(connection: Connection) -> Sequence[Reader]:
    return [Reader(row.role, row.bureau, row.unit) for row in connection.execute(LIST)]


def _find_bureau(connection: Connection, slug: str | None) -> tuple[int, str]:
    known = {row.slug: int(row.bureau_id) for row in connection.execute(BUREAUS)}
    if slug is None and len(known) == 1:
        slug = next(iter(known))
    if slug is None or slug not in known:
        raise NotFound(f"请用 --bureau 指明局；现有：{'、'.join(known) or '没有'}")
    return known[slug], slug
