"""What has to break for each hostile test to fail, as data: test, file, what stands, what instead.

`make mutations` breaks a copy of the tree once for each, runs the one test and demands that it
fails. What has been seen to fail is remembered until test, file or mutation change.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """`old` stands exactly once in `file`."""

    test: str
    file: str
    old: str
    new: str


BODIES, TEXTS, WIRE = "shared/web/bodies.py", "shared/web/texts.py", "shared/web/wire.py"
CURSORS, SIGNATURES = "shared/web/cursors.py", "shared/web/signatures.py"
PERFORM, LISTING = "services/dispatch/routes/perform.py", "services/dispatch/listing.py"
IDEMPOTENCY, ADDRESSES = "shared/web/idempotency.py", "shared/outgoing/addresses.py"
SHEETS, FORMS = "services/scoring/sheets.py", "services/scoring/exports/forms.py"
TRACING, AUTH = "shared/web/tracing.py", "shared/web/auth.py"
SCORES, GAMING = "services/scoring/routes/scores.py", "services/scoring/rules/gaming.py"

MUTATIONS = [
    Mutation(
        "test_bodies.py::test_size_a_body_without_a_length_is_given_up_as_soon_as_it_is_too_large",
        BODIES,
        "                if size > limit:",
        "                if size > 1000 * limit:",
    ),
    Mutation(
        "test_bodies.py::test_size_a_declared_length_is_believed_only_where_it_refuses",
        BODIES,
        "declared.isascii() and declared.isdigit()",
        "declared.isdigit()",
    ),
    Mutation(
        "test_bodies.py::test_size_of_a_push_is_checked_before_its_signature",
        BODIES,
        "MAX_BODY = 262_144",
        "MAX_BODY = 262_143",
    ),
    Mutation(
        "test_bodies.py::test_compression_a_packed_body_is_never_unpacked",
        BODIES,
        '.strip().lower() != "identity"',
        '.strip().lower() == "none"',
    ),
    Mutation(
        "test_bodies.py::test_compression_a_packed_push_is_refused_and_nothing_kept",
        "services/intake/routes/webhooks.py",
        "    check_json_type(request)\n",
        "",
    ),
    Mutation(
        "test_bodies.py::test_depth_nesting_is_refused_without_falling_over",
        TEXTS,
        "MAX_DEPTH = 64",
        "MAX_DEPTH = 2_000",
    ),
    Mutation(
        "test_bodies.py::test_width_of_a_hundred_faults_and_more_only_the_first_are_named",
        BODIES,
        "MOST_FAULTS = 100",
        "MOST_FAULTS = 100_000",
    ),
    Mutation(
        "test_bodies.py::test_echo_a_field_name_of_a_hundred_thousand_letters_is_not_sent_back",
        BODIES,
        "LONGEST_NAME = 100",
        "LONGEST_NAME = 1_000_000",
    ),
    Mutation(
        "test_bodies.py::test_twice_named_the_ticket_checked_is_the_ticket_merged_into",
        BODIES,
        "    refuse_twice(raw)\n",
        "",
    ),
    Mutation(
        "test_bodies.py::test_encoding_what_is_no_json_text_is_refused",
        BODIES,
        "    refuse_nul(raw, value)\n",
        "",
    ),
    Mutation(
        "test_bodies.py::test_content_type_what_does_not_claim_to_be_utf8_json_is_refused",
        BODIES,
        " or not set(charsets) <= UTF_8",
        "",
    ),
    Mutation(
        "test_bodies.py::test_content_type_twice_is_no_way_round",
        BODIES,
        'if kind.strip() != "application/json"',
        'if "json" not in str(request.headers.getlist("content-type"))',
    ),
    Mutation(
        "test_bodies.py::test_mass_assignment_a_field_of_the_servers_own_is_refused",
        BODIES,
        'extra="forbid"',
        'extra="ignore"',
    ),
    Mutation(
        "test_addresses.py::test_host_and_forwarding_headers_are_found_nowhere_in_an_answer",
        CURSORS,
        'link = f"{request.url.path}?',
        'link = f"{request.url}?',
    ),
    Mutation(
        "test_addresses.py::test_forwarding_headers_open_no_door",
        AUTH,
        '    if scheme.lower() != "bearer" or not token:',
        '    if request.headers.get("x-real-ip") == "127.0.0.1":\n'
        "        token = next(iter(request.app.state.keys._known), token)\n"
        '    elif scheme.lower() != "bearer" or not token:',
    ),
    Mutation(
        "test_addresses.py::test_method_override_is_not_heard",
        TRACING,
        "        parent = traceparent(scope).encode()\n",
        "        parent = traceparent(scope).encode()\n"
        "        told = dict(scope['headers']).get(b'x-http-method-override')\n"
        "        scope['method'] = told.decode() if told else scope['method']\n",
    ),
    Mutation(
        "test_addresses.py::test_path_tricks_lead_nowhere_new",
        "shared/web/app.py",
        "redirect_slashes=False",
        "redirect_slashes=True",
    ),
    Mutation(
        "test_addresses.py::test_path_a_nul_is_found_nowhere_whichever_route_it_is_in",
        "shared/web/paths.py",
        'and "\\0" in scope["path"]',
        'and "\\0\\0" in scope["path"]',
    ),
    Mutation(
        "test_addresses.py::test_authorization_in_any_other_place_or_spelling_is_none",
        AUTH,
        'scheme.lower() != "bearer" or not token',
        "not token",
    ),
    Mutation(
        "test_addresses.py::test_verbs_nobody_serves_are_refused_alike",
        "shared/web/problems.py",
        '405: ("method-not-allowed"',
        '406: ("method-not-allowed"',
    ),
    Mutation(
        "test_addresses.py::test_query_given_twice_or_unknown_answers_no_other_question",
        CURSORS,
        "        if name in seen:",
        "        if name in seen - set(known):",
    ),
    Mutation(
        "test_addresses.py::test_body_of_a_read_is_not_read",
        "services/dispatch/routes/tickets.py",
        "        ticket, beside = await visible_ticket(ledger, no, caller.actor)\n"
        "        body = ticket_answer(",
        "        no = 'T20261118-000001' if no else no\n"
        "        ticket, beside = await visible_ticket(ledger, no + 'x', caller.actor)\n"
        "        body = ticket_answer(",
    ),
    Mutation(
        "test_cursors.py::test_tampering_every_byte_of_a_cursor_counts",
        CURSORS,
        "TAG_BYTES = 16",
        "TAG_BYTES = 16  # and the first is not looked at\nhmac.compare_digest = "
        "lambda a, b: a[1:] == b[1:]  # type: ignore[assignment]",
    ),
    Mutation(
        "test_cursors.py::test_forging_a_cursor_without_the_key_is_refused",
        CURSORS,
        "if not is_ours or _spelled(raw) != cursor:",
        "if (not is_ours and tag != bytes(16)) or _spelled(raw) != cursor:",
    ),
    Mutation(
        "test_cursors.py::test_swapping_a_cursor_opens_only_for_its_list_key_and_filters",
        "services/dispatch/routes/tickets.py",
        "{caller.bureau}:{actor.key}:{sort}",
        "{caller.bureau}:{sort}",
    ),
    Mutation(
        "test_cursors.py::test_swapping_a_cursor_between_bureaus_is_refused",
        "services/dispatch/routes/feed.py",
        'f"feed:{caller.bureau}:',
        'f"feed:',
    ),
    Mutation(
        "test_searching.py::test_sql_in_a_filter_is_only_a_word",
        LISTING,
        "strpos(lower(x.body), lower(:q)) > 0",
        "lower(x.body) LIKE '%' || lower(:q) || '%'",
    ),
    Mutation(
        "test_searching.py::test_like_patterns_in_q_stand_for_themselves",
        LISTING,
        "strpos(lower(x.body), lower(:q)) > 0",
        "x.body ~ :q",
    ),
    Mutation(
        "test_searching.py::test_times_that_no_calendar_knows_are_refused",
        LISTING,
        "if at.year not in YEARS:",
        "if at.year in ():",
    ),
    Mutation(
        "test_searching.py::test_marks_in_the_filters_of_every_other_list_are_only_words",
        "services/dispatch/routes/dead_letters.py",
        'if subscriber is not None and "\\0" in subscriber:',
        'if subscriber is not None and "\\0\\0" in subscriber:',
    ),
    Mutation(
        "test_searching.py::test_numbers_beyond_any_column_are_refused",
        CURSORS,
        "not given.isascii() or not given.isdigit() or",
        "not given.isdigit() or",
    ),
    Mutation(
        "test_signing.py::test_timestamp_edges_of_five_minutes_of_real_time",
        SIGNATURES,
        "TOLERANCE_SECONDS = 300",
        "TOLERANCE_SECONDS = 400",
    ),
    Mutation(
        "test_signing.py::test_signatures_of_which_none_is_ours_are_none",
        SIGNATURES,
        "            matched |= hmac.compare_digest(expected, one)",
        "            matched |= hmac.compare_digest(expected[3:], one.split(b',')[-1])",
    ),
    Mutation(
        "test_signing.py::test_signatures_among_which_one_is_ours_are_enough",
        SIGNATURES,
        "            matched |= hmac.compare_digest(expected, one)",
        "            matched = hmac.compare_digest(expected, one)",
    ),
    Mutation(
        "test_signing.py::test_replay_under_another_source_another_id_or_another_body_is_refused",
        SIGNATURES,
        'signed = f"{message_id}.{timestamp}.".encode("latin-1") + body',
        'signed = f"m-1.{timestamp}.".encode("latin-1") + body',
    ),
    Mutation(
        "test_signing.py::test_moving_the_dots_between_id_time_and_body_gains_nothing",
        SIGNATURES,
        'text.isascii() and text.isprintable() and " " not in text',
        "text.isprintable()",
    ),
    Mutation(
        "test_signing.py::test_foreign_source_and_unknown_source_answer_in_the_same_bytes",
        SIGNATURES,
        "    if source is not NOBODY and is_signed(source, headers, body):\n",
        "    if source is NOBODY:\n        raise BadSignature('没有这个来源')\n"
        "    if source is not NOBODY and is_signed(source, headers, body):\n",
    ),
    Mutation(
        "test_signing.py::test_secret_of_a_source_is_no_api_key_and_a_key_no_signature",
        AUTH,
        "    keys: KeyStore = request.app.state.keys\n",
        "    keys: KeyStore = request.app.state.keys\n"
        '    if token.startswith("whsec_"):\n'
        "        return next(iter(keys._known.values()))[2]\n",
    ),
    Mutation(
        "test_repeating.py::test_key_of_another_caller_replays_nothing",
        IDEMPOTENCY,
        'key=identity.actor.key or "",',
        'key="shared",',
    ),
    Mutation(
        "test_repeating.py::test_key_for_another_path_or_body_is_refused",
        IDEMPOTENCY,
        'head = f"{request.method} {request.url.path}\\n".encode()',
        'head = f"{request.method}\\n".encode()',
    ),
    Mutation(
        "test_repeating.py::test_key_of_any_shape_is_one_to_255_characters_taken_as_they_are",
        IDEMPOTENCY,
        "MAX_LENGTH = 255",
        "MAX_LENGTH = 256",
    ),
    Mutation(
        "test_repeating.py::test_version_spelled_oddly_never_passes_for_the_present_one",
        PERFORM,
        "return str(version) in versions",
        "return any(str(version) in one for one in versions)",
    ),
    Mutation(
        "test_repeating.py::test_version_of_what_may_not_be_seen_is_not_told",
        PERFORM,
        "        check_visible(ticket, actor)\n        assert ticket is not None\n        is_c",
        "        assert ticket is not None\n        check_match(request, ticket)\n"
        "        check_visible(ticket, actor)\n        is_c",
    ),
    Mutation(
        "test_repeating.py::test_fifty_writers_with_one_version_make_one_winner",
        PERFORM,
        "        check_match(request, case.ticket)\n",
        "",
    ),
    Mutation(
        "test_telling.py::test_counting_a_units_list_has_its_own_and_no_further_page",
        LISTING,
        "    if reader is not None:\n",
        '    if reader is not None and listing.sort == "due":\n',
    ),
    Mutation(
        "test_telling.py::test_searching_for_a_word_of_others_tickets_finds_nothing",
        LISTING,
        "    if reader is not None:\n",
        '    if reader is not None and "q" not in names:\n',
    ),
    Mutation(
        "test_telling.py::test_following_the_feed_passes_over_what_others_do_without_a_trace",
        "services/dispatch/routes/feed.py",
        "            ledger.tx, unit=unit, xid=xid",
        "            ledger.tx, unit=None, xid=xid",
    ),
    Mutation(
        "test_telling.py::test_guessing_neighbouring_numbers_answers_as_for_none",
        PERFORM,
        '        raise NotFound("没有这个工单，或您无权查看")\n',
        '        raise NotFound("没有这个工单" if ticket is None else "您无权查看")\n',
    ),
    Mutation(
        "test_telling.py::test_asking_for_a_foreign_ticket_any_fault_of_the_request_comes_after_the_404",
        PERFORM,
        "    raw = await read_body(request)\n",
        "    raw = await read_body(request)\n    parse(action.body, raw)\n",
    ),
    Mutation(
        "test_telling.py::test_naming_a_foreign_ticket_in_a_body_tells_nothing_of_it",
        "services/dispatch/rules/feedback.py",
        "    elif given.contact_id not in known:",
        '    elif given.contact_id not in known and given.contact_id != "C999999":',
    ),
    Mutation(
        "test_telling.py::test_matters_count_for_a_unit_what_it_may_see",
        "services/dispatch/matter_queries.py",
        '    " AND u.unit_id = :reader AND u.ticket_id = t.ticket_id)"\n',
        '    " AND u.unit_id = :reader)"\n',
    ),
    Mutation(
        "test_telling.py::test_complained_of_the_unit_finds_the_ticket_in_no_figure_either",
        SCORES,
        "for one in page.rounds[:limit] if one.no not in barred]",
        "for one in page.rounds[:limit]]",
    ),
    Mutation(
        "test_outgoing.py::test_ssrf_no_subscription_leads_inside",
        ADDRESSES,
        '        "64:ff9b::/96",\n',
        "",
    ),
    Mutation(
        "test_outgoing.py::test_ssrf_no_callback_of_a_platform_leads_inside",
        "services/intake/routes/callbacks.py",
        "        await check_url(url, reach_of(hotline.settings))\n",
        "        assert url\n",
    ),
    Mutation(
        "test_outgoing.py::test_ssrf_a_redirect_is_not_followed",
        "shared/outgoing/client.py",
        "follow_redirects=False",
        "follow_redirects=True",
    ),
    Mutation(
        "test_outgoing.py::test_ssrf_what_a_receiver_answers_is_not_shown",
        "shared/web/calls.py",
        '        "tries": orjson.loads(row.tries),\n',
        '        "tries": orjson.loads(row.tries),\n        "answer": "inner-secret-7f3a",\n',
    ),
    Mutation(
        "test_outgoing.py::test_links_with_a_script_are_no_evidence",
        "services/scoring/sanitation_schemas.py",
        'URL = re.compile(r"https?://[^\\s]+", re.IGNORECASE)',
        'URL = re.compile(r"[^\\s]+", re.IGNORECASE)',
    ),
    Mutation(
        "test_exports.py::test_formula_in_a_cell_of_an_export_is_text",
        FORMS,
        "\\t\\r\\n＝＋－＠]",
        "\\t\\r\\n]",
    ),
    Mutation(
        "test_exports.py::test_packed_file_that_grows_is_refused_before_it_does",
        SHEETS,
        "        _check_packing(raw)\n",
        "",
    ),
    Mutation(
        "test_exports.py::test_tricks_in_a_csv_are_refused_by_their_row",
        SHEETS,
        'FORMULA = "="',
        'FORMULA = "never"',
    ),
    Mutation(
        "test_exports.py::test_files_of_another_kind_than_they_claim_are_refused",
        SHEETS,
        "    zipfile.BadZipFile,\n",
        "",
    ),
    Mutation(
        "test_exports.py::test_robot_messages_carry_no_word_of_anybody",
        "services/dispatch/routes/notices.py",
        '        "label": NOTICES[NoticeKind(row.kind)],\n',
        '        "label": "@all",\n',
    ),
    Mutation(
        "test_exports.py::test_markup_in_a_text_stays_a_text_and_no_answer_is_a_page",
        TRACING,
        '(b"x-content-type-options", b"nosniff")',
        '(b"x-content-type-options", b"sniff")',
    ),
    Mutation(
        "test_wire.py::test_head_of_a_megabyte_is_refused_before_it_is_kept",
        WIRE,
        "MAX_HEAD = 65_536",
        "MAX_HEAD = 65_536_000",
    ),
    Mutation(
        "test_wire.py::test_slow_head_is_given_up",
        WIRE,
        "        elif not self.transport.is_closing():\n            self.transport.close()\n",
        "",
    ),
    Mutation(
        "test_wire.py::test_slow_body_is_given_up",
        BODIES,
        "async with asyncio.timeout(PATIENCE_SECONDS):",
        "async with asyncio.timeout(None):",
    ),
    Mutation(
        "test_wire.py::test_smuggling_a_length_beside_chunks_is_refused_and_what_follows_not_read",
        WIRE,
        "        super().__init__(*args, **options)\n",
        "        super().__init__(*args, **options)\n"
        "        self.parser.set_dangerous_leniencies(lenient_chunked_length=True)\n",
    ),
    Mutation(
        "test_exports.py::test_entities_in_a_sheet_expand_to_nothing",
        SHEETS,
        "    ParseError,\n",
        "",
    ),
    Mutation(
        "test_outgoing.py::test_attachments_are_links_of_the_web_and_nothing_else",
        "services/dispatch/schemas.py",
        "https?://",
        "",
    ),
    Mutation(
        "test_wire.py::test_pipelining_requests_are_answered_one_by_one_in_their_order",
        WIRE,
        "        super().on_message_begin()\n        self._wait()\n",
        "        super().on_message_begin()\n        if self.cycle is not None:\n"
        "            self.transport.close()\n        self._wait()\n",
    ),
    Mutation(
        "test_gaming.py::test_gaming_bulk_contacts_and_copied_words_are_flagged_and_cost_nothing",
        GAMING,
        "BULK, BULK_WITHIN = 10,",
        "BULK, BULK_WITHIN = 11,",
    ),
    Mutation(
        "test_gaming.py::test_gaming_a_unit_sees_what_is_said_of_it_and_of_nobody_else",
        "services/scoring/routes/flags.py",
        "list_deeds(ledger.tx, period, scope=scope)",
        "list_deeds(ledger.tx, period, scope=None)",
    ),
    Mutation(
        "test_gaming.py::test_gaming_feedback_just_before_its_due_is_flagged",
        GAMING,
        "timedelta() <= deed.due - deed.at <=",
        "timedelta() < deed.due - deed.at <=",
    ),
]
