"""How long a unit may appeal (申诉), and who led each round of the tickets still being counted."""

from alembic import op

revision = "b92d6e0f4a17"
down_revision = "c0f4d7a913b6"

COMPLETE_REGISTERS = """
INSERT INTO limits (bureau_id, version, name, value, valid_from, valid_to)
SELECT bureau_id, version, 'appeal.window', '3wd', valid_from, valid_to FROM limits
WHERE name = 'unit_return.window' ON CONFLICT DO NOTHING
"""
NEW_CONFIG = "UPDATE bureaus SET config_version = config_version + 1"
# Of the others nothing can be appealed against any more: the log keeps who led them.
KEEP_LEADS = """
WITH rounds AS (
  SELECT e.bureau_id, e.ticket_id, e.seq, e.type, e.occurred_at, e.data->>'lead' AS unit,
    1 + count(*) FILTER (WHERE e.type = 'ticket.rework_opened')
      OVER (PARTITION BY e.bureau_id, e.ticket_id ORDER BY e.seq) AS round
  FROM ticket_events AS e JOIN tickets AS t USING (bureau_id, ticket_id)
  WHERE e.type IN ('ticket.dispatched', 'ticket.rework_opened')
    AND t.state NOT IN ('archived', 'voided', 'merged', 'returned_upstream')
), last AS (
  SELECT DISTINCT ON (bureau_id, ticket_id, round) bureau_id, ticket_id, round, unit, occurred_at
  FROM rounds WHERE type = 'ticket.dispatched'
  ORDER BY bureau_id, ticket_id, round, seq DESC
), led AS (
  SELECT bureau_id, ticket_id, jsonb_agg(jsonb_build_object('round', round, 'unit', unit,
    'dispatched_at', occurred_at) ORDER BY round) AS leads
  FROM last GROUP BY bureau_id, ticket_id
)
UPDATE tickets AS t SET fold = t.fold || jsonb_build_object('leads', led.leads)
FROM led WHERE t.bureau_id = led.bureau_id AND t.ticket_id = led.ticket_id
"""


def upgrade() -> None:
    for statement in (COMPLETE_REGISTERS, KEEP_LEADS, NEW_CONFIG):
        op.execute(statement)


def downgrade() -> None:
    op.execute("UPDATE tickets SET fold = fold - 'leads' WHERE fold ? 'leads'")
    op.execute("DELETE FROM limits WHERE name = 'appeal.window'")
    op.execute(NEW_CONFIG)
