"""A route opens a transaction only with the scope of who asks, its caller or its platform."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.project import iter_sources, name_of, parse

ROUTES = re.compile(r"services/\w+/routes(/|\.py)")
OPENING = {"ledger", "transaction"}
# What a caller or a platform is called where a route has one, and what passes its scope on.
SCOPES = re.compile(r"\w+\.scope|whose|asked\.whose")
# Who signs in is nobody yet: these two ask for an account of a bureau, and for nothing else.
SIGNING_IN = {"services/dispatch/routes/session.py", "services/dispatch/routes/oidc.py"}
# The edges that nobody asked for: work of the processes themselves.
UNASKED = {"unscoped", "bureaus"}


def faults_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name = node.func.attr
        if name in UNASKED and ast.unparse(node.func.value).endswith(("hotline", "database")):
            yield f"{node.lineno}: {name}"
        first = ast.unparse(node.args[0]) if node.args else "nobody"
        if name in OPENING and not SCOPES.fullmatch(first):
            yield f"{node.lineno}: {name}({first})"
        if name == "Scope" or (name == "widened" and not node.args):
            yield f"{node.lineno}: {name}"


def made_by_hand(tree: ast.AST) -> Iterator[str]:
    """A scope that is put together in a route is nobody's."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Scope", "Whose", "Scope.of"}:
            yield f"{node.lineno}: {ast.unparse(node)}"


def routes() -> list[Path]:
    return [
        path
        for path in iter_sources("services")
        if ROUTES.match(name_of(path)) and name_of(path) not in SIGNING_IN
    ]


def test_every_transaction_of_a_route_has_the_scope_of_who_asks() -> None:
    faults = [
        f"{name_of(path)}:{fault}"
        for path in routes()
        for fault in (*faults_of(parse(path)), *made_by_hand(parse(path)))
    ]
    opened = sum(
        isinstance(node, ast.Attribute) and node.attr in OPENING
        for path in routes()
        for node in ast.walk(parse(path))
    )

    assert faults == []
    assert opened > 40


@pytest.mark.parametrize(
    "line",
    [
        "hotline.ledger(caller.bureau)",
        "hotline.ledger(1)",
        "hotline.database.transaction(source.bureau, writing=False)",
        "hotline.database.unscoped()",
        "request.app.state.hotline.ledger()",
    ],
)
def test_one_without_is_found(line: str) -> None:
    assert len(list(faults_of(ast.parse(line)))) == 1


def test_a_scope_made_by_hand_is_found() -> None:
    assert list(made_by_hand(ast.parse("hotline.ledger(Scope(1))"))) == ["1: Scope(1)"]
