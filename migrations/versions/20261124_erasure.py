"""Erasure and retention: requests, tombstones, legal holds, and where the audit chain begins.

The log stays append-only but for one kind of change: of an entry whose ticket has its tombstone,
references to files and calls and the coordinates may give way to nothing. No other way leads there
than `minhu_redact`. A record of who saw what goes no sooner than after 183 days, and only where
the cut is written down; both are held here, whatever the services are made to do.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.online import create_index

revision = "a3d94c61b7f0"
down_revision = "d7f2a90c3e58"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
NOW = "coalesce((SELECT now_at FROM public.sandbox_clock), clock_timestamp())"
# What is left of an entry's data: every code, time and id that figures are made of. Values that
# a fold needs to be there become empty, so that folding goes on as before.
REDACTED = """
CREATE FUNCTION minhu_redacted(data jsonb, part text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE found jsonb := data; name text; inside text;
BEGIN
    FOREACH name IN ARRAY ARRAY['attachments', 'evidence'] LOOP
        IF jsonb_typeof(found->name) = 'array' THEN
            found := jsonb_set(found, ARRAY[name], (SELECT coalesce(jsonb_agg(
                CASE WHEN part = 'ticket' OR f->>'kind' = 'recording'
                THEN (f - 'sha256') || '{"url": ""}' ELSE f END ORDER BY n), '[]')
                FROM jsonb_array_elements(found->name) WITH ORDINALITY AS k(f, n)));
        END IF;
    END LOOP;
    IF found ? 'call_id' THEN found := found || '{"call_id": null}'; END IF;
    IF part = 'ticket' THEN
        FOREACH name IN ARRAY ARRAY['lng', 'lat'] LOOP
            IF found ? name THEN found := found || jsonb_build_object(name, NULL); END IF;
            FOREACH inside IN ARRAY ARRAY['changes', 'before'] LOOP
                IF found->inside ? name THEN
                    found := jsonb_set(found, ARRAY[inside, name], 'null');
                END IF;
            END LOOP;
        END LOOP;
    END IF;
    RETURN found;
END $$
"""
GUARD_LOG = """
CREATE FUNCTION minhu_refuse_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'data' = to_jsonb(OLD) - 'data' AND EXISTS (
            SELECT FROM public.erasures AS x WHERE x.bureau_id = OLD.bureau_id
            AND x.ticket_id = OLD.ticket_id AND NEW.data = public.minhu_redacted(OLD.data, x.part))
        THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
WITHOUT_REASON = """|| '{"reason": ""}'"""
OF_ERASED = (
    "SELECT FROM public.reconciliation_cases AS c JOIN public.ticket_upstream_nos AS u"
    " ON u.bureau_id = c.bureau_id AND u.source = c.source AND u.upstream_no = c.upstream_no"
    " JOIN public.erasures AS x ON x.bureau_id = u.bureau_id AND x.ticket_id = u.ticket_id"
    " AND x.part = 'ticket' WHERE"
)
GUARD_CASES = f"""
CREATE FUNCTION minhu_refuse_case_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'data' = to_jsonb(OLD) - 'data'
            AND NEW.data = OLD.data {WITHOUT_REASON} AND EXISTS ({OF_ERASED}
            c.bureau_id = OLD.bureau_id AND c.case_id = OLD.case_id)
        THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
REDACT = f"""
CREATE FUNCTION minhu_redact(ticket bigint, wanted text) RETURNS integer
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE own integer := public.minhu_bureau(); entries integer; cases integer := 0;
BEGIN
    IF public.minhu_unit() IS NOT NULL THEN
        RAISE EXCEPTION 'not for a unit' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE public.ticket_events AS e SET data = public.minhu_redacted(e.data, wanted)
        WHERE e.bureau_id = own AND e.ticket_id = ticket
        AND e.data <> public.minhu_redacted(e.data, wanted);
    GET DIAGNOSTICS entries = ROW_COUNT;
    IF wanted = 'ticket' THEN
        UPDATE public.reconciliation_case_events AS e SET data = e.data {WITHOUT_REASON}
            WHERE e.bureau_id = own AND e.data->>'reason' <> ''
            AND e.case_id IN (SELECT c.case_id FROM public.reconciliation_cases AS c
                JOIN public.ticket_upstream_nos AS u ON u.bureau_id = c.bureau_id
                AND u.source = c.source AND u.upstream_no = c.upstream_no
                WHERE u.bureau_id = own AND u.ticket_id = ticket);
        GET DIAGNOSTICS cases = ROW_COUNT;
    END IF;
    RETURN entries + cases;
END $$
"""
GUARD_ENTRIES = """
CREATE FUNCTION minhu_refuse_entry_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM public.audit_links AS l JOIN public.audit_cuts AS c
            ON c.bureau_id = l.bureau_id AND c.seq >= l.seq
            WHERE l.bureau_id = OLD.bureau_id AND l.entry = OLD.entry)
        THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
GUARD_LINKS = """
CREATE FUNCTION minhu_refuse_link_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM public.audit_cuts AS c
            WHERE c.bureau_id = OLD.bureau_id AND c.seq >= OLD.seq)
        THEN RETURN OLD; END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
GUARD_CUTS = f"""
CREATE FUNCTION minhu_refuse_early_cut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (SELECT max(greatest(e.at, e.recorded_at)) FROM public.audit_links AS l
            JOIN public.audit_entries AS e ON e.bureau_id = l.bureau_id AND e.entry = l.entry
            WHERE l.bureau_id = NEW.bureau_id AND l.seq <= NEW.seq)
            < {NOW} - interval '183 days'
        THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'records younger than 183 days stay'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
CUT = f"""
CREATE FUNCTION minhu_cut_audit(through bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE own integer := public.minhu_bureau();
BEGIN
    IF public.minhu_unit() IS NOT NULL THEN
        RAISE EXCEPTION 'not for a unit' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.audit_cuts (bureau_id, seq, digest, cut_at)
        SELECT own, l.seq, l.digest, {NOW} FROM public.audit_links AS l
        WHERE l.bureau_id = own AND l.seq = through
        ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$
"""
# An entry goes together with its link: one without the other would look like tampering. Its link
# goes last, since the guard of the entries looks for it.
SHED = f"""
CREATE FUNCTION minhu_shed_audit(most integer) RETURNS integer
LANGUAGE plpgsql VOLATILE {DEFINER} AS $$
DECLARE own integer := public.minhu_bureau(); seqs bigint[]; gone bigint[];
BEGIN
    IF public.minhu_unit() IS NOT NULL THEN
        RAISE EXCEPTION 'not for a unit' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT coalesce(array_agg(k.seq), '{{}}'), array_agg(k.entry) INTO seqs, gone FROM (
        SELECT l.seq, l.entry FROM public.audit_links AS l
        WHERE l.bureau_id = own AND l.seq <= (SELECT max(c.seq) FROM public.audit_cuts AS c
            WHERE c.bureau_id = own) ORDER BY l.seq LIMIT most) AS k;
    DELETE FROM public.audit_tickets AS t USING public.audit_entries AS e
        WHERE e.bureau_id = own AND e.entry = ANY(gone)
        AND t.bureau_id = own AND t.ticket_id = ANY(e.tickets) AND t.entry = e.entry;
    DELETE FROM public.audit_entries AS e WHERE e.bureau_id = own AND e.entry = ANY(gone);
    DELETE FROM public.audit_links AS l WHERE l.bureau_id = own AND l.seq = ANY(seqs);
    RETURN cardinality(seqs);
END $$
"""
FUNCTIONS = (REDACTED, GUARD_LOG, GUARD_CASES, REDACT, GUARD_ENTRIES, GUARD_LINKS, GUARD_CUTS, CUT)
NAMES = (
    *("minhu_shed_audit(integer)", "minhu_cut_audit(bigint)", "minhu_redact(bigint, text)"),
    *("minhu_refuse_early_cut()", "minhu_refuse_link_change()", "minhu_refuse_entry_change()"),
    *("minhu_refuse_case_change()", "minhu_refuse_log_change()", "minhu_redacted(jsonb, text)"),
)
GUARDED = NAMES[:3]
REPLACED = {
    "ticket_events": "minhu_refuse_log_change",
    "reconciliation_case_events": "minhu_refuse_case_change",
    "audit_entries": "minhu_refuse_entry_change",
    "audit_links": "minhu_refuse_link_change",
}
BEFORE = "minhu_refuse_change"
# Who, when and why stay as they were written; so do all rows.
FIXED = {
    "erasure_requests": "DELETE OR UPDATE",
    "erasure_request_tickets": "DELETE OR UPDATE",
    "erasures": "DELETE OR UPDATE OF bureau_id, ticket_id, part, erased_at, cause, actor_role,"
    " actor_name, reason, request_id",
    "legal_holds": "DELETE OR UPDATE OF bureau_id, hold_id, set_at, set_role, set_by, reason",
    "legal_hold_tickets": "DELETE OR UPDATE",
}
LIFTED_ONCE = """
CREATE TRIGGER tr_legal_holds_lifted_once BEFORE UPDATE ON legal_holds FOR EACH ROW
WHEN (OLD.lifted_at IS NOT NULL) EXECUTE FUNCTION minhu_refuse_change()
"""
KEPT = "ticket_id IS NOT NULL AND body IS NOT NULL"
UNATTACHED = (
    "ticket_id IS NULL AND body IS NOT NULL AND state IN ('quarantined', 'waiting', 'ignored')"
)


def guard(table: str, function: str) -> None:
    """The table's trigger with another function behind it; no moment goes by without one."""
    name = f"tr_{table}_append_only"
    op.execute(
        f"CREATE OR REPLACE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {function}()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def fix(table: str, commands: str, function: str = BEFORE) -> None:
    op.execute(
        f"CREATE TRIGGER tr_{table}_fixed BEFORE {commands} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {function}()"
    )
    op.execute(
        f"CREATE TRIGGER tr_{table}_no_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {BEFORE}()"
    )
    for name in (f"tr_{table}_fixed", f"tr_{table}_no_truncate"):
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def upgrade() -> None:
    _create_tables()
    op.add_column(
        "raw_messages",
        sa.Column("erased_at", sa.DateTime(timezone=True), comment="原文清除时间"),
    )
    for statement in (*FUNCTIONS, SHED):
        op.execute(statement)
    for function in GUARDED:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    for table, function in REPLACED.items():
        guard(table, function)
    for table, commands in FIXED.items():
        fix(table, commands)
    fix("audit_cuts", "INSERT OR DELETE OR UPDATE", "minhu_refuse_early_cut")
    op.execute(LIFTED_ONCE)
    create_index("ix_raw_messages_kept", "raw_messages", ["bureau_id", "ticket_id"], where=KEPT)
    create_index(
        "ix_raw_messages_unattached", "raw_messages", ["bureau_id", "arrival"], where=UNATTACHED
    )


def _create_tables() -> None:
    op.create_table(
        "erasure_requests",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "request_id",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="申请编号",
        ),
        sa.Column("cause", sa.Text(), nullable=False, comment="缘由：申请、恢复备份后重做"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, comment="申请时间"),
        sa.Column("actor_role", sa.Text(), nullable=False, comment="经办人角色"),
        sa.Column("actor_name", sa.Text(), nullable=False, comment="经办人"),
        sa.Column("reason", sa.Text(), nullable=False, comment="理由（已遮蔽）"),
        sa.CheckConstraint(
            "actor_role IN ('unit', 'desk', 'leader', 'bi', 'admin', 'source', 'system')",
            name=op.f("ck_erasure_requests_actor_role"),
        ),
        sa.CheckConstraint(
            "cause IN ('request', 'retention', 'restored')", name=op.f("ck_erasure_requests_cause")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "request_id", name=op.f("pk_erasure_requests")),
        comment="清除个人信息的申请（只增不改）",
    )
    op.create_table(
        "erasure_request_tickets",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column("part", sa.Text(), nullable=False, comment="哪一部分：录音、来电人、工单文字"),
        sa.Column(
            "request_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="申请编号"
        ),
        sa.CheckConstraint(
            "part IN ('recording', 'caller', 'ticket')",
            name=op.f("ck_erasure_request_tickets_part"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "request_id"],
            ["erasure_requests.bureau_id", "erasure_requests.request_id"],
            name=op.f("fk_erasure_request_tickets_bureau_id_request_id"),
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "ticket_id", "part", "request_id", name=op.f("pk_erasure_request_tickets")
        ),
        comment="申请所及的工单；尚在办理的，终结之后清除（只增不改）",
    )
    op.create_table(
        "erasures",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column("part", sa.Text(), nullable=False, comment="哪一部分：录音、来电人、工单文字"),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False, comment="首次清除时间"),
        sa.Column("cause", sa.Text(), nullable=False, comment="缘由：申请、到期、恢复备份后重做"),
        sa.Column("actor_role", sa.Text(), nullable=False, comment="经办人角色"),
        sa.Column("actor_name", sa.Text(), nullable=False, comment="经办人"),
        sa.Column("reason", sa.Text(), nullable=False, comment="理由，或所依的期限"),
        sa.Column("request_id", sa.BigInteger(), nullable=True, comment="申请编号；到期的为空"),
        sa.Column(
            "fields", postgresql.JSONB(), nullable=False, comment="历次共清除了什么：类别与件数"
        ),
        sa.Column("through_seq", sa.Integer(), nullable=False, comment="已清除到的事件序号"),
        sa.Column("latest_at", sa.DateTime(timezone=True), nullable=False, comment="最近清除时间"),
        sa.CheckConstraint(
            "actor_role IN ('unit', 'desk', 'leader', 'bi', 'admin', 'source', 'system')",
            name=op.f("ck_erasures_actor_role"),
        ),
        sa.CheckConstraint(
            "cause IN ('request', 'retention', 'restored')", name=op.f("ck_erasures_cause")
        ),
        sa.CheckConstraint(
            "part IN ('recording', 'caller', 'ticket')", name=op.f("ck_erasures_part")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "ticket_id", "part", name=op.f("pk_erasures")),
        comment="清除的标记：谁、何时、为何、清除了什么（只有最近一次的进度可改）",
    )
    op.create_table(
        "legal_holds",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "hold_id", sa.BigInteger(), sa.Identity(always=True), nullable=False, comment="保全编号"
        ),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False, comment="设立时间"),
        sa.Column("set_role", sa.Text(), nullable=False, comment="设立人角色"),
        sa.Column("set_by", sa.Text(), nullable=False, comment="设立人"),
        sa.Column("reason", sa.Text(), nullable=False, comment="理由"),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True, comment="解除时间"),
        sa.Column("lifted_by", sa.Text(), nullable=True, comment="解除人"),
        sa.Column("lift_reason", sa.Text(), nullable=True, comment="解除的理由"),
        sa.CheckConstraint(
            "set_role IN ('unit', 'desk', 'leader', 'bi', 'admin', 'source', 'system')",
            name=op.f("ck_legal_holds_set_role"),
        ),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)"
            " AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name=op.f("ck_legal_holds_lifted_whole"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "hold_id", name=op.f("pk_legal_holds")),
        comment="证据保全：其间不得清除（解除一次，此外只增不改）",
    )
    op.create_table(
        "legal_hold_tickets",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "ticket_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="工单内部编号",
        ),
        sa.Column(
            "hold_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="保全编号"
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "hold_id"],
            ["legal_holds.bureau_id", "legal_holds.hold_id"],
            name=op.f("fk_legal_hold_tickets_bureau_id_hold_id"),
        ),
        sa.PrimaryKeyConstraint(
            "bureau_id", "ticket_id", "hold_id", name=op.f("pk_legal_hold_tickets")
        ),
        comment="证据保全所及的工单（只增不改）",
    )
    op.create_index(
        "ix_legal_hold_tickets_hold", "legal_hold_tickets", ["bureau_id", "hold_id"], unique=False
    )
    op.create_table(
        "retention_runs",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column("day", sa.Date(), nullable=False, comment="上海日期"),
        sa.Column("after", sa.BigInteger(), nullable=False, comment="已看到的工单；中断后由此续做"),
        sa.Column(
            "tickets",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="清除的工单数",
        ),
        sa.Column(
            "left_out",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="出错而略过的",
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, comment="开始时间"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True, comment="做完时间"),
        sa.PrimaryKeyConstraint("bureau_id", "day", name=op.f("pk_retention_runs")),
        comment="每日清除到期数据的进度",
    )
    op.create_table(
        "audit_cuts",
        sa.Column("bureau_id", sa.Integer(), autoincrement=False, nullable=False, comment="局编号"),
        sa.Column(
            "seq", sa.BigInteger(), autoincrement=False, nullable=False, comment="截到第几环（含）"
        ),
        sa.Column(
            "digest", sa.LargeBinary(), nullable=False, comment="该环的摘要，与库外的锚点相同"
        ),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=False, comment="截去的时间"),
        sa.PrimaryKeyConstraint("bureau_id", "seq", name=op.f("pk_audit_cuts")),
        comment="查阅记录的链从何处起留存（只增不改）",
    )


def downgrade() -> None:
    op.drop_index("ix_raw_messages_unattached", "raw_messages")
    op.drop_index("ix_raw_messages_kept", "raw_messages")
    op.drop_column("raw_messages", "erased_at")
    for table in REPLACED:
        guard(table, BEFORE)
    for table in (
        *("audit_cuts", "retention_runs", "legal_hold_tickets", "legal_holds"),
        *("erasures", "erasure_request_tickets", "erasure_requests"),
    ):
        op.drop_table(table)
    for function in NAMES:
        op.execute(f"DROP FUNCTION {function}")
