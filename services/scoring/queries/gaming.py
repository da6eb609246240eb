"""What was done on the tickets received in a period: by whom, when, and a digest of the words."""

from types import MappingProxyType

from sqlalchemy import text

from services.scoring.queries.counting import Scope
from services.scoring.rules.gaming import Deed, Doing
from services.scoring.rules.periods import Period
from shared.db import Tx

DOINGS = MappingProxyType(
    {
        "ticket.contacted": Doing.CONTACT,
        "ticket.feedback_submitted": Doing.FEEDBACK,
        "ticket.replied": Doing.REPLY,
    }
)
SHORTEST = 12  # below that many characters anybody may say the same

# The words themselves stay where they are.
LIST_DEEDS = text(
    "SELECT e.type, e.actor_unit AS unit, e.actor_name AS person, t.no, e.occurred_at AS at,"
    " c.due_at AS due, CASE WHEN length(w.words) >= :shortest THEN md5(w.words) END AS words"
    " FROM tickets AS t JOIN ticket_events AS e ON e.bureau_id = t.bureau_id"
    "  AND e.ticket_id = t.ticket_id AND e.type = ANY(CAST(:types AS text[]))"
    " LEFT JOIN clocks AS c ON e.type = 'ticket.feedback_submitted'"
    "  AND c.bureau_id = t.bureau_id AND c.ticket_id = t.ticket_id"
    "  AND c.name = 'unit_complete' AND c.stopped_at = e.occurred_at"
    " LEFT JOIN LATERAL (SELECT regexp_replace(x.body, '\\s', '', 'g') AS words"
    "  FROM ticket_texts AS x WHERE x.bureau_id = t.bureau_id AND x.ticket_id = t.ticket_id"
    "  AND x.seq = e.seq AND x.field IN ('note', 'summary', 'reply_points')"
    "  ORDER BY x.version DESC LIMIT 1) AS w ON true"
    " WHERE t.bureau_id = :bureau AND t.received_at >= :start AND t.received_at < :end"
    " AND (CAST(:units AS text[]) IS NULL OR e.actor_unit = ANY(CAST(:units AS text[])))"
)


async def list_deeds(tx: Tx, period: Period, *, scope: Scope) -> list[Deed]:
    """Of the units in `scope`; None is all of them, and the desk."""
    rows = await tx.rows(
        LIST_DEEDS,
        bureau=tx.bureau,
        types=list(DOINGS),
        shortest=SHORTEST,
        start=period.start,
        end=period.end,
        units=None if scope is None else sorted(scope),
    )
    return [
        Deed(DOINGS[row.type], row.unit, row.person, row.no, row.at, row.due, row.words)
        for row in rows
    ]
