"""A unit's ticket is looked up once a transaction, not once for every row that belongs to it.

What was found is noted in a setting local to the transaction, beside the one that names the unit:
whoever could forge the note could as well name another unit.
"""

from collections.abc import Sequence

from alembic import op

revision = "6b0f2d94c1e8"
down_revision = "3e81c5d7a09f"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Not parallel any more: a setting cannot be made in a parallel plan. Dear, so that the planner asks
# of the rows it looks for alone, by their index, and not of whole tables while they are small.
SEES = """
CREATE OR REPLACE FUNCTION minhu_sees(ticket bigint) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 1000 AS $$
DECLARE
    mark text := concat(current_setting('minhu.bureau_id', true), ':',
        current_setting('minhu.unit_id', true), ':', ticket);
BEGIN
    IF current_setting('minhu.seen', true) = mark THEN
        RETURN true;
    END IF;
    IF EXISTS (SELECT FROM public.tickets AS t
        WHERE t.bureau_id = public.minhu_bureau() AND t.ticket_id = ticket) THEN
        PERFORM set_config('minhu.seen', mark, true);
        RETURN true;
    END IF;
    RETURN false;
END $$
"""
SEES_EACH_TIME = """
CREATE OR REPLACE FUNCTION minhu_sees(ticket bigint) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100 AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.tickets AS t
        WHERE t.bureau_id = public.minhu_bureau() AND t.ticket_id = ticket);
END $$
"""


def upgrade() -> None:
    op.execute(SEES)


def downgrade() -> None:
    op.execute(SEES_EACH_TIME)
