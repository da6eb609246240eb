CREATE SCHEMA bi_v1;

COMMENT ON SCHEMA bi_v1 IS '报表所读的视图，第一版：列只增不改';

CREATE FUNCTION bi_v1.worth(mark text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE mark WHEN '0' THEN 0 WHEN '1' THEN 1 WHEN '6' THEN 0.6 WHEN '8' THEN 0.8 END;

COMMENT ON FUNCTION bi_v1.worth IS '判定一字符所记的分值；空为不计';

CREATE FUNCTION bi_v1.reason(mark text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '{
  "u": "unrated",
  "n": "unreachable",
  "r": "refused",
  "f": "not_followed_up",
  "v": "unvalued",
  "e": "exempt",
  "p": "no_reply_needed",
  "a": "appeal",
  "A": "emergency_line",
  "B": "legal_procedure",
  "C": "unlawful",
  "D": "secret_or_privacy",
  "E": "malicious",
  "F": "duplicate",
  "G": "false_contact",
  "H": "outside_remit",
  "I": "force_majeure",
  "J": "untrue"
}'::jsonb ->> mark;

COMMENT ON FUNCTION bi_v1.reason IS '判定一字符所记的剔除理由；空为没有剔除';

CREATE VIEW bi_v1.facts WITH (security_barrier = true) AS
SELECT
    f.ticket_id,
    f.xid,
    f.round,
    f.no,
    f.source,
    f.unit,
    f.section,
    f.executor,
    f.trade,
    f.category,
    f.street,
    f.appeal_type,
    f.urgency,
    f.received_at,
    f.opened_at,
    f.dispatched_at,
    f.need_reply,
    f.has_caller,
    f.contact_due,
    f.contact_outcome,
    f.contacted_at,
    f.accept_due,
    f.accepted_at,
    f.complete_start,
    f.complete_due,
    f.completed_at,
    f.reply_due,
    f.replied_at,
    f.case_valuation,
    f.fact_finding,
    f.appeal_finding,
    f.follow_up_level,
    f.reached,
    f.rated_contact,
    f.overall,
    f.solved,
    f.repeat_of,
    f.returns,
    f.wrong_returns,
    f.extended,
    f.reworked,
    f.excluded_for,
    f.appeals,
    f.pending_appeals,
    f.pending_exclusion,
    f.removed,
    f.emergency,
    f.known_from,
    overlay(f.opened_month::text PLACING '-' FROM 5 FOR 0) AS opened_month,
    overlay(f.dispatched_month::text PLACING '-' FROM 5 FOR 0) AS dispatched_month,
    overlay(f.contact_month::text PLACING '-' FROM 5 FOR 0) AS contact_month,
    overlay(f.due_month::text PLACING '-' FROM 5 FOR 0) AS due_month,
    overlay(f.completed_month::text PLACING '-' FROM 5 FOR 0) AS completed_month,
    overlay(f.reply_month::text PLACING '-' FROM 5 FOR 0) AS reply_month,
    f.plain_marks IS NOT NULL AS adjusted,
    coalesce(substr(f.marks, 1, 1) = '1', false)::integer::smallint AS intake,
    bi_v1.worth(substr(f.marks, 2, 1)) AS first_contact_rate,
    bi_v1.reason(substr(f.marks, 2, 1)) AS first_contact_rate_excluded,
    bi_v1.worth(CASE WHEN has_come.contact THEN substr(f.marks, 3, 1) END) AS first_contact_rate_ops,
    bi_v1.reason(CASE WHEN has_come.contact THEN substr(f.marks, 3, 1) END) AS first_contact_rate_ops_excluded,
    bi_v1.worth(CASE WHEN has_come.due THEN substr(f.marks, 4, 1) END) AS on_time_completion_rate,
    bi_v1.reason(CASE WHEN has_come.due THEN substr(f.marks, 4, 1) END) AS on_time_completion_rate_excluded,
    bi_v1.worth(substr(f.marks, 5, 1)) AS on_time_completion_rate_closed,
    bi_v1.reason(substr(f.marks, 5, 1)) AS on_time_completion_rate_closed_excluded,
    bi_v1.worth(CASE WHEN has_come.reply THEN substr(f.marks, 6, 1) END) AS timely_reply_rate,
    bi_v1.reason(CASE WHEN has_come.reply THEN substr(f.marks, 6, 1) END) AS timely_reply_rate_excluded,
    bi_v1.worth(substr(f.marks, 7, 1)) AS actual_resolution_rate,
    bi_v1.reason(substr(f.marks, 7, 1)) AS actual_resolution_rate_excluded,
    bi_v1.worth(substr(f.marks, 8, 1)) AS actual_resolution_rate_reasonable_only,
    bi_v1.reason(substr(f.marks, 8, 1)) AS actual_resolution_rate_reasonable_only_excluded,
    bi_v1.worth(substr(f.marks, 9, 1)) AS actual_resolution_rate_explained_counts,
    bi_v1.reason(substr(f.marks, 9, 1)) AS actual_resolution_rate_explained_counts_excluded,
    bi_v1.worth(substr(f.marks, 10, 1)) AS satisfaction_score,
    bi_v1.reason(substr(f.marks, 10, 1)) AS satisfaction_score_excluded,
    coalesce(CASE WHEN has_come.due THEN substr(f.marks, 11, 1) END = '1', false)::integer::smallint AS overdue_count,
    coalesce(substr(f.marks, 12, 1) = '1', false)::integer::smallint AS dissatisfied_count,
    coalesce(substr(f.marks, 13, 1) = '1', false)::integer::smallint AS repeat_count,
    coalesce(substr(f.marks, 14, 1) = '1', false)::integer::smallint AS rework_count,
    coalesce(substr(f.marks, 15, 1) = '1', false)::integer::smallint AS praise_count,
    bi_v1.worth(CASE WHEN has_come.accept THEN substr(f.marks, 16, 1) END) AS timely_accept_rate,
    bi_v1.reason(CASE WHEN has_come.accept THEN substr(f.marks, 16, 1) END) AS timely_accept_rate_excluded,
    bi_v1.worth(substr(f.marks, 17, 1)) AS repeat_rate,
    bi_v1.reason(substr(f.marks, 17, 1)) AS repeat_rate_excluded,
    bi_v1.worth(substr(f.marks, 18, 1)) AS rework_rate,
    bi_v1.reason(substr(f.marks, 18, 1)) AS rework_rate_excluded,
    bi_v1.worth(substr(f.marks, 19, 1)) AS return_rate,
    bi_v1.reason(substr(f.marks, 19, 1)) AS return_rate_excluded,
    bi_v1.worth(substr(f.marks, 20, 1)) AS extension_rate,
    bi_v1.reason(substr(f.marks, 20, 1)) AS extension_rate_excluded,
    coalesce(substr(f.marks, 21, 1) = '1', false)::integer::smallint AS wrong_return_count,
    coalesce(substr(f.marks, 22, 1) = '1', false)::integer::smallint AS pending_appeal_count,
    coalesce(substr(f.marks, 23, 1) = '1', false)::integer::smallint AS pending_exclusion_count
FROM public.facts AS f
CROSS JOIN LATERAL (
    SELECT
        (f.completed_at IS NOT NULL OR coalesce(CASE f.contact_outcome WHEN 'exempt' THEN f.opened_at ELSE f.contact_due END <= (SELECT known_at FROM public.fact_progress WHERE bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer), true)) AS contact,
        (f.completed_at IS NOT NULL OR coalesce(f.accept_due <= (SELECT known_at FROM public.fact_progress WHERE bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer), true)) AS accept,
        (f.completed_at IS NOT NULL OR coalesce(f.complete_due <= (SELECT known_at FROM public.fact_progress WHERE bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer), true)) AS due,
        (f.completed_at IS NOT NULL OR coalesce(coalesce(f.reply_due, f.complete_due) <= (SELECT known_at FROM public.fact_progress WHERE bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer), true)) AS reply
) AS has_come
WHERE f.bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer;

COMMENT ON VIEW bi_v1.facts IS '考核事实：工单每轮一行，申诉与剔除已计入；已退出一切指标的写明 removed';

COMMENT ON COLUMN bi_v1.facts.ticket_id IS '工单内部编号';

COMMENT ON COLUMN bi_v1.facts.xid IS '最后写入的事务号；续取只读早于最老未结束事务的行';

COMMENT ON COLUMN bi_v1.facts.round IS '轮次';

COMMENT ON COLUMN bi_v1.facts.no IS '工单号';

COMMENT ON COLUMN bi_v1.facts.source IS '首个来源平台';

COMMENT ON COLUMN bi_v1.facts.unit IS '本轮最后派给的主办单位；空为未派单';

COMMENT ON COLUMN bi_v1.facts.section IS '科室（接单时所填）';

COMMENT ON COLUMN bi_v1.facts.executor IS '承办人（接单时所填）';

COMMENT ON COLUMN bi_v1.facts.trade IS '行业板块';

COMMENT ON COLUMN bi_v1.facts.category IS '内容分类';

COMMENT ON COLUMN bi_v1.facts.street IS '街镇';

COMMENT ON COLUMN bi_v1.facts.appeal_type IS '诉求类型';

COMMENT ON COLUMN bi_v1.facts.urgency IS '紧急程度';

COMMENT ON COLUMN bi_v1.facts.received_at IS '来件时间';

COMMENT ON COLUMN bi_v1.facts.opened_at IS '本轮开始时间；首轮即来件时间';

COMMENT ON COLUMN bi_v1.facts.dispatched_at IS '本轮最后派单时间';

COMMENT ON COLUMN bi_v1.facts.need_reply IS '是否须回复';

COMMENT ON COLUMN bi_v1.facts.has_caller IS '有人可联系（非匿名或留有电话）';

COMMENT ON COLUMN bi_v1.facts.contact_due IS '先行联系时限';

COMMENT ON COLUMN bi_v1.facts.contact_outcome IS '先行联系结果；空为尚未联系';

COMMENT ON COLUMN bi_v1.facts.contacted_at IS '先行联系时间';

COMMENT ON COLUMN bi_v1.facts.accept_due IS '接单时限';

COMMENT ON COLUMN bi_v1.facts.accepted_at IS '接单时间';

COMMENT ON COLUMN bi_v1.facts.complete_start IS '办结起算时间';

COMMENT ON COLUMN bi_v1.facts.complete_due IS '现行办结时限';

COMMENT ON COLUMN bi_v1.facts.completed_at IS '办结时间';

COMMENT ON COLUMN bi_v1.facts.reply_due IS '回复时限';

COMMENT ON COLUMN bi_v1.facts.replied_at IS '回复时间';

COMMENT ON COLUMN bi_v1.facts.case_valuation IS '结案评判';

COMMENT ON COLUMN bi_v1.facts.fact_finding IS '事实认定';

COMMENT ON COLUMN bi_v1.facts.appeal_finding IS '诉求认定';

COMMENT ON COLUMN bi_v1.facts.follow_up_level IS '作准的回访层级';

COMMENT ON COLUMN bi_v1.facts.reached IS '回访是否接通';

COMMENT ON COLUMN bi_v1.facts.rated_contact IS '市民称是否先行联系';

COMMENT ON COLUMN bi_v1.facts.overall IS '市民总体评价';

COMMENT ON COLUMN bi_v1.facts.solved IS '市民称是否解决';

COMMENT ON COLUMN bi_v1.facts.repeat_of IS '重复件的首件工单号';

COMMENT ON COLUMN bi_v1.facts.returns IS '本轮单位退单次数';

COMMENT ON COLUMN bi_v1.facts.wrong_returns IS '其中未获准的次数';

COMMENT ON COLUMN bi_v1.facts.extended IS '本轮获准延期';

COMMENT ON COLUMN bi_v1.facts.reworked IS '其后又有一轮';

COMMENT ON COLUMN bi_v1.facts.excluded_for IS '获准剔除的理由';

COMMENT ON COLUMN bi_v1.facts.appeals IS '本轮获准的申诉（以空格分隔）';

COMMENT ON COLUMN bi_v1.facts.pending_appeals IS '待决的申诉数';

COMMENT ON COLUMN bi_v1.facts.pending_exclusion IS '有待决的剔除';

COMMENT ON COLUMN bi_v1.facts.removed IS '退出一切指标的原因';

COMMENT ON COLUMN bi_v1.facts.emergency IS '所涉应急预案（最后一个）';

COMMENT ON COLUMN bi_v1.facts.known_from IS '自何时已知如此（记录时间）';

COMMENT ON COLUMN bi_v1.facts.opened_month IS '开始所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts.dispatched_month IS '派单所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts.contact_month IS '先行联系时限所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts.due_month IS '办结时限所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts.completed_month IS '办结所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts.reply_month IS '回复时限所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts.adjusted IS '申诉或剔除改变了本轮的判定';

COMMENT ON COLUMN bi_v1.facts.intake IS '受理量：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts.first_contact_rate IS '先行联系率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.first_contact_rate_excluded IS '先行联系率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.first_contact_rate_ops IS '先行联系率（过程口径）：计入分子的值；空为不计；未办结的到期后才计入，其前为空';

COMMENT ON COLUMN bi_v1.facts.first_contact_rate_ops_excluded IS '先行联系率（过程口径）：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.on_time_completion_rate IS '按时办结率：计入分子的值；空为不计；未办结的到期后才计入，其前为空';

COMMENT ON COLUMN bi_v1.facts.on_time_completion_rate_excluded IS '按时办结率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.on_time_completion_rate_closed IS '按时办结率（办结口径）：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.on_time_completion_rate_closed_excluded IS '按时办结率（办结口径）：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.timely_reply_rate IS '及时回复率：计入分子的值；空为不计；未办结的到期后才计入，其前为空';

COMMENT ON COLUMN bi_v1.facts.timely_reply_rate_excluded IS '及时回复率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.actual_resolution_rate IS '实际解决率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.actual_resolution_rate_excluded IS '实际解决率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.actual_resolution_rate_reasonable_only IS '实际解决率（合理诉求）：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.actual_resolution_rate_reasonable_only_excluded IS '实际解决率（合理诉求）：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.actual_resolution_rate_explained_counts IS '实际解决率（解释亦计）：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.actual_resolution_rate_explained_counts_excluded IS '实际解决率（解释亦计）：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.satisfaction_score IS '满意度测评得分：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.satisfaction_score_excluded IS '满意度测评得分：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.overdue_count IS '超期数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts.dissatisfied_count IS '不满意数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts.repeat_count IS '重复件数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts.rework_count IS '重办数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts.praise_count IS '表扬数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts.timely_accept_rate IS '及时接单率：计入分子的值；空为不计；未办结的到期后才计入，其前为空';

COMMENT ON COLUMN bi_v1.facts.timely_accept_rate_excluded IS '及时接单率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.repeat_rate IS '重复率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.repeat_rate_excluded IS '重复率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.rework_rate IS '重办率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.rework_rate_excluded IS '重办率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.return_rate IS '退单率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.return_rate_excluded IS '退单率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.extension_rate IS '延期率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts.extension_rate_excluded IS '延期率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts.wrong_return_count IS '错退数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts.pending_appeal_count IS '待决申诉数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts.pending_exclusion_count IS '待决剔除数：计入为 1，否则为 0';

CREATE VIEW bi_v1.facts_plain WITH (security_barrier = true) AS
SELECT
    f.ticket_id,
    f.xid,
    f.round,
    f.no,
    f.source,
    f.unit,
    f.section,
    f.executor,
    f.trade,
    f.category,
    f.street,
    f.appeal_type,
    f.urgency,
    f.received_at,
    f.opened_at,
    f.dispatched_at,
    f.need_reply,
    f.has_caller,
    f.contact_due,
    f.contact_outcome,
    f.contacted_at,
    f.accept_due,
    f.accepted_at,
    f.complete_start,
    f.complete_due,
    f.completed_at,
    f.reply_due,
    f.replied_at,
    f.case_valuation,
    f.fact_finding,
    f.appeal_finding,
    f.follow_up_level,
    f.reached,
    f.rated_contact,
    f.overall,
    f.solved,
    f.repeat_of,
    f.returns,
    f.wrong_returns,
    f.extended,
    f.reworked,
    f.excluded_for,
    f.appeals,
    f.pending_appeals,
    f.pending_exclusion,
    f.removed,
    f.emergency,
    f.known_from,
    overlay(f.opened_month::text PLACING '-' FROM 5 FOR 0) AS opened_month,
    overlay(f.dispatched_month::text PLACING '-' FROM 5 FOR 0) AS dispatched_month,
    overlay(f.contact_month::text PLACING '-' FROM 5 FOR 0) AS contact_month,
    overlay(f.due_month::text PLACING '-' FROM 5 FOR 0) AS due_month,
    overlay(f.completed_month::text PLACING '-' FROM 5 FOR 0) AS completed_month,
    overlay(f.reply_month::text PLACING '-' FROM 5 FOR 0) AS reply_month,
    f.plain_marks IS NOT NULL AS adjusted,
    coalesce(substr(coalesce(f.plain_marks, f.marks), 1, 1) = '1', false)::integer::smallint AS intake,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 2, 1)) AS first_contact_rate,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 2, 1)) AS first_contact_rate_excluded,
    bi_v1.worth(CASE WHEN has_come.contact THEN substr(coalesce(f.plain_marks, f.marks), 3, 1) END) AS first_contact_rate_ops,
    bi_v1.reason(CASE WHEN has_come.contact THEN substr(coalesce(f.plain_marks, f.marks), 3, 1) END) AS first_contact_rate_ops_excluded,
    bi_v1.worth(CASE WHEN has_come.due THEN substr(coalesce(f.plain_marks, f.marks), 4, 1) END) AS on_time_completion_rate,
    bi_v1.reason(CASE WHEN has_come.due THEN substr(coalesce(f.plain_marks, f.marks), 4, 1) END) AS on_time_completion_rate_excluded,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 5, 1)) AS on_time_completion_rate_closed,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 5, 1)) AS on_time_completion_rate_closed_excluded,
    bi_v1.worth(CASE WHEN has_come.reply THEN substr(coalesce(f.plain_marks, f.marks), 6, 1) END) AS timely_reply_rate,
    bi_v1.reason(CASE WHEN has_come.reply THEN substr(coalesce(f.plain_marks, f.marks), 6, 1) END) AS timely_reply_rate_excluded,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 7, 1)) AS actual_resolution_rate,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 7, 1)) AS actual_resolution_rate_excluded,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 8, 1)) AS actual_resolution_rate_reasonable_only,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 8, 1)) AS actual_resolution_rate_reasonable_only_excluded,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 9, 1)) AS actual_resolution_rate_explained_counts,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 9, 1)) AS actual_resolution_rate_explained_counts_excluded,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 10, 1)) AS satisfaction_score,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 10, 1)) AS satisfaction_score_excluded,
    coalesce(CASE WHEN has_come.due THEN substr(coalesce(f.plain_marks, f.marks), 11, 1) END = '1', false)::integer::smallint AS overdue_count,
    coalesce(substr(coalesce(f.plain_marks, f.marks), 12, 1) = '1', false)::integer::smallint AS dissatisfied_count,
    coalesce(substr(coalesce(f.plain_marks, f.marks), 13, 1) = '1', false)::integer::smallint AS repeat_count,
    coalesce(substr(coalesce(f.plain_marks, f.marks), 14, 1) = '1', false)::integer::smallint AS rework_count,
    coalesce(substr(coalesce(f.plain_marks, f.marks), 15, 1) = '1', false)::integer::smallint AS praise_count,
    bi_v1.worth(CASE WHEN has_come.accept THEN substr(coalesce(f.plain_marks, f.marks), 16, 1) END) AS timely_accept_rate,
    bi_v1.reason(CASE WHEN has_come.accept THEN substr(coalesce(f.plain_marks, f.marks), 16, 1) END) AS timely_accept_rate_excluded,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 17, 1)) AS repeat_rate,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 17, 1)) AS repeat_rate_excluded,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 18, 1)) AS rework_rate,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 18, 1)) AS rework_rate_excluded,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 19, 1)) AS return_rate,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 19, 1)) AS return_rate_excluded,
    bi_v1.worth(substr(coalesce(f.plain_marks, f.marks), 20, 1)) AS extension_rate,
    bi_v1.reason(substr(coalesce(f.plain_marks, f.marks), 20, 1)) AS extension_rate_excluded,
    coalesce(substr(coalesce(f.plain_marks, f.marks), 21, 1) = '1', false)::integer::smallint AS wrong_return_count,
    coalesce(substr(coalesce(f.plain_marks, f.marks), 22, 1) = '1', false)::integer::smallint AS pending_appeal_count,
    coalesce(substr(coalesce(f.plain_marks, f.marks), 23, 1) = '1', false)::integer::smallint AS pending_exclusion_count
FROM public.facts AS f
CROSS JOIN LATERAL (
    SELECT
        (f.completed_at IS NOT NULL OR coalesce(CASE f.contact_outcome WHEN 'exempt' THEN f.opened_at ELSE f.contact_due END <= (SELECT known_at FROM public.fact_progress WHERE bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer), true)) AS contact,
        (f.completed_at IS NOT NULL OR coalesce(f.accept_due <= (SELECT known_at FROM public.fact_progress WHERE bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer), true)) AS accept,
        (f.completed_at IS NOT NULL OR coalesce(f.complete_due <= (SELECT known_at FROM public.fact_progress WHERE bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer), true)) AS due,
        (f.completed_at IS NOT NULL OR coalesce(coalesce(f.reply_due, f.complete_due) <= (SELECT known_at FROM public.fact_progress WHERE bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer), true)) AS reply
) AS has_come
WHERE f.bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer;

COMMENT ON VIEW bi_v1.facts_plain IS '考核事实：工单每轮一行，不计申诉与剔除；已退出一切指标的写明 removed';

COMMENT ON COLUMN bi_v1.facts_plain.ticket_id IS '工单内部编号';

COMMENT ON COLUMN bi_v1.facts_plain.xid IS '最后写入的事务号；续取只读早于最老未结束事务的行';

COMMENT ON COLUMN bi_v1.facts_plain.round IS '轮次';

COMMENT ON COLUMN bi_v1.facts_plain.no IS '工单号';

COMMENT ON COLUMN bi_v1.facts_plain.source IS '首个来源平台';

COMMENT ON COLUMN bi_v1.facts_plain.unit IS '本轮最后派给的主办单位；空为未派单';

COMMENT ON COLUMN bi_v1.facts_plain.section IS '科室（接单时所填）';

COMMENT ON COLUMN bi_v1.facts_plain.executor IS '承办人（接单时所填）';

COMMENT ON COLUMN bi_v1.facts_plain.trade IS '行业板块';

COMMENT ON COLUMN bi_v1.facts_plain.category IS '内容分类';

COMMENT ON COLUMN bi_v1.facts_plain.street IS '街镇';

COMMENT ON COLUMN bi_v1.facts_plain.appeal_type IS '诉求类型';

COMMENT ON COLUMN bi_v1.facts_plain.urgency IS '紧急程度';

COMMENT ON COLUMN bi_v1.facts_plain.received_at IS '来件时间';

COMMENT ON COLUMN bi_v1.facts_plain.opened_at IS '本轮开始时间；首轮即来件时间';

COMMENT ON COLUMN bi_v1.facts_plain.dispatched_at IS '本轮最后派单时间';

COMMENT ON COLUMN bi_v1.facts_plain.need_reply IS '是否须回复';

COMMENT ON COLUMN bi_v1.facts_plain.has_caller IS '有人可联系（非匿名或留有电话）';

COMMENT ON COLUMN bi_v1.facts_plain.contact_due IS '先行联系时限';

COMMENT ON COLUMN bi_v1.facts_plain.contact_outcome IS '先行联系结果；空为尚未联系';

COMMENT ON COLUMN bi_v1.facts_plain.contacted_at IS '先行联系时间';

COMMENT ON COLUMN bi_v1.facts_plain.accept_due IS '接单时限';

COMMENT ON COLUMN bi_v1.facts_plain.accepted_at IS '接单时间';

COMMENT ON COLUMN bi_v1.facts_plain.complete_start IS '办结起算时间';

COMMENT ON COLUMN bi_v1.facts_plain.complete_due IS '现行办结时限';

COMMENT ON COLUMN bi_v1.facts_plain.completed_at IS '办结时间';

COMMENT ON COLUMN bi_v1.facts_plain.reply_due IS '回复时限';

COMMENT ON COLUMN bi_v1.facts_plain.replied_at IS '回复时间';

COMMENT ON COLUMN bi_v1.facts_plain.case_valuation IS '结案评判';

COMMENT ON COLUMN bi_v1.facts_plain.fact_finding IS '事实认定';

COMMENT ON COLUMN bi_v1.facts_plain.appeal_finding IS '诉求认定';

COMMENT ON COLUMN bi_v1.facts_plain.follow_up_level IS '作准的回访层级';

COMMENT ON COLUMN bi_v1.facts_plain.reached IS '回访是否接通';

COMMENT ON COLUMN bi_v1.facts_plain.rated_contact IS '市民称是否先行联系';

COMMENT ON COLUMN bi_v1.facts_plain.overall IS '市民总体评价';

COMMENT ON COLUMN bi_v1.facts_plain.solved IS '市民称是否解决';

COMMENT ON COLUMN bi_v1.facts_plain.repeat_of IS '重复件的首件工单号';

COMMENT ON COLUMN bi_v1.facts_plain.returns IS '本轮单位退单次数';

COMMENT ON COLUMN bi_v1.facts_plain.wrong_returns IS '其中未获准的次数';

COMMENT ON COLUMN bi_v1.facts_plain.extended IS '本轮获准延期';

COMMENT ON COLUMN bi_v1.facts_plain.reworked IS '其后又有一轮';

COMMENT ON COLUMN bi_v1.facts_plain.excluded_for IS '获准剔除的理由';

COMMENT ON COLUMN bi_v1.facts_plain.appeals IS '本轮获准的申诉（以空格分隔）';

COMMENT ON COLUMN bi_v1.facts_plain.pending_appeals IS '待决的申诉数';

COMMENT ON COLUMN bi_v1.facts_plain.pending_exclusion IS '有待决的剔除';

COMMENT ON COLUMN bi_v1.facts_plain.removed IS '退出一切指标的原因';

COMMENT ON COLUMN bi_v1.facts_plain.emergency IS '所涉应急预案（最后一个）';

COMMENT ON COLUMN bi_v1.facts_plain.known_from IS '自何时已知如此（记录时间）';

COMMENT ON COLUMN bi_v1.facts_plain.opened_month IS '开始所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts_plain.dispatched_month IS '派单所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts_plain.contact_month IS '先行联系时限所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts_plain.due_month IS '办结时限所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts_plain.completed_month IS '办结所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts_plain.reply_month IS '回复时限所在月份，如 2026-11';

COMMENT ON COLUMN bi_v1.facts_plain.adjusted IS '申诉或剔除改变了本轮的判定';

COMMENT ON COLUMN bi_v1.facts_plain.intake IS '受理量：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts_plain.first_contact_rate IS '先行联系率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.first_contact_rate_excluded IS '先行联系率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.first_contact_rate_ops IS '先行联系率（过程口径）：计入分子的值；空为不计；未办结的到期后才计入，其前为空';

COMMENT ON COLUMN bi_v1.facts_plain.first_contact_rate_ops_excluded IS '先行联系率（过程口径）：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.on_time_completion_rate IS '按时办结率：计入分子的值；空为不计；未办结的到期后才计入，其前为空';

COMMENT ON COLUMN bi_v1.facts_plain.on_time_completion_rate_excluded IS '按时办结率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.on_time_completion_rate_closed IS '按时办结率（办结口径）：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.on_time_completion_rate_closed_excluded IS '按时办结率（办结口径）：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.timely_reply_rate IS '及时回复率：计入分子的值；空为不计；未办结的到期后才计入，其前为空';

COMMENT ON COLUMN bi_v1.facts_plain.timely_reply_rate_excluded IS '及时回复率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.actual_resolution_rate IS '实际解决率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.actual_resolution_rate_excluded IS '实际解决率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.actual_resolution_rate_reasonable_only IS '实际解决率（合理诉求）：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.actual_resolution_rate_reasonable_only_excluded IS '实际解决率（合理诉求）：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.actual_resolution_rate_explained_counts IS '实际解决率（解释亦计）：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.actual_resolution_rate_explained_counts_excluded IS '实际解决率（解释亦计）：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.satisfaction_score IS '满意度测评得分：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.satisfaction_score_excluded IS '满意度测评得分：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.overdue_count IS '超期数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts_plain.dissatisfied_count IS '不满意数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts_plain.repeat_count IS '重复件数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts_plain.rework_count IS '重办数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts_plain.praise_count IS '表扬数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts_plain.timely_accept_rate IS '及时接单率：计入分子的值；空为不计；未办结的到期后才计入，其前为空';

COMMENT ON COLUMN bi_v1.facts_plain.timely_accept_rate_excluded IS '及时接单率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.repeat_rate IS '重复率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.repeat_rate_excluded IS '重复率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.rework_rate IS '重办率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.rework_rate_excluded IS '重办率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.return_rate IS '退单率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.return_rate_excluded IS '退单率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.extension_rate IS '延期率：计入分子的值；空为不计';

COMMENT ON COLUMN bi_v1.facts_plain.extension_rate_excluded IS '延期率：剔除的理由；空为没有剔除';

COMMENT ON COLUMN bi_v1.facts_plain.wrong_return_count IS '错退数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts_plain.pending_appeal_count IS '待决申诉数：计入为 1，否则为 0';

COMMENT ON COLUMN bi_v1.facts_plain.pending_exclusion_count IS '待决剔除数：计入为 1，否则为 0';

CREATE VIEW bi_v1.scores WITH (security_barrier = true) AS
WITH counted AS (
    SELECT m.month, g.by, g.key, m.metric, m.is_rate, m.reason,
        sum(m.worth) AS num, count(m.worth) AS den, count(m.reason) AS excluded
    FROM bi_v1.facts AS f
    CROSS JOIN LATERAL (VALUES
        ('intake', f.opened_month, false, nullif(f.intake, 0)::numeric, NULL),
        ('first_contact_rate', f.completed_month, true, f.first_contact_rate, f.first_contact_rate_excluded),
        ('first_contact_rate_ops', f.contact_month, true, f.first_contact_rate_ops, f.first_contact_rate_ops_excluded),
        ('on_time_completion_rate', f.due_month, true, f.on_time_completion_rate, f.on_time_completion_rate_excluded),
        ('on_time_completion_rate_closed', f.completed_month, true, f.on_time_completion_rate_closed, f.on_time_completion_rate_closed_excluded),
        ('timely_reply_rate', f.reply_month, true, f.timely_reply_rate, f.timely_reply_rate_excluded),
        ('actual_resolution_rate', f.completed_month, true, f.actual_resolution_rate, f.actual_resolution_rate_excluded),
        ('actual_resolution_rate_reasonable_only', f.completed_month, true, f.actual_resolution_rate_reasonable_only, f.actual_resolution_rate_reasonable_only_excluded),
        ('actual_resolution_rate_explained_counts', f.completed_month, true, f.actual_resolution_rate_explained_counts, f.actual_resolution_rate_explained_counts_excluded),
        ('satisfaction_score', f.completed_month, true, f.satisfaction_score, f.satisfaction_score_excluded),
        ('overdue_count', f.due_month, false, nullif(f.overdue_count, 0)::numeric, NULL),
        ('dissatisfied_count', f.completed_month, false, nullif(f.dissatisfied_count, 0)::numeric, NULL),
        ('repeat_count', f.opened_month, false, nullif(f.repeat_count, 0)::numeric, NULL),
        ('rework_count', f.opened_month, false, nullif(f.rework_count, 0)::numeric, NULL),
        ('praise_count', f.opened_month, false, nullif(f.praise_count, 0)::numeric, NULL),
        ('timely_accept_rate', f.dispatched_month, true, f.timely_accept_rate, f.timely_accept_rate_excluded),
        ('repeat_rate', f.opened_month, true, f.repeat_rate, f.repeat_rate_excluded),
        ('rework_rate', f.completed_month, true, f.rework_rate, f.rework_rate_excluded),
        ('return_rate', f.dispatched_month, true, f.return_rate, f.return_rate_excluded),
        ('extension_rate', f.completed_month, true, f.extension_rate, f.extension_rate_excluded),
        ('wrong_return_count', f.dispatched_month, false, nullif(f.wrong_return_count, 0)::numeric, NULL),
        ('pending_appeal_count', f.opened_month, false, nullif(f.pending_appeal_count, 0)::numeric, NULL),
        ('pending_exclusion_count', f.opened_month, false, nullif(f.pending_exclusion_count, 0)::numeric, NULL)
    ) AS m(metric, month, is_rate, worth, reason)
    CROSS JOIN LATERAL (VALUES
        ('total', 'total'),
        ('unit', f.unit),
        ('section', f.unit || '/' || f.section),
        ('executor', f.unit || '/' || f.executor),
        ('trade', f.trade),
        ('street', f.street),
        ('source', f.source),
        ('category', f.category)
    ) AS g(by, key)
    WHERE m.month IS NOT NULL AND (m.worth IS NOT NULL OR m.reason IS NOT NULL)
    GROUP BY m.month, g.by, g.key, m.metric, m.is_rate, m.reason
)
SELECT c.month, c.by, c.key, c.metric, coalesce(sum(c.num), 0) AS num,
    CASE WHEN c.is_rate THEN sum(c.den)::integer END AS den,
    CASE WHEN c.is_rate THEN round(100 * sum(c.num) / nullif(sum(c.den), 0), 2) END AS value,
    coalesce(jsonb_object_agg(c.reason, c.excluded) FILTER (WHERE c.reason IS NOT NULL),
        '{}') AS excluded
FROM counted AS c
GROUP BY c.month, c.by, c.key, c.metric, c.is_rate;

COMMENT ON VIEW bi_v1.scores IS '考核数字：按月、按组，由考核事实即时算得，截至已计入的事件';

COMMENT ON COLUMN bi_v1.scores."month" IS '月份，如 2026-11';

COMMENT ON COLUMN bi_v1.scores."by" IS '分组：total、unit、section、executor、trade、street、source、category';

COMMENT ON COLUMN bi_v1.scores."key" IS '组；空为未知（未派单、未填等），总计为 total';

COMMENT ON COLUMN bi_v1.scores."metric" IS '指标，见 bi_v1.metrics';

COMMENT ON COLUMN bi_v1.scores."num" IS '分子；计数类指标即件数';

COMMENT ON COLUMN bi_v1.scores."den" IS '分母；计数类指标为空';

COMMENT ON COLUMN bi_v1.scores."value" IS '100×分子÷分母，四舍五入至两位；分母为 0 或计数类指标为空';

COMMENT ON COLUMN bi_v1.scores."excluded" IS '剔除的轮次数，按理由';

CREATE VIEW bi_v1.metrics AS
SELECT metric, name, definition, numerator, denominator, unit, version, month_column, waits_for_due
FROM (VALUES
    ('intake', '受理量', '期间内收到的工单数，按来件时间归期，每件只计一次', '收到的工单',
        NULL, '件', 1, 'opened_month', false),
    ('first_contact_rate', '先行联系率', '以市民回访所答为准，按办结时间归期', '市民称已先行联系',
        '期间内办结、回访中对先行联系作答的轮次', '%', 1, 'completed_month', false),
    ('first_contact_rate_ops', '先行联系率（过程口径）', '以联系记录为准，按先行联系时限归期；未办结的到期后计入', '时限内联系到市民，或按规定多次联系未果',
        '先行联系时限在期间内的工单', '%', 1, 'contact_month', true),
    ('on_time_completion_rate', '按时办结率', '按现行办结时限归期，到期未办结计为不按时', '在时限内办结',
        '办结时限在期间内的轮次；未办结的到期后计入', '%', 1, 'due_month', true),
    ('on_time_completion_rate_closed', '按时办结率（办结口径）', '按办结时间归期', '在时限内办结',
        '期间内办结的轮次', '%', 1, 'completed_month', false),
    ('timely_reply_rate', '及时回复率', '按回复时限归期；回复时限为办结时限与反馈后一个工作日两者中较早的', '在时限内回复',
        '须回复、回复时限在期间内的轮次；未办结的到期后计入', '%', 1, 'reply_month', true),
    ('actual_resolution_rate', '实际解决率', '以结案评判为准，按办结时间归期', '实际解决',
        '期间内办结、评判为实际解决或解释说明的轮次', '%', 1, 'completed_month', false),
    ('actual_resolution_rate_reasonable_only', '实际解决率（合理诉求）', '同实际解决率，只看事实成立（属实、部分属实）且诉求合理合法的', '实际解决',
        '期间内办结的合理诉求，评判为实际解决或解释说明的轮次', '%', 1, 'completed_month', false),
    ('actual_resolution_rate_explained_counts', '实际解决率（解释亦计）', '同实际解决率，解释说明也计入分子', '实际解决或解释说明',
        '期间内办结、评判为实际解决或解释说明的轮次', '%', 1, 'completed_month', false),
    ('satisfaction_score', '满意度测评得分', '满意计1、基本满意0.8、一般0.6、不满意0，按办结时间归期', '各次评价的分值之和',
        '期间内办结、回访中作出评价的轮次', '分', 1, 'completed_month', false),
    ('overdue_count', '超期数', '办结时限在期间内、未按时办结的轮次', '超期的轮次',
        NULL, '件', 1, 'due_month', true),
    ('dissatisfied_count', '不满意数', '期间内办结、回访评价为不满意的轮次', '不满意的轮次',
        NULL, '件', 1, 'completed_month', false),
    ('repeat_count', '重复件数', '期间内收到、属重复的工单', '重复的工单',
        NULL, '件', 1, 'opened_month', false),
    ('rework_count', '重办数', '期间内开始的重办轮次（首轮不计）', '重办的轮次',
        NULL, '件', 1, 'opened_month', false),
    ('praise_count', '表扬数', '期间内收到的表扬', '表扬的工单',
        NULL, '件', 1, 'opened_month', false),
    ('timely_accept_rate', '及时接单率', '按本轮最后派单的时间归期；未办结的，接单时限到期后计入', '在时限内接单',
        '期间内派单的轮次', '%', 1, 'dispatched_month', true),
    ('repeat_rate', '重复率', '按来件时间归期，每件只计一次', '属重复的工单',
        '期间内收到的工单', '%', 1, 'opened_month', false),
    ('rework_rate', '重办率', '按办结时间归期', '其后又重办的轮次',
        '期间内办结的轮次', '%', 1, 'completed_month', false),
    ('return_rate', '退单率', '按本轮最后派单的时间归期，计在最后派给的单位', '曾由单位申请退单的轮次',
        '期间内派单的轮次', '%', 1, 'dispatched_month', false),
    ('extension_rate', '延期率', '按办结时间归期', '上级准予延期的轮次',
        '期间内办结的轮次', '%', 1, 'completed_month', false),
    ('wrong_return_count', '错退数', '期间内派单、退单申请未获准的轮次', '错退的轮次',
        NULL, '件', 1, 'dispatched_month', false),
    ('pending_appeal_count', '待决申诉数', '期间内开始、申诉尚未决定的轮次', '有待决申诉的轮次',
        NULL, '件', 1, 'opened_month', false),
    ('pending_exclusion_count', '待决剔除数', '期间内收到、剔除尚未决定的工单', '有待决剔除的工单',
        NULL, '件', 1, 'opened_month', false)
) AS m(metric, name, definition, numerator, denominator, unit, version, month_column, waits_for_due);

COMMENT ON VIEW bi_v1.metrics IS '指标目录';

COMMENT ON COLUMN bi_v1.metrics."metric" IS '指标代号，即 bi_v1.facts 的列名';

COMMENT ON COLUMN bi_v1.metrics."name" IS '名称';

COMMENT ON COLUMN bi_v1.metrics."definition" IS '口径';

COMMENT ON COLUMN bi_v1.metrics."numerator" IS '分子';

COMMENT ON COLUMN bi_v1.metrics."denominator" IS '分母；空为计数类';

COMMENT ON COLUMN bi_v1.metrics."unit" IS '单位';

COMMENT ON COLUMN bi_v1.metrics."version" IS '版本';

COMMENT ON COLUMN bi_v1.metrics."month_column" IS '归期所用的列';

COMMENT ON COLUMN bi_v1.metrics."waits_for_due" IS '未办结的是否到期后才计入';

CREATE VIEW bi_v1.units WITH (security_barrier = true) AS
SELECT t."unit_id", t."parent_id", t."kind", t."name", t."trades", t."depth", t."is_sample", t."valid_from"
FROM public.units AS t
WHERE t.bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer;

COMMENT ON VIEW bi_v1.units IS '承办单位（树）';

COMMENT ON COLUMN bi_v1.units."unit_id" IS '单位代号';

COMMENT ON COLUMN bi_v1.units."parent_id" IS '上级单位';

COMMENT ON COLUMN bi_v1.units."kind" IS '单位类别';

COMMENT ON COLUMN bi_v1.units."name" IS '单位名称';

COMMENT ON COLUMN bi_v1.units."trades" IS '承办行业';

COMMENT ON COLUMN bi_v1.units."depth" IS '自局起的层级';

COMMENT ON COLUMN bi_v1.units."is_sample" IS '样例数据';

COMMENT ON COLUMN bi_v1.units."valid_from" IS '启用时间';

CREATE VIEW bi_v1.city_ranks WITH (security_barrier = true) AS
SELECT t."scope", t."period", t."rank", t."of", t."score", t."source", t."published_at"
FROM public.city_ranks AS t
WHERE t.bureau_id = nullif(current_setting('minhu.bureau_id', true), '')::integer;

COMMENT ON VIEW bi_v1.city_ranks IS '市级排名（导入，不计算）';

COMMENT ON COLUMN bi_v1.city_ranks."scope" IS '排名范围';

COMMENT ON COLUMN bi_v1.city_ranks."period" IS '月份';

COMMENT ON COLUMN bi_v1.city_ranks."rank" IS '名次';

COMMENT ON COLUMN bi_v1.city_ranks."of" IS '参评数';

COMMENT ON COLUMN bi_v1.city_ranks."score" IS '得分（十进制文本）';

COMMENT ON COLUMN bi_v1.city_ranks."source" IS '来源平台';

COMMENT ON COLUMN bi_v1.city_ranks."published_at" IS '发布时间';
