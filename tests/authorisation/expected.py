"""Who gets what of every route, written down from the contract (§3–§5, §7). It imports nothing: the
routes that the OpenAPI documents tell of are compared with it, and one without a row here fails.

One row: operation, marks by who asks, and the ruling the row rests on. The marks:

    +  let in: a read answers 200 and shows the thing asked for; a write gets past all that asks who
       (what it then finds wrong with a senseless body is 422, ruling 29)
    0  200 and the thing is not in it (a list, a sheet)
    -  404, in the same bytes as for what is not there at all
    x  403      u  401

Who asks, in groups as the marks stand; the thing is a ticket and what belongs to it:

    units    L its lead             A its assist (a contractor)   F its former lead
             O another unit         P the lead's parent unit      C the lead's child unit
             J the unit complained of
    bureau   D desk                 E leader                      M admin
    bi       B of the bureau        p of the lead's parent unit   q of another unit
    other    S the source it came from, by signature              T another source of the bureau
             N nobody: no key       X a key with a wrong secret
    foreign  another bureau's: l unit of the lead's very name   d desk   e leader   m admin
             b bi   s source

The thing of `/v1/subscriptions/…` is the lead's own subscription; of inspections, media items and
deductions the assist's; a scheme was drafted by the admin; the dead letter, the quarantined
message, the case and the plan are the bureau's.

Routes of a later time get their row here, in the table of their service.
"""

WHO = "LAFOPCJ DEM Bpq STNX ldembs"

# What every service has. Open by §1 (`/livez`, `/readyz`, `/metrics`) and ruling 12 (“the sandbox
# endpoints need neither API key nor `Idempotency-Key`”; in production there are none).
EVERYWHERE = """
GET    /livez                                                   +++++++ +++ +++ ++++ ++++++ §1
GET    /readyz                                                  +++++++ +++ +++ ++++ ++++++ §1
GET    /metrics                                                 +++++++ +++ +++ ++++ ++++++ §1
GET    /sandbox/clock                                           +++++++ +++ +++ ++++ ++++++ §2, ruling 12
PUT    /sandbox/clock                                           +++++++ +++ +++ ++++ ++++++ §2, ruling 12
POST   /sandbox/clock/advance                                   +++++++ +++ +++ ++++ ++++++ §2, ruling 12
POST   /sandbox/settle                                          +++++++ +++ +++ ++++ ++++++ §2, ruling 12
"""  # noqa: E501

INTAKE = """
POST   /v1/webhooks/{source}                                    uuuuuuu uuu uuu +uuu uuuuuu §3; ruling 45
GET    /v1/callback                                             uuuuuuu uuu uuu +0uu uuuuu0 ruling 49
PUT    /v1/callback                                             uuuuuuu uuu uuu ++uu uuuuu+ ruling 49
GET    /v1/callback/deliveries                                  uuuuuuu uuu uuu +0uu uuuuu0 ruling 49
POST   /v1/callback/deliveries/{delivery}/replay                uuuuuuu uuu uuu +-uu uuuuu- ruling 49
GET    /v1/sources/{source}/callback                            xxxxxxx xx+ xxx uuuu xxx-xu ruling 30
GET    /v1/sources/{source}/deliveries                          xxxxxxx xx+ xxx uuuu xxx-xu ruling 30
POST   /v1/sources/{source}/deliveries/{delivery}/replay        xxxxxxx xx+ xxx uuuu xxx-xu ruling 30
POST   /v1/sources/{source}/enable                              xxxxxxx xx+ xxx uuuu xxx-xu ruling 30
GET    /v1/receipts/{receipt}                                   uuuuuuu uuu uuu +-uu uuuuu- ruling 49
GET    /v1/tickets/{upstream_no}                                uuuuuuu uuu uuu +-uu uuuuu- ruling 49
GET    /v1/quarantine                                           xxxxxxx xx+ xxx uuuu xxx0xu ruling 53
POST   /v1/quarantine/{receipt}/redrive                         xxxxxxx xx+ xxx uuuu xxx-xu ruling 53
POST   /v1/reconciliations/{source}                             uuuuuuu uuu uuu +uuu uuuuuu ruling 53
GET    /v1/reconciliation-cases                                 xxxxxxx +++ xxx uuuu x000xu §3
GET    /v1/reconciliation-cases/{case_id}                       xxxxxxx +++ xxx uuuu x---xu §3
POST   /v1/reconciliation-cases/{case_id}/assign                xxxxxxx +++ xxx uuuu x---xu §3
POST   /v1/reconciliation-cases/{case_id}/close                 xxxxxxx +++ xxx uuuu x---xu §3
POST   /v1/reconciliation-cases/{case_id}/request               xxxxxxx +++ xxx uuuu x---xu §3
"""  # noqa: E501

# “A unit key sees tickets where it is or was lead or assist, and nothing else” (§4): not its
# parent's, not its child's. Roles are exact, admin acts on no ticket, bi gets 403 (ruling 30).
DISPATCH = """
GET    /v1/tickets                                              +++0000 +++ xxx uuuu 0000xu §4; rulings 19, 30
GET    /v1/tickets/{no}                                         +++---- +++ xxx uuuu ----xu §4; rulings 19, 30
GET    /v1/tickets/{no}/events                                  +++---- +++ xxx uuuu ----xu §4; rulings 19, 30
GET    /v1/tickets/{no}/clocks                                  +++---- +++ xxx uuuu ----xu §4; rulings 19, 30
GET    /v1/tickets/{no}/viewers                                 xxx---- +++ xxx uuuu ----xu ruling 32
POST   /v1/tickets/{no}/reveal                                  ++x---- +xx xxx uuuu ----xu §4; rulings 18, 32
POST   /v1/tickets/{no}/triage                                  xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/dispatch                                xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/accept                                  ++x---- xxx xxx uuuu ----xu §4; ruling 17
POST   /v1/tickets/{no}/contact                                 ++x---- +xx xxx uuuu ----xu §4; ruling 17
POST   /v1/tickets/{no}/dispose                                 ++x---- xxx xxx uuuu ----xu §4; ruling 17
POST   /v1/tickets/{no}/site-visit                              ++x---- ++x xxx uuuu ----xu §4; ruling 13
POST   /v1/tickets/{no}/feedback                                +xx---- xxx xxx uuuu ----xu §4; ruling 17
POST   /v1/tickets/{no}/reject-feedback                         xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/reply                                   +xx---- +xx xxx uuuu ----xu §4; ruling 17
POST   /v1/tickets/{no}/complete                                xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/follow-up                               xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/return                                  +xx---- xxx xxx uuuu ----xu §4; ruling 17
POST   /v1/tickets/{no}/decide-return                           xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/request-upstream-return                 xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/request-extension                       +xx---- +xx xxx uuuu ----xu §4; ruling 17
POST   /v1/tickets/{no}/decide-extension                        xxx---- x+x xxx uuuu ----xu §4: leader
POST   /v1/tickets/{no}/merge                                   xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/void                                    xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/confirm-void                            xxx---- x+x xxx uuuu ----xu §4: leader
POST   /v1/tickets/{no}/appeal                                  +xx---- xxx xxx uuuu ----xu §4; ruling 37
POST   /v1/tickets/{no}/decide-appeal                           xxx---- x+x xxx uuuu ----xu §4: leader
POST   /v1/tickets/{no}/exclude                                 xxx---- +xx xxx uuuu ----xu §4: desk
POST   /v1/tickets/{no}/decide-exclusion                        xxx---- x+x xxx uuuu ----xu §4: leader
POST   /v1/tickets/{no}/urge                                    xxx---- ++x xxx uuuu ----xu §4: desk, leader
POST   /v1/tickets/{no}/supervise                               xxx---- ++x xxx uuuu ----xu §4: desk, leader
GET    /v1/matters                                              +++0000 +++ xxx uuuu 0000xu §4: the tickets it may see
GET    /v1/matters/{matter}                                     +++---- +++ xxx uuuu ----xu §4: without any, 404
POST   /v1/matters/{matter}/attach                              xxx---- ++x xxx uuuu ----xu §4; ruling 30
POST   /v1/matters/{matter}/detach                              xxx---- ++x xxx uuuu ----xu §4; ruling 30
POST   /v1/matters/{matter}/note                                xxx---- ++x xxx uuuu ----xu §4; ruling 30
POST   /v1/matters/{matter}/close                               xxx---- ++x xxx uuuu ----xu §4; ruling 30
PUT    /v1/emergency                                            xxxxxxx x+x xxx uuuu xx+xxu §4: leader
GET    /v1/emergency                                            +++++++ +++ xxx uuuu 0000xu ruling 27
GET    /v1/emergency/history                                    xxxxxxx +++ xxx uuuu x000xu ruling 27
GET    /v1/events                                               +++0000 +++ xxx uuuu 0000xu §4: scoped to the key
GET    /v1/notices                                              +++0000 +++ xxx uuuu 0000xu §4: a unit its own
GET    /v1/dead-letters                                         xxxxxxx +++ xxx uuuu x000xu ruling 30
POST   /v1/session                                              +++++++ +++ +++ ++++ ++++++ who signs in has no key yet
GET    /v1/session                                              +++++++ +++ +++ uuuu +++++u who am I
DELETE /v1/session                                              xxxxxxx xxx xxx uuuu xxxxxu a key is no session
GET    /v1/session/oidc                                         ------- --- --- ---- ------ no provider is set up
GET    /v1/session/oidc/callback                                ------- --- --- ---- ------ no provider is set up
POST   /v1/dead-letters/redrive                                 xxxxxxx xx+ xxx uuuu xxx+xu ruling 30
POST   /v1/dead-letters/{letter}/redrive                        xxxxxxx xx+ xxx uuuu xxx-xu ruling 30
POST   /v1/subscriptions                                        +++++++ xx+ xxx uuuu +xx+xu §4: unit, admin
GET    /v1/subscriptions                                        +000000 xx+ xxx uuuu 0xx0xu §4: unit, admin
GET    /v1/subscriptions/{subscription}                         +------ xx+ xxx uuuu -xx-xu §4: unit, admin
DELETE /v1/subscriptions/{subscription}                         +------ xx+ xxx uuuu -xx-xu §4: unit, admin
POST   /v1/subscriptions/{subscription}/enable                  +------ xx+ xxx uuuu -xx-xu §4: unit, admin
POST   /v1/subscriptions/{subscription}/rotate-secret           +------ xx+ xxx uuuu -xx-xu §4: unit, admin
GET    /v1/subscriptions/{subscription}/deliveries              +------ xx+ xxx uuuu -xx-xu §4: unit, admin
POST   /v1/subscriptions/{subscription}/deliveries/{delivery}/replay +------ xx+ xxx uuuu -xx-xu §4: unit, admin
"""  # noqa: E501

# “In scoring, desk, leader and admin see all rows, unit and bi the rows of their subtree and the
# `total` of those” (ruling 30); a figure is the present lead's alone (ruling 37).
SCORING = """
GET    /v1/scores/check                                         xxxxxxx +++ +xx uuuu x++++u ruling 30: all rows
GET    /v1/tickets/{no}/figures                                 +---+-- +++ ++- uuuu -----u rulings 30, 37
GET    /v1/scores                                               +000+00 +++ ++0 uuuu 00000u rulings 30, 37
GET    /v1/scores/tickets                                       +000+00 +++ ++0 uuuu 00000u rulings 30, 37
POST   /v1/periods/{period}/freeze                              xxxxxxx x+x xxx uuuu xx+xxu §5: leader
GET    /v1/periods                                              +++++++ +++ +++ uuuu 00000u §5; ruling 42
GET    /v1/periods/{period}                                     +++++++ +++ +++ uuuu 00000u §5; ruling 42
GET    /v1/periods/{period}/changes                             +000+00 +++ ++0 uuuu 00000u rulings 30, 37
GET    /v1/ranks                                                +000+00 +++ ++0 uuuu 00000u rulings 30, 37
GET    /v1/metrics                                              +++++++ +++ +++ uuuu +++++u §5: catalogue
GET    /v1/schemes                                              +++++++ +++ +++ uuuu 00000u §5
POST   /v1/schemes                                              xxxxxxx x++ xxx uuuu xx++xu ruling 55
GET    /v1/schemes/{scheme}/{version}                           +++++++ +++ +++ uuuu -----u §5
POST   /v1/schemes/{scheme}/{version}/activate                  xxxxxxx x+x xxx uuuu -----u §5: leader
POST   /v1/schemes/{scheme}/{version}/trial                     xxxxxxx x++ xxx uuuu -----u ruling 55
GET    /v1/city-ranks                                           +++++++ +++ +++ uuuu 00000u §5
GET    /v1/flags                                                +++++++ +++ +++ uuuu +++++u ruling 30
GET    /v1/facts                                                +0+0+00 +++ ++0 uuuu 00000u rulings 30, 37
POST   /v1/inspections                                          xxxxxxx +++ xxx uuuu x+++xu §5
GET    /v1/inspections                                          0+00000 +++ +00 uuuu 00000u ruling 30
GET    /v1/inspections/{inspection}                             -+----- +++ +-- uuuu -----u ruling 30
POST   /v1/inspections/{inspection}/withdraw                    xxxxxxx +++ xxx uuuu x---xu §5
POST   /v1/media-items                                          xxxxxxx +++ xxx uuuu x+++xu §5
GET    /v1/media-items                                          0+00000 +++ +00 uuuu 00000u ruling 30
GET    /v1/media-items/{media_item}                             -+----- +++ +-- uuuu -----u ruling 30
POST   /v1/media-items/{media_item}/withdraw                    xxxxxxx +++ xxx uuuu x---xu §5
GET    /v1/sanitation                                           0+00000 +++ +00 uuuu 00000u ruling 30
GET    /v1/deductions                                           0+00000 +++ +00 uuuu 00000u ruling 30
"""  # noqa: E501
