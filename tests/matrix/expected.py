"""What every cell of action × state × relation answers, written down from the domain (§5) and the
contract (§4, §7). It imports nothing: it is compared with the code, never made from it.

    +  200    !  409    x  403    -  404    .  no such cell: nobody has that part in that state

The first fifteen columns are the states, the last ten what a state may carry:

    R received             T triaged              D dispatched        A accepted
    I in_progress          F feedback_submitted   P replied           C completed
    U followed_up          Z archived             Q return_pending    B returned_upstream
    W rework               M merged               V voided

    d dispatched and a accepted, each with the unit's return pending (ruling 15)
    e in_progress with an extension pending, g with one granted this round (ruling 9)
    v in_progress with a void pending (ruling 21)
    n feedback_submitted where no reply is needed (ruling 14)
    t triaged, the upstream return refused before (ruling 15)
    p in_progress with an appeal pending, x with an exclusion pending, y with one granted

Every ticket is a repeat: that is what is appealed against. A row `*` speaks for the actions that
have no row of their own.

Every body sent is sound and in time, so that nothing but who, what and when is left to refuse it
(ruling 29: 401, 404, 403, stored answer, 422, 412, 409).
"""

# What each row rests on, where the part has something to do there.
RULINGS = {
    "desk": {
        "triage": "§5 rows 2, 16; rulings 13, 23: “`triage` may be repeated in `triaged`”",
        "dispatch": "ruling 13: “`dispatch` only from `triaged`”",
        "contact": "§5 row 8: any open",
        "site-visit": "ruling 13: “in other open states a site-visit changes no state”",
        "reject-feedback": "§5 row 12",
        "reply": "§5 row 13",
        "complete": "§5 row 14; ruling 14: “`complete` is allowed from `feedback_submitted`”",
        "follow-up": "§5 row 15",
        "urge": "§4; §5: urge never changes state",
        "supervise": "§4",
        "decide-return": "ruling 15: only a pending one",
        "request-upstream-return": "§5 row 3; ruling 15: “no second request”",
        "request-extension": "§5 row 10: open; ruling 9: one per round",
        "reveal": "§4; ruling 32: “closed ticket 403”",
        "merge": "§5 row 17: TRIAGED..IN_PROGRESS",
        "void": "§5 row 19: any; ruling 21: it leaves the state",
        "exclude": "§4; ruling 40: what is out of all KPI already is in none to leave out",
    },
    "leader": {
        "site-visit": "§4: desk, unit, leader",
        "urge": "§4: desk, leader",
        "supervise": "§4: desk, leader",
        "decide-extension": "§4: leader; ruling 9: a pending one",
        "confirm-void": "§4: leader; ruling 21: a pending one",
        "decide-appeal": "§4: leader; a pending one",
        "decide-exclusion": "§4: leader; a pending one",
    },
    "lead": {
        "accept": "§5 row 6",
        "contact": "§5 row 8; ruling 15: until decided “the unit may only `contact`”",
        "dispose": "ruling 13: from accepted on",
        "site-visit": "§4; ruling 13",
        "feedback": "ruling 13: “`feedback` only from `in_progress`”",
        "reply": "§5 row 13; ruling 17: the lead's",
        "return": "§5 row 7: DISPATCHED/ACCEPTED; ruling 17",
        "request-extension": "§5 row 10: open; rulings 9, 17",
        "reveal": "§4: own, open; rulings 15, 32",
        "appeal": "§4; ruling 37: who led the round last; ruling 15: not while a return waits",
    },
}

ORDINARY = {
    # The desk (受理员).
    "desk": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    triage                  + + ! ! ! ! ! ! ! ! ! ! + ! ! ! ! ! ! ! ! + ! ! !
    dispatch                ! + ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! + ! ! !
    accept                  x x x x x x x x x x x x x x x x x x x x x x x x x
    contact                 + + + + + + + ! ! ! + ! + ! ! + + + + + + + + + +
    dispose                 x x x x x x x x x x x x x x x x x x x x x x x x x
    site-visit              + + + + + + + ! ! ! + ! + ! ! + + + + + + + + + +
    feedback                x x x x x x x x x x x x x x x x x x x x x x x x x
    reject-feedback         ! ! ! ! ! + ! ! ! ! ! ! ! ! ! ! ! ! ! ! + ! ! ! !
    reply                   ! ! ! ! ! + ! ! ! ! ! ! ! ! ! ! ! ! ! ! + ! ! ! !
    complete                ! ! ! ! ! ! + ! ! ! ! ! ! ! ! ! ! ! ! ! + ! ! ! !
    follow-up               ! ! ! ! ! ! ! + ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! !
    urge                    + + + + + + + ! ! ! + ! + ! ! + + + + + + + + + +
    supervise               + + + + + + + ! ! ! + ! + ! ! + + + + + + + + + +
    reveal                  + + + + + + + x x x + x + x x + + + + + + + + + +
    return                  x x x x x x x x x x x x x x x x x x x x x x x x x
    decide-return           ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! + + ! ! ! ! ! ! ! !
    request-upstream-return + + ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! !
    request-extension       + + + + + + + ! ! ! + ! + ! ! + + ! ! + + + + + +
    decide-extension        x x x x x x x x x x x x x x x x x x x x x x x x x
    merge                   ! + + + + ! ! ! ! ! ! ! ! ! ! + + + + + ! + + + +
    void                    + + + + + + + + + + + + + + ! + + + + ! + + + + +
    confirm-void            x x x x x x x x x x x x x x x x x x x x x x x x x
    appeal                  x x x x x x x x x x x x x x x x x x x x x x x x x
    decide-appeal           x x x x x x x x x x x x x x x x x x x x x x x x x
    exclude                 + + + + + + + + + + + ! + ! ! + + + + + + + + ! !
    decide-exclusion        x x x x x x x x x x x x x x x x x x x x x x x x x
    """,
    # The leader (局领导): ruling 30, “Roles are exact”.
    "leader": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    triage                  x x x x x x x x x x x x x x x x x x x x x x x x x
    dispatch                x x x x x x x x x x x x x x x x x x x x x x x x x
    accept                  x x x x x x x x x x x x x x x x x x x x x x x x x
    contact                 x x x x x x x x x x x x x x x x x x x x x x x x x
    dispose                 x x x x x x x x x x x x x x x x x x x x x x x x x
    site-visit              + + + + + + + ! ! ! + ! + ! ! + + + + + + + + + +
    feedback                x x x x x x x x x x x x x x x x x x x x x x x x x
    reject-feedback         x x x x x x x x x x x x x x x x x x x x x x x x x
    reply                   x x x x x x x x x x x x x x x x x x x x x x x x x
    complete                x x x x x x x x x x x x x x x x x x x x x x x x x
    follow-up               x x x x x x x x x x x x x x x x x x x x x x x x x
    urge                    + + + + + + + ! ! ! + ! + ! ! + + + + + + + + + +
    supervise               + + + + + + + ! ! ! + ! + ! ! + + + + + + + + + +
    reveal                  x x x x x x x x x x x x x x x x x x x x x x x x x
    return                  x x x x x x x x x x x x x x x x x x x x x x x x x
    decide-return           x x x x x x x x x x x x x x x x x x x x x x x x x
    request-upstream-return x x x x x x x x x x x x x x x x x x x x x x x x x
    request-extension       x x x x x x x x x x x x x x x x x x x x x x x x x
    decide-extension        ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! + ! ! ! ! ! ! !
    merge                   x x x x x x x x x x x x x x x x x x x x x x x x x
    void                    x x x x x x x x x x x x x x x x x x x x x x x x x
    confirm-void            ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! + ! ! ! ! !
    appeal                  x x x x x x x x x x x x x x x x x x x x x x x x x
    decide-appeal           ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! + ! !
    exclude                 x x x x x x x x x x x x x x x x x x x x x x x x x
    decide-exclusion        ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! ! + !
    """,
    # The lead (主办), a section of the bureau.
    "lead": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    triage                  . . x x x x x x x x . . . x x x x x x x x . x x x
    dispatch                . . x x x x x x x x . . . x x x x x x x x . x x x
    accept                  . . + ! ! ! ! ! ! ! . . . ! ! ! ! ! ! ! ! . ! ! !
    contact                 . . + + + + + ! ! ! . . . ! ! + + + + + + . + + +
    dispose                 . . ! + + ! ! ! ! ! . . . ! ! ! ! + + + ! . + + +
    site-visit              . . + + + + + ! ! ! . . . ! ! ! ! + + + + . + + +
    feedback                . . ! ! + ! ! ! ! ! . . . ! ! ! ! + + + ! . + + +
    reject-feedback         . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . ! ! ! + ! ! ! ! . . . ! ! ! ! ! ! ! + . ! ! !
    complete                . . x x x x x x x x . . . x x x x x x x x . x x x
    follow-up               . . x x x x x x x x . . . x x x x x x x x . x x x
    urge                    . . x x x x x x x x . . . x x x x x x x x . x x x
    supervise               . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . + + + + + x x x . . . x x ! ! + + + + . + + +
    return                  . . + + ! ! ! ! ! ! . . . ! ! ! ! ! ! ! ! . ! ! !
    decide-return           . . x x x x x x x x . . . x x x x x x x x . x x x
    request-upstream-return . . x x x x x x x x . . . x x x x x x x x . x x x
    request-extension       . . + + + + + ! ! ! . . . ! ! ! ! ! ! + + . + + +
    decide-extension        . . x x x x x x x x . . . x x x x x x x x . x x x
    merge                   . . x x x x x x x x . . . x x x x x x x x . x x x
    void                    . . x x x x x x x x . . . x x x x x x x x . x x x
    confirm-void            . . x x x x x x x x . . . x x x x x x x x . x x x
    appeal                  . . + + + + + + + + . . . ! ! ! ! + + + + . ! + +
    decide-appeal           . . x x x x x x x x . . . x x x x x x x x . x x x
    exclude                 . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-exclusion        . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    # A contractor as lead. Ruling 17: “`reply` by a contractor is 403”.
    "contractor": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    triage                  . . x x x x x x x x . . . x x x x x x x x . x x x
    dispatch                . . x x x x x x x x . . . x x x x x x x x . x x x
    accept                  . . + ! ! ! ! ! ! ! . . . ! ! ! ! ! ! ! ! . ! ! !
    contact                 . . + + + + + ! ! ! . . . ! ! + + + + + + . + + +
    dispose                 . . ! + + ! ! ! ! ! . . . ! ! ! ! + + + ! . + + +
    site-visit              . . + + + + + ! ! ! . . . ! ! ! ! + + + + . + + +
    feedback                . . ! ! + ! ! ! ! ! . . . ! ! ! ! + + + ! . + + +
    reject-feedback         . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . x x x x x x x x . . . x x x x x x x x . x x x
    complete                . . x x x x x x x x . . . x x x x x x x x . x x x
    follow-up               . . x x x x x x x x . . . x x x x x x x x . x x x
    urge                    . . x x x x x x x x . . . x x x x x x x x . x x x
    supervise               . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . + + + + + x x x . . . x x ! ! + + + + . + + +
    return                  . . + + ! ! ! ! ! ! . . . ! ! ! ! ! ! ! ! . ! ! !
    decide-return           . . x x x x x x x x . . . x x x x x x x x . x x x
    request-upstream-return . . x x x x x x x x . . . x x x x x x x x . x x x
    request-extension       . . + + + + + ! ! ! . . . ! ! ! ! ! ! + + . + + +
    decide-extension        . . x x x x x x x x . . . x x x x x x x x . x x x
    merge                   . . x x x x x x x x . . . x x x x x x x x . x x x
    void                    . . x x x x x x x x . . . x x x x x x x x . x x x
    confirm-void            . . x x x x x x x x . . . x x x x x x x x . x x x
    appeal                  . . + + + + + + + + . . . ! ! ! ! + + + + . ! + +
    decide-appeal           . . x x x x x x x x . . . x x x x x x x x . x x x
    exclude                 . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-exclusion        . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    # An assist (协办) not yet begun. Ruling 16: “`accept` and `dispose` go by its own state,
    # whatever the ticket's (until it is archived, voided, merged or returned)”; ruling 17.
    "assist_assigned": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    triage                  . . x x x x x x x x . . . x x x x x x x x . x x x
    dispatch                . . x x x x x x x x . . . x x x x x x x x . x x x
    accept                  . . + + + + + + + ! . . . ! ! + + + + + + . + + +
    contact                 . . + + + + + ! ! ! . . . ! ! + + + + + + . + + +
    dispose                 . . ! ! ! ! ! ! ! ! . . . ! ! ! ! ! ! ! ! . ! ! !
    site-visit              . . + + + + + ! ! ! . . . ! ! + + + + + + . + + +
    feedback                . . x x x x x x x x . . . x x x x x x x x . x x x
    reject-feedback         . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . x x x x x x x x . . . x x x x x x x x . x x x
    complete                . . x x x x x x x x . . . x x x x x x x x . x x x
    follow-up               . . x x x x x x x x . . . x x x x x x x x . x x x
    urge                    . . x x x x x x x x . . . x x x x x x x x . x x x
    supervise               . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . + + + + + x x x . . . x x + + + + + + . + + +
    return                  . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-return           . . x x x x x x x x . . . x x x x x x x x . x x x
    request-upstream-return . . x x x x x x x x . . . x x x x x x x x . x x x
    request-extension       . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-extension        . . x x x x x x x x . . . x x x x x x x x . x x x
    merge                   . . x x x x x x x x . . . x x x x x x x x . x x x
    void                    . . x x x x x x x x . . . x x x x x x x x . x x x
    confirm-void            . . x x x x x x x x . . . x x x x x x x x . x x x
    appeal                  . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-appeal           . . x x x x x x x x . . . x x x x x x x x . x x x
    exclude                 . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-exclusion        . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    # An assist at work.
    "assist_accepted": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    triage                  . . x x x x x x x x . . . x x x x x x x x . x x x
    dispatch                . . x x x x x x x x . . . x x x x x x x x . x x x
    accept                  . . ! ! ! ! ! ! ! ! . . . ! ! ! ! ! ! ! ! . ! ! !
    contact                 . . + + + + + ! ! ! . . . ! ! + + + + + + . + + +
    dispose                 . . + + + + + + + ! . . . ! ! + + + + + + . + + +
    site-visit              . . + + + + + ! ! ! . . . ! ! + + + + + + . + + +
    feedback                . . x x x x x x x x . . . x x x x x x x x . x x x
    reject-feedback         . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . x x x x x x x x . . . x x x x x x x x . x x x
    complete                . . x x x x x x x x . . . x x x x x x x x . x x x
    follow-up               . . x x x x x x x x . . . x x x x x x x x . x x x
    urge                    . . x x x x x x x x . . . x x x x x x x x . x x x
    supervise               . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . + + + + + x x x . . . x x + + + + + + . + + +
    return                  . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-return           . . x x x x x x x x . . . x x x x x x x x . x x x
    request-upstream-return . . x x x x x x x x . . . x x x x x x x x . x x x
    request-extension       . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-extension        . . x x x x x x x x . . . x x x x x x x x . x x x
    merge                   . . x x x x x x x x . . . x x x x x x x x . x x x
    void                    . . x x x x x x x x . . . x x x x x x x x . x x x
    confirm-void            . . x x x x x x x x . . . x x x x x x x x . x x x
    appeal                  . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-appeal           . . x x x x x x x x . . . x x x x x x x x . x x x
    exclude                 . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-exclusion        . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    # An assist that has done its part.
    "assist_done": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    triage                  . . x x x x x x x x . . . x x x x x x x x . x x x
    dispatch                . . x x x x x x x x . . . x x x x x x x x . x x x
    accept                  . . ! ! ! ! ! ! ! ! . . . ! ! ! ! ! ! ! ! . ! ! !
    contact                 . . + + + + + ! ! ! . . . ! ! + + + + + + . + + +
    dispose                 . . ! ! ! ! ! ! ! ! . . . ! ! ! ! ! ! ! ! . ! ! !
    site-visit              . . + + + + + ! ! ! . . . ! ! + + + + + + . + + +
    feedback                . . x x x x x x x x . . . x x x x x x x x . x x x
    reject-feedback         . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . x x x x x x x x . . . x x x x x x x x . x x x
    complete                . . x x x x x x x x . . . x x x x x x x x . x x x
    follow-up               . . x x x x x x x x . . . x x x x x x x x . x x x
    urge                    . . x x x x x x x x . . . x x x x x x x x . x x x
    supervise               . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . + + + + + x x x . . . x x + + + + + + . + + +
    return                  . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-return           . . x x x x x x x x . . . x x x x x x x x . x x x
    request-upstream-return . . x x x x x x x x . . . x x x x x x x x . x x x
    request-extension       . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-extension        . . x x x x x x x x . . . x x x x x x x x . x x x
    merge                   . . x x x x x x x x . . . x x x x x x x x . x x x
    void                    . . x x x x x x x x . . . x x x x x x x x . x x x
    confirm-void            . . x x x x x x x x . . . x x x x x x x x . x x x
    appeal                  . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-appeal           . . x x x x x x x x . . . x x x x x x x x . x x x
    exclude                 . . x x x x x x x x . . . x x x x x x x x . x x x
    decide-exclusion        . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    # Ruling 17: “A former lead reads but gets 403”. A round that nobody led after it counts as its
    # own (ruling 37), and it may appeal against that.
    "former": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    *                       . x x x x x x x x x x x x x x x x x x x x x x x x
    appeal                  . + x x x x x x x x + ! + x x x x x x x x + x x x
    """,
    # §4: “A unit key sees tickets where it is or was lead or assist, and nothing else”; 404.
    "other": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    *                       - - - - - - - - - - - - - - - - - - - - - - - - -
    """,
    # Ruling 19: the unit complained of “never sees the ticket”.
    "object": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    *                       - - - - - - - - - - - - - - - - - - - - - - - - -
    """,
    # Ruling 19, also where it had the ticket before it was named.
    "object_once_lead": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    *                       . - - - - - - - - - - - - - - - - - - - - - - - -
    """,
    # Ruling 30: “`admin` reads everything and acts on no ticket”.
    "admin": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    *                       x x x x x x x x x x x x x x x x x x x x x x x x x
    """,
    # Ruling 30: “`bi` gets 403 on dispatch”.
    "bi": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    *                       x x x x x x x x x x x x x x x x x x x x x x x x x
    """,
}

# A caller who asked for confidentiality. Ruling 18: “`contact`, `reply`, `reveal` by a unit are
# 403”; §5: “contact only by desk”. Every other row is as above.
CONFIDENTIAL = {
    "desk": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    contact                 + + + + + + + ! ! ! + ! + ! ! + + + + + + + + + +
    reply                   ! ! ! ! ! + ! ! ! ! ! ! ! ! ! ! ! ! ! ! + ! ! ! !
    reveal                  + + + + + + + x x x + x + x x + + + + + + + + + +
    """,
    "leader": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    contact                 x x x x x x x x x x x x x x x x x x x x x x x x x
    reply                   x x x x x x x x x x x x x x x x x x x x x x x x x
    reveal                  x x x x x x x x x x x x x x x x x x x x x x x x x
    """,
    "lead": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    contact                 . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    "contractor": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    contact                 . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    "assist_assigned": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    contact                 . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    "assist_accepted": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    contact                 . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    "assist_done": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    contact                 . . x x x x x x x x . . . x x x x x x x x . x x x
    reply                   . . x x x x x x x x . . . x x x x x x x x . x x x
    reveal                  . . x x x x x x x x . . . x x x x x x x x . x x x
    """,
    "former": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    contact                 . x x x x x x x x x x x x x x x x x x x x x x x x
    reply                   . x x x x x x x x x x x x x x x x x x x x x x x x
    """,
    "other": """
                            R T D A I F P C U Z Q B W M V d a e g v n t p x y
    contact                 - - - - - - - - - - - - - - - - - - - - - - - - -
    reply                   - - - - - - - - - - - - - - - - - - - - - - - - -
    """,
}
