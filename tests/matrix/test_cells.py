"""Action × state × relation: what HTTP answers against what was written down beforehand."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient

from shared.domain.lifecycle import ACTIONS
from shared.domain.words import Role
from shared.identity.keys import issue_key
from shared.tickets import Hotline
from tests.conftest import Tell
from tests.factories import BODIES, Desk, SetClock
from tests.matrix import expected
from tests.matrix.staging import ASSIST, CONTRACTOR, FORMER, LEAD, OBJECT, OTHER, Scene, Stage

MORE_KEYS: Mapping[str, tuple[Role, str | None]] = {
    "desk!": (Role.DESK, None),
    "assist_accepted": (Role.UNIT, ASSIST),
    "assist_done": (Role.UNIT, ASSIST),
}
STATUSES = {"+": 200, "!": 409, "x": 403, "-": 404}
NOW = "2026-11-18T09:30:00+08:00"
ASKING: Mapping[str, Any] = {"reason_code": "complex", "reason": "需多部门会商", "days": 3}
ALL_BODIES: Mapping[str, Mapping[str, Any]] = {
    **BODIES,
    "dispatch": {"lead": "sanitation-section"},
    "feedback": {**BODIES["feedback"], "contact_id": "C2"},
    "site-visit": {"findings": "现场有满溢", "participants": ["李工"]},
    "reject-feedback": {"comment": "请补照片"},
    "urge": {"text": "请尽快"},
    "supervise": {"text": "限期办结"},
    "return": {"reason_code": "not_ours", "reason": "不属本单位职责"},
    "decide-return": {"granted": True, "comment": "同意"},
    "request-upstream-return": {
        "reason_code": "not_ours",
        "reason": "不属本局职责",
        "suggested_owner": "区房管局",
    },
    "request-extension": ASKING,
    "reveal": {"field": "phone", "reason_code": "other", "reason": "核对号码"},
    "decide-extension": {"granted": True, "comment": "同意"},
    "merge": {},
    "void": {"reason": "重复录入"},
    "confirm-void": {"granted": True, "comment": "同意"},
    "appeal": {"verdict": "repeat", "reason": "所反映的是另一处"},
    "decide-appeal": {"granted": True, "comment": "同意"},
    "exclude": {"reason_code": "malicious", "reason": "反复无理骚扰"},
    "decide-exclusion": {"granted": True, "comment": "同意"},
}
# Which key speaks for a relation, and on which ticket.
KEYS = {
    "lead": LEAD,
    "contractor": CONTRACTOR,
    "assist_assigned": ASSIST,
    "assist_accepted": ASSIST,
    "assist_done": ASSIST,
    "former": FORMER,
    "other": OTHER,
    "object": OBJECT,
    "object_once_lead": FORMER,
}


@dataclass(frozen=True)
class Cell:
    relation: str
    action: str
    column: str
    mark: str
    is_confidential: bool

    @property
    def key(self) -> str:
        return KEYS.get(self.relation, self.relation)

    @property
    def who(self) -> str:
        """One key may reveal thirty times a day, so some relations have more than one."""
        more = self.relation + ("!" if self.is_confidential else "")
        return more if more in MORE_KEYS else self.key

    @property
    def scene(self) -> Scene:
        return Scene(
            self.column,
            lead=CONTRACTOR if self.relation == "contractor" else LEAD,
            assist=self.relation.partition("_")[2] if self.key == ASSIST else "assigned",
            is_confidential=self.is_confidential,
            object_unit=FORMER if self.relation == "object_once_lead" else OBJECT,
        )

    @property
    def rests_on(self) -> str:
        rulings = expected.RULINGS.get(self.relation.replace("contractor", "lead"), {})
        return rulings.get(self.action, "")


def read_cells(tables: Mapping[str, str], *, is_confidential: bool) -> Iterator[Cell]:
    """Every cell of the tables; a row `*` speaks for every action without one of its own."""
    for relation, table in tables.items():
        head, *rows = [line.split() for line in table.strip().splitlines()]
        others = sorted(set(ALL_BODIES) - {name for name, *_ in rows})
        for name, *marks in rows:
            for action in others if name == "*" else [name]:
                for column, mark in zip(head, marks, strict=True):
                    yield Cell(relation, action, column, mark, is_confidential)


CELLS = [
    *read_cells(expected.ORDINARY, is_confidential=False),
    *read_cells(expected.CONFIDENTIAL, is_confidential=True),
]


@pytest.fixture
async def desk(
    dispatch: AsyncClient, keys: dict[str, str], set_clock: SetClock, hotline: Hotline
) -> Desk:
    await set_clock(NOW)
    async with hotline.database.transaction(1) as tx:
        more = {
            name: await issue_key(tx.connection, 1, role=role, actor=name, unit=unit)
            for name, (role, unit) in MORE_KEYS.items()
        }
    return Desk(dispatch, {**keys, **{name: key.plain for name, key in more.items()}})


def test_every_action_state_and_part_has_a_cell() -> None:
    ordinary = Counter((c.relation, c.action, c.column) for c in CELLS if not c.is_confidential)

    assert {action for _, action, _ in ordinary} == set(ACTIONS)
    assert set(ordinary.values()) == {1}
    assert len(ordinary) == len(expected.ORDINARY) * len(ACTIONS) * 25
    assert {cell.mark for cell in CELLS} == {*STATUSES, "."}


async def test_every_cell_answers_what_was_written_down(
    desk: Desk, hotline: Hotline, tell: Tell
) -> None:
    stage = Stage(hotline)
    master = await stage.put_on(Scene("T"))
    asked = [cell for cell in CELLS if cell.mark != "."]
    different = []
    for cell in asked:
        fresh = cell.mark == "+"
        no = await (stage.put_on(cell.scene) if fresh else stage.find(cell.scene))
        body = {"into": master} if cell.action == "merge" else ALL_BODIES[cell.action]
        answer = await desk.act(cell.who, no, cell.action, **body)
        if answer.status_code != STATUSES[cell.mark]:
            different.append((cell, answer.status_code, cell.rests_on, answer.text[:200]))
            stage.shared.pop(cell.scene, None)
    tell(f"{len(asked)} cells asked, {len(different)} different")
    assert different == []
    assert await stage.traces() == stage.written, "a refusal left something behind"
