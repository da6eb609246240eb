-- Intake's own one-message statement (services/intake/inbox.py), with values made by the server.
WITH named AS MATERIALIZED (SELECT set_config('minhu.bureau_id', '1', true) AS bureau),
kept AS (
    INSERT INTO raw_messages (bureau_id, message_id, source, webhook_id, digest, body, type,
        upstream_no, stream_id, received_at, state, problem, trace)
    SELECT n.bureau::int, m.* FROM named AS n, unnest(
        ARRAY[gen_random_uuid()], ARRAY['city-12345'], ARRAY['floor'],
        ARRAY[sha256('x'::bytea)], ARRAY[convert_to(repeat('模拟', 300), 'UTF8')],
        ARRAY['ticket.created'], ARRAY['floor'], ARRAY[-1::bigint], ARRAY[clock_timestamp()],
        ARRAY['ignored'], ARRAY[NULL::jsonb], ARRAY[NULL::text]) AS m
    ON CONFLICT (bureau_id, message_id) DO NOTHING
    RETURNING message_id, arrival, stream_id, state
), owed AS (
    INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type, payload)
    SELECT 1, stream_id, arrival, 'floor', 'message.received',
        jsonb_build_object('message_id', message_id)
    FROM kept
)
SELECT message_id FROM kept;
