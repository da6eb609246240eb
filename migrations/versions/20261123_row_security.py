"""What the row policies stand on: whose rows a transaction is about, and who reads the reports.

The policies themselves are laid by `shared.db.policies` after every migration, as the grants are,
so that no table can come without them.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "d7f2a90c3e58"
down_revision = "8d15f3a6c204"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Bodies that are parsed here and now name what they mean, whatever the caller's search path.
SETTINGS = (
    "CREATE FUNCTION minhu_bureau() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE"
    " RETURN nullif(current_setting('minhu.bureau_id', true), '')::integer",
    "CREATE FUNCTION minhu_unit() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE"
    " RETURN nullif(current_setting('minhu.unit_id', true), '')",
)
# Each under the policies of whoever asks. In PL/pgSQL the plan is kept for the session, and the
# statements they are part of are planned without looking into them.
QUESTIONS = (
    """
CREATE FUNCTION minhu_sees(ticket bigint) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$ BEGIN
    RETURN EXISTS (SELECT FROM public.tickets AS t
        WHERE t.bureau_id = public.minhu_bureau() AND t.ticket_id = ticket);
END $$
""",
    """
CREATE FUNCTION minhu_sees_matter(wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN
    RETURN EXISTS (SELECT FROM public.tickets AS t
        WHERE t.bureau_id = public.minhu_bureau() AND t.matter = wanted);
END $$
""",
    """
CREATE FUNCTION minhu_hears(subscriber text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$ BEGIN
    RETURN EXISTS (SELECT FROM public.subscriptions AS s
        WHERE s.bureau_id = public.minhu_bureau() AND subscriber LIKE 'subscription:%'
        AND s.subscription_id = substr(subscriber, 14));
END $$
""",
    """
CREATE FUNCTION minhu_units_below(bureau integer, top text) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE parent text; listed text[];
BEGIN
    IF top IS NULL THEN RETURN NULL; END IF;
    SELECT u.parent_id INTO parent FROM public.units AS u
        WHERE u.bureau_id = bureau AND u.unit_id = top;
    IF FOUND AND parent IS NULL THEN RETURN NULL; END IF;
    WITH RECURSIVE below(unit_id) AS (
        SELECT top UNION SELECT u.unit_id FROM public.units AS u
        JOIN below AS b ON u.bureau_id = bureau AND u.parent_id = b.unit_id
    ) SELECT array_agg(b.unit_id) INTO listed FROM below AS b;
    RETURN listed;
END $$
""",
    """
CREATE FUNCTION minhu_subtree() RETURNS text[] LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$ BEGIN
    RETURN public.minhu_units_below(public.minhu_bureau(), public.minhu_unit());
END $$
""",
)
# As the owner, and so past the policies: each answers one narrow question. Nobody may call them
# but who is granted it by name.
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
EXCEPTIONS = (
    f"CREATE FUNCTION minhu_bureaus() RETURNS TABLE"
    " (bureau_id integer, slug text, config_version bigint)"
    f" LANGUAGE sql STABLE {DEFINER} AS $$"
    " SELECT b.bureau_id, b.slug, b.config_version FROM public.bureaus AS b ORDER BY 1 $$",
    f"CREATE FUNCTION minhu_key(wanted text) RETURNS SETOF api_keys LANGUAGE sql STABLE {DEFINER}"
    " AS $$ SELECT k.* FROM public.api_keys AS k WHERE k.key_id = wanted $$",
    "CREATE FUNCTION minhu_session(wanted text) RETURNS SETOF sessions LANGUAGE sql STABLE"
    f" {DEFINER} AS $$ SELECT s.* FROM public.sessions AS s WHERE s.session_id = wanted $$",
    "CREATE FUNCTION minhu_source_secrets() RETURNS SETOF source_secrets"
    f" LANGUAGE sql STABLE {DEFINER} AS $$ SELECT s.* FROM public.source_secrets AS s"
    " WHERE s.expires_at IS NULL OR s.expires_at > clock_timestamp() $$",
    "CREATE FUNCTION minhu_source_bureau(wanted text) RETURNS integer LANGUAGE sql STABLE"
    f" {DEFINER} AS $$ SELECT s.bureau_id FROM public.sources AS s WHERE s.source = wanted $$",
    # Operators on arrays may tell of what they compare, so under a policy no index helps them.
    "CREATE FUNCTION minhu_tickets_with(words text) RETURNS SETOF bigint"
    f" LANGUAGE plpgsql STABLE {DEFINER} ROWS 100 AS $$ BEGIN RETURN QUERY"
    " SELECT DISTINCT x.ticket_id FROM public.ticket_texts AS x"
    " WHERE x.bureau_id = public.minhu_bureau() AND x.field IN ('title', 'content', 'address')"
    " AND public.minhu_bigrams(x.body) @> public.minhu_bigrams(words)"
    " AND strpos(lower(x.body), lower(words)) > 0; END $$",
    "CREATE FUNCTION minhu_versions_known(months integer[], at timestamptz)"
    f" RETURNS SETOF fact_versions LANGUAGE plpgsql STABLE {DEFINER} ROWS 10000"
    " AS $$ DECLARE units text[] := public.minhu_subtree(); BEGIN RETURN QUERY"
    " SELECT v.* FROM public.fact_versions AS v WHERE v.bureau_id = public.minhu_bureau()"
    " AND v.months && minhu_versions_known.months"
    " AND v.known_from <= at AND v.known_to > at"
    " AND (units IS NULL OR v.unit = ANY(units)); END $$",
    # Whoever logged in cannot change that by any SET.
    "CREATE FUNCTION minhu_reader_bureau() RETURNS integer LANGUAGE plpgsql STABLE"
    f" {DEFINER} AS $$ BEGIN RETURN (SELECT r.bureau_id FROM public.bi_readers AS r"
    " WHERE r.role_name = session_user); END $$",
    "CREATE FUNCTION minhu_reader_units() RETURNS text[] LANGUAGE plpgsql STABLE"
    f" {DEFINER} AS $$ BEGIN RETURN (SELECT public.minhu_units_below(r.bureau_id, r.unit_id)"
    " FROM public.bi_readers AS r WHERE r.role_name = session_user); END $$",
)
# Asked of every row that a unit reads: not to be dug out of the fold each time.
KEEP_OBJECTS = (
    "UPDATE tickets SET object_unit = fold->>'object_unit' WHERE fold->>'object_unit' IS NOT NULL"
)
VIEWED = (
    "CREATE FUNCTION minhu_viewed_bureau() RETURNS integer LANGUAGE sql STABLE"
    " RETURN coalesce(minhu_reader_bureau(), minhu_bureau())"
)
FUNCTIONS = (
    *("minhu_viewed_bureau()", "minhu_reader_units()", "minhu_reader_bureau()"),
    *("minhu_versions_known(integer[], timestamptz)", "minhu_tickets_with(text)"),
    *("minhu_source_bureau(text)", "minhu_source_secrets()", "minhu_key(text)", "minhu_bureaus()"),
    "minhu_session(text)",
    *("minhu_subtree()", "minhu_units_below(integer, text)", "minhu_hears(text)"),
    *("minhu_sees_matter(text)", "minhu_sees(bigint)", "minhu_unit()", "minhu_bureau()"),
)
GUARDED = FUNCTIONS[1:10]
VIEWS = ("facts", "facts_plain", "units", "city_ranks")
BY_SETTING = "(NULLIF(current_setting('minhu.bureau_id'::text, true), ''::text))::integer"
BY_READER = "(SELECT public.minhu_viewed_bureau())"
AS_WRITTEN_BACK = "( SELECT minhu_viewed_bureau() AS minhu_viewed_bureau)"
WALLED = sa.text(
    "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    " AND relkind IN ('r', 'p') AND (relrowsecurity OR relforcerowsecurity)"
)
POLICIES = sa.text(
    "SELECT polname, polrelid::regclass::text AS name FROM pg_policy"
    " JOIN pg_class AS c ON c.oid = polrelid WHERE c.relnamespace = 'public'::regnamespace"
)


def upgrade() -> None:
    op.create_table(
        "bi_readers",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("role_name", sa.Text(), nullable=False, comment="报表工具登录数据库的用户"),
        sa.Column("unit_id", sa.Text(), nullable=True, comment="只看这个单位及其下级；空为全局"),
        sa.Column(
            "granted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
            comment="授权时间",
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id"], ["bureaus.bureau_id"], name=op.f("fk_bi_readers_bureau_id")
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "unit_id"],
            ["units.bureau_id", "units.unit_id"],
            name=op.f("fk_bi_readers_bureau_id_unit_id"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "role_name", name=op.f("pk_bi_readers")),
        sa.UniqueConstraint("role_name", name=op.f("uq_bi_readers_role_name")),
        comment="报表用户各读哪个局、哪些单位",
    )
    op.add_column(
        "tickets",
        sa.Column("object_unit", sa.Text(), comment="被举报单位，看不到本工单"),
    )
    for statement in (KEEP_OBJECTS, *SETTINGS, *QUESTIONS, *EXCEPTIONS, VIEWED):
        op.execute(statement)
    for function in GUARDED:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    rewrite(BY_SETTING, BY_READER, invoker=True)


def rewrite(before: str, after: str, *, invoker: bool) -> None:
    """The views with another answer to whose rows they show; all else stays."""
    connection = op.get_bind()
    for view in (*VIEWS, "scores"):
        body = connection.execute(
            sa.text("SELECT pg_get_viewdef(to_regclass(:view))"), {"view": f"bi_v1.{view}"}
        ).scalar_one()
        assert view == "scores" or before in body, view
        options = f"security_barrier = true, security_invoker = {str(invoker).lower()}"
        changed = body.replace(before, after)
        connection.exec_driver_sql(
            f"CREATE OR REPLACE VIEW bi_v1.{view} WITH ({options}) AS {changed}"
        )


def downgrade() -> None:
    connection = op.get_bind()
    for policy in connection.execute(POLICIES).all():
        op.execute(f'DROP POLICY "{policy.polname}" ON {policy.name}')
    for table in connection.execute(WALLED).scalars().all():
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    rewrite(AS_WRITTEN_BACK, BY_SETTING, invoker=False)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.drop_column("tickets", "object_unit")
    op.drop_table("bi_readers")
