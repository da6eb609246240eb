"""Every statement that takes personal data out, and those that find where there is some."""

from sqlalchemy import text

from shared.models.messages import UNATTACHED

IDS = "ANY(CAST(:ids AS bigint[]))"
WITH_CALLER = (
    "(sealed IS NOT NULL OR phone_hash IS NOT NULL"
    " OR masked_name IS NOT NULL OR masked_phone IS NOT NULL)"
)
CALLERS = text(
    "UPDATE callers SET phone_hash = NULL, hash_key_id = NULL, sealed = NULL, seal_key_id = NULL,"  # noqa: S608
    " masked_name = NULL, masked_phone = NULL"
    f" WHERE bureau_id = :bureau AND ticket_id = {IDS} AND {WITH_CALLER} RETURNING ticket_id"
)
# A message that waits, or was given up, is as good as ignored once its words are gone; what was
# found wrong with it may quote them.
WITHOUT_WORDS = (
    "body = NULL, seal_key_id = NULL, mended = NULL, mended_key_id = NULL, erased_at = :now,"
    " state = CASE WHEN state IN ('waiting', 'pending') THEN 'ignored' ELSE state END, problem ="
    """ CASE WHEN state = 'quarantined' THEN CAST('{"code": "erased"}' AS jsonb) END"""
)
MESSAGES = text(
    f"UPDATE raw_messages SET {WITHOUT_WORDS}"  # noqa: S608 - constants only
    f" WHERE bureau_id = :bureau AND ticket_id = {IDS} AND ticket_id IS NOT NULL"
    " AND body IS NOT NULL AND state <> 'pending' RETURNING ticket_id"
)
# Of the same numbers, but never taken in.
STRAY_MESSAGES = text(
    f"UPDATE raw_messages AS m SET {WITHOUT_WORDS} FROM ticket_upstream_nos AS u"  # noqa: S608
    f" WHERE m.bureau_id = :bureau AND {UNATTACHED.replace('ticket_id', 'm.ticket_id')}"
    f" AND u.bureau_id = :bureau AND u.ticket_id = {IDS} AND u.source = m.source"
    " AND u.upstream_no = m.upstream_no RETURNING u.ticket_id"
)
TEXTS = (
    "UPDATE ticket_texts SET body = NULL, salt = NULL, erased_at = :now"  # noqa: S608
    f" WHERE bureau_id = :bureau AND ticket_id = {IDS} AND body IS NOT NULL{{which}}"
    " RETURNING ticket_id"
)
RAW_TEXTS = text(TEXTS.format(which=" AND field = 'raw'"))
ALL_TEXTS = text(TEXTS.format(which=""))
PLACES = text(
    "UPDATE ticket_places SET address = NULL, cell = NULL WHERE bureau_id = :bureau"  # noqa: S608
    f" AND ticket_id = {IDS} AND (address IS NOT NULL OR cell IS NOT NULL) RETURNING ticket_id"
)
# Notes of a matter go with the last of its tickets.
MATTER_TEXTS = text(
    "UPDATE matter_texts AS x SET body = NULL, salt = NULL, erased_at = :now"  # noqa: S608
    " FROM (SELECT t.matter, max(s.ticket_id) AS ticket_id FROM tickets AS t"
    "  JOIN tickets AS s ON s.bureau_id = t.bureau_id AND s.matter = t.matter"
    f"   AND s.ticket_id = {IDS} WHERE t.bureau_id = :bureau GROUP BY t.matter"
    "  HAVING bool_and(EXISTS (SELECT FROM erasures AS e WHERE e.bureau_id = t.bureau_id"
    "   AND e.ticket_id = t.ticket_id AND e.part = 'ticket'))) AS m"
    " WHERE x.bureau_id = :bureau AND x.matter = m.matter AND x.body IS NOT NULL"
    " RETURNING m.ticket_id"
)
REDACT = text(
    "SELECT k.id AS ticket_id, minhu_redact(k.id, :part) AS n"
    " FROM unnest(CAST(:ids AS bigint[])) AS k(id)"
)
# Whatever answer named the ticket; that the call was made stays known.
ANSWERS = text(
    "UPDATE idempotency_keys AS k SET answer = NULL WHERE k.bureau_id = :bureau"
    " AND k.answer IS NOT NULL AND EXISTS (SELECT FROM unnest(CAST(:nos AS text[])) AS n(no)"
    "  WHERE position(convert_to(n.no, 'UTF8') IN k.answer) > 0) RETURNING k.key_id"
)
# Given up at the door: the delivery is parked, so nobody is about to take it in.
PARKED = (
    "EXISTS (SELECT FROM deliveries AS d WHERE d.bureau_id = m.bureau_id"
    " AND d.stream_id = m.stream_id AND d.seq = m.arrival AND d.subscriber = 'intake'"
    " AND d.parked_at IS NOT NULL)"
)
UNPROCESSED = "m.ticket_id IS NULL AND m.body IS NOT NULL AND m.state = 'pending'"
ORIGINALS = (
    "m.message_id, m.arrival, m.received_at, m.body, m.seal_key_id, m.mended, m.mended_key_id"
)
LIST_UNATTACHED = text(
    f"SELECT u.* FROM (SELECT {ORIGINALS} FROM raw_messages AS m"  # noqa: S608
    f"  WHERE bureau_id = :bureau AND {UNATTACHED}"
    f" UNION ALL SELECT {ORIGINALS} FROM deliveries AS d"
    "  JOIN raw_messages AS m ON m.bureau_id = d.bureau_id"
    "   AND m.message_id = CAST(d.payload->>'message_id' AS uuid)"
    "  WHERE d.bureau_id = :bureau AND d.subscriber = 'intake' AND d.parked_at IS NOT NULL"
    f"  AND {UNPROCESSED}) AS u"
    " WHERE u.arrival > :after"
    " AND u.received_at <= coalesce(CAST(:bound AS timestamptz), 'infinity')"
    " ORDER BY u.arrival LIMIT :limit"
)
ERASE_MESSAGES = text(
    f"UPDATE raw_messages AS m SET {WITHOUT_WORDS} WHERE m.bureau_id = :bureau"  # noqa: S608
    f" AND m.message_id = ANY(CAST(:messages AS uuid[])) AND ({UNATTACHED}"
    f" OR ({UNPROCESSED} AND {PARKED})) RETURNING m.message_id"
)

# A tombstone stands before anything is redacted: the guard of the log looks for it. Once it stands,
# only how far it reaches is written again.
PUT_TOMBSTONES = text(
    "INSERT INTO erasures AS x (bureau_id, ticket_id, part, erased_at, cause, actor_role,"
    " actor_name, reason, request_id, fields, through_seq, latest_at)"
    " SELECT :bureau, k.ticket_id, k.part, CAST(:now AS timestamptz), CAST(:cause AS text),"
    "  CAST(:role AS text), CAST(:name AS text),"
    "  CASE WHEN CAST(:reasons AS jsonb) ? k.part THEN CAST(:reasons AS jsonb)->>k.part"
    "   ELSE CAST(:reason AS text) END, CAST(:request AS bigint), '{}', 0,"
    "  CAST(:now AS timestamptz)"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:parts AS text[])) AS k(ticket_id, part)"
    " ON CONFLICT (bureau_id, ticket_id, part) DO NOTHING"
)
REACH = text(
    "UPDATE erasures AS x SET through_seq = k.seq, latest_at ="
    "  CASE WHEN k.fields = '{}' THEN x.latest_at ELSE CAST(:now AS timestamptz) END,"
    " fields = (SELECT coalesce(jsonb_object_agg(f.name, f.n), '{}') FROM"
    "  (SELECT name, sum(n::integer) AS n FROM (SELECT * FROM jsonb_each_text(x.fields)"
    "    UNION ALL SELECT * FROM jsonb_each_text(k.fields)) AS b(name, n) GROUP BY name) AS f)"
    " FROM json_to_recordset(CAST(:rows AS json))"
    "  AS k(ticket_id bigint, part text, seq integer, fields jsonb)"
    " WHERE x.bureau_id = :bureau AND x.ticket_id = k.ticket_id AND x.part = k.part"
)
