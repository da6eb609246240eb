"""The plan of who repeats whom and which tickets share a matter. Pure: a board, then its moves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from shared.domain.repeats import (
    CLUSTER,
    LAYER_CALLER,
    LAYER_CLUSTER,
    LAYER_UPSTREAM,
    SAME_CALLER,
    UPSTREAM_WORD,
    Cluster,
    Likeness,
    RepeatLimits,
    Sighting,
    find_cluster,
    find_root,
)

NEW = "new:"  # + the root's number: a matter that is still to be opened


@dataclass(frozen=True, slots=True)
class Link:
    """`ticket` repeats `root`."""

    ticket: int
    root: int
    layer: int
    reason: str
    likeness: Likeness | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """`ticket` comes to `matter`; `is_root`: as the one the others hang on."""

    ticket: int
    matter: str
    layer: int
    reason: str
    callers: int | None = None
    is_root: bool = False


@dataclass(frozen=True, slots=True)
class Raise:
    """`ticket` is one of so many callers' that leaders must know."""

    ticket: int


Move = Link | Join | Raise


@dataclass(slots=True)
class Board:
    """`near` names the tickets that may tell of the same as each subject."""

    by: RepeatLimits
    sightings: dict[int, Sighting]
    near: Mapping[int, Iterable[int]]
    moves: list[Move] = field(default_factory=list)

    def consider(self, subjects: Iterable[int], claims: Iterable[tuple[int, int]]) -> list[Move]:
        """Claims are the platforms' words (repeat, root); the youngest are heard first."""
        for repeat, root in sorted(claims, key=lambda one: self.sightings[one[0]].age)[::-1]:
            self._claim(repeat, root)
        for subject in sorted(subjects, key=lambda one: self.sightings[one].age):
            self._compare(subject)
        return self.moves

    def _claim(self, repeat: int, root: int) -> None:
        ticket = self.sightings[repeat]
        if ticket.root is None and not ticket.is_out and not ticket.is_set_apart:
            self._link(ticket, self.sightings[root], LAYER_UPSTREAM, UPSTREAM_WORD)

    def _compare(self, subject: int) -> None:
        ticket = self.sightings[subject]
        if not ticket.may_repeat or ticket.category is None:
            return
        if ticket.root is None:
            found = find_root(ticket, self._near(subject), roots=self._roots(), by=self.by)
            if found is not None:
                self._link(ticket, found.root, LAYER_CALLER, SAME_CALLER, found)
        self._take_over(subject)
        cluster = find_cluster(self.sightings[subject], self._near(subject), by=self.by)
        if cluster is not None:
            self._gather(cluster)

    def _take_over(self, subject: int) -> None:
        """A root that came late: chains that began after it hang on it from now on."""
        for other in self._near(subject):
            ticket, later = self.sightings[subject], self.sightings[other.ticket_id]
            if ticket.root is not None or later.root is not None or not later.may_repeat:
                continue
            found = find_root(later, [ticket], roots={}, by=self.by)
            if found is not None:
                self._link(later, ticket, LAYER_CALLER, SAME_CALLER, found)

    def _link(
        self,
        ticket: Sighting,
        named: Sighting,
        layer: int,
        reason: str,
        likeness: Likeness | None = None,
    ) -> None:
        root = self._root_of(named)
        if root.ticket_id == ticket.ticket_id or root.is_out:
            return
        matter = root.matter or ticket.matter or NEW + root.no
        if root.matter is None:
            self._join(Join(root.ticket_id, matter, layer, reason, is_root=True))
        followers = [one for one in self.sightings.values() if one.root == ticket.no]
        for one in (ticket, *followers):
            self.moves.append(Link(one.ticket_id, root.ticket_id, layer, reason, likeness))
            self.sightings[one.ticket_id] = replace(self.sightings[one.ticket_id], root=root.no)
            self._join(Join(one.ticket_id, matter, layer, reason))

    def _gather(self, cluster: Cluster) -> None:
        matter = cluster.matter or NEW + cluster.members[0].no
        for one in cluster.members:
            if one.matter is None:
                is_root = cluster.matter is None and one is cluster.members[0]
                self._join(
                    Join(one.ticket_id, matter, LAYER_CLUSTER, CLUSTER, cluster.callers, is_root)
                )
            if cluster.is_hot and one.is_open:
                self.moves.append(Raise(one.ticket_id))

    def _join(self, move: Join) -> None:
        known = self.sightings[move.ticket]
        if known.matter != move.matter:
            self.moves.append(move)
            self.sightings[move.ticket] = replace(known, matter=move.matter)

    def _near(self, subject: int) -> list[Sighting]:
        return [self.sightings[one] for one in self.near.get(subject, ())]

    def _roots(self) -> dict[str, Sighting]:
        return {one.no: one for one in self.sightings.values()}

    def _root_of(self, ticket: Sighting) -> Sighting:
        """The end of the chain; a merged ticket stands by its master."""
        roots = self._roots()
        seen = {ticket.no}
        while ticket.root is not None and ticket.root in roots and ticket.root not in seen:
            seen.add(ticket.root)
            ticket = roots[ticket.root]
        return ticket
