"""What two releases side by side stand on: numbers that grow, and migrations that only add."""

import ast
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from services.scoring.rules.sums import GENERATION, LAYOUT
from shared.domain.ticket import Ticket
from shared.events.codec import FORM
from tests.house.project import ROOT, name_of, parse

# Whoever changes what a fold or the sums are made of raises FORM or GENERATION and adds a line;
# a line once released stays as it is.
FORMS = {1: "dfb8f096cccc7af2", 2: "f285b7482d000d91"}
GENERATIONS = {1: "4ba8a0d1ca782f62"}
# The migrations of the first release; all later ones run beside the release before them.
FIRST_RELEASE = "20261123"
REFUSED = {
    *("drop_column", "drop_table", "drop_constraint", "rename_table"),
    *("create_index", "create_check_constraint", "create_foreign_key", "create_unique_constraint"),
}
RETYPED = {"nullable", "type_", "new_column_name"}


def digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def test_the_form_of_a_fold_grows_with_the_ticket() -> None:
    assert FORMS[FORM] == digest(TypeAdapter(Ticket).json_schema())
    assert max(FORMS) == FORM


def test_the_generation_of_the_sums_grows_with_their_layout() -> None:
    assert GENERATIONS[GENERATION] == digest(LAYOUT.partition(" ")[2])
    assert max(GENERATIONS) == GENERATION


def faults(path: Path) -> Iterator[str]:
    """What in `upgrade` and its like would stand in the way of the release before."""
    tree = parse(path)
    made = {
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "op.create_table"
    }
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or function.name == "downgrade":
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("op."):
                yield from faults_of(node, made)


def faults_of(call: ast.Call, made: set[str]) -> Iterator[str]:
    name = ast.unparse(call.func).removeprefix("op.")
    of_new_table = any(ast.unparse(one) in made for one in call.args[:2])
    given = {word.arg for word in call.keywords if word.arg is not None}
    if name in REFUSED and not of_new_table:
        yield name
    if name == "alter_column" and given & RETYPED:
        yield f"{name} {sorted(word for word in given & RETYPED if word)}"
    if name == "add_column":
        words = ast.unparse(call)
        if "nullable=False" in words and "server_default" not in words:
            yield "add_column without a default"


def later_migrations() -> list[Path]:
    own = sorted((ROOT / "migrations" / "versions").glob("2*.py"))
    return [path for path in own if path.name[:8] > FIRST_RELEASE]


@pytest.mark.parametrize(
    "path", [*later_migrations(), *(ROOT / "tests/upgrade/versions").glob("2*.py")], ids=name_of
)
def test_a_migration_after_the_first_release_only_adds(path: Path) -> None:
    assert list(faults(path)) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("op.drop_column('tickets', 'street')", "drop_column"),
        ("op.create_index('ix', 'tickets', ['street'])", "create_index"),
        ("op.alter_column('tickets', 'street', nullable=False)", "alter_column ['nullable']"),
        (
            "op.add_column('tickets', sa.Column('x', sa.Text(), nullable=False))",
            "add_column without a default",
        ),
    ],
)
def test_one_that_takes_away_or_holds_up_is_found(line: str, found: str) -> None:
    call = ast.parse(line, mode="eval").body
    assert isinstance(call, ast.Call)
    assert list(faults_of(call, set())) == [found]
