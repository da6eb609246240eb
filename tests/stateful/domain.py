"""What the domain says of states (§5), written down again so that the code is not its own judge."""

from collections.abc import Mapping

# Exactly one lead, none, or (merged, voided) whatever it was when it ended.
WITH_LEAD = frozenset(
    {
        *("dispatched", "accepted", "in_progress", "feedback_submitted"),
        *("replied", "completed", "followed_up", "archived"),
    }
)
WITHOUT_LEAD = frozenset({"received", "triaged", "return_pending", "returned_upstream", "rework"})
ENDED = frozenset({"merged", "voided", "returned_upstream"})

# From, to: the only entries that may lead there (§5 rows 2–19, rulings 13–15, 21–25).
MOVES: Mapping[tuple[str, str], frozenset[str]] = {
    (before, after): frozenset(f"ticket.{event}" for event in events.split())
    for before, after, events in (
        ("received", "triaged", "triaged"),
        ("received", "return_pending", "return_upstream_requested"),
        ("triaged", "return_pending", "return_upstream_requested"),
        ("return_pending", "returned_upstream", "returned_upstream return_decided"),
        ("return_pending", "triaged", "return_decided"),
        ("triaged", "dispatched", "dispatched"),
        ("dispatched", "accepted", "accepted"),
        ("dispatched", "triaged", "return_decided"),
        ("accepted", "triaged", "return_decided"),
        ("accepted", "in_progress", "disposed site_visited"),
        ("in_progress", "feedback_submitted", "feedback_submitted"),
        ("feedback_submitted", "in_progress", "feedback_rejected"),
        ("feedback_submitted", "replied", "replied"),
        ("feedback_submitted", "completed", "completed"),
        ("feedback_submitted", "followed_up", "completed"),
        ("replied", "completed", "completed"),
        ("replied", "followed_up", "completed"),
        ("completed", "followed_up", "followed_up"),
        ("completed", "rework", "rework_opened"),
        ("followed_up", "rework", "rework_opened"),
        ("archived", "rework", "rework_opened"),
        ("rework", "triaged", "triaged"),
        ("completed", "archived", "archived"),
        ("followed_up", "archived", "archived"),
        ("triaged", "merged", "merged"),
        ("dispatched", "merged", "merged"),
        ("accepted", "merged", "merged"),
        ("in_progress", "merged", "merged"),
    )
}
VOIDING = "ticket.voided"  # from any state (row 19)

# Whose entries may be (contract §4): a role, or for a unit the part it has in the ticket.
BY: Mapping[str, frozenset[str]] = {
    f"ticket.{event}": frozenset(whose.split())
    for event, whose in (
        ("received", "source"),
        ("updated", "source"),
        ("triaged", "desk"),
        ("dispatched", "desk"),
        ("accepted", "lead"),
        ("assist_accepted", "assist"),
        ("assist_done", "assist"),
        ("contacted", "desk lead assist"),
        ("disposed", "lead assist"),
        ("site_visited", "desk leader lead assist"),
        ("return_requested", "lead"),
        ("return_decided", "desk source"),
        ("return_upstream_requested", "desk"),
        ("returned_upstream", "source"),
        ("extension_requested", "desk lead"),
        ("extension_decided", "leader source"),
        ("feedback_submitted", "lead"),
        ("feedback_rejected", "desk"),
        ("replied", "desk lead"),
        ("completed", "desk"),
        ("followed_up", "desk source"),
        ("rework_opened", "desk source"),
        ("urged", "desk leader source"),
        ("supervised", "desk leader source system"),
        ("merged", "desk"),
        ("absorbed", "desk"),
        ("void_requested", "desk"),
        ("void_refused", "leader"),
        ("voided", "leader source"),
        ("appeal_decided", "leader"),
        ("exclusion_requested", "desk"),
        ("exclusion_decided", "leader"),
        ("archived", "system"),
        ("clock_warned", "system"),
        ("clock_missed", "system"),
    )
}
# Those that change figures alone: neither the state nor any clock.
OF_FIGURES = frozenset(
    f"ticket.{event}"
    for event in ("appealed", "appeal_decided", "exclusion_requested", "exclusion_decided")
)
ASSIST_MOVES = frozenset({("assigned", "accepted"), ("accepted", "done")})
