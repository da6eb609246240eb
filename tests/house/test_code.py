"""Rules of the house that neither ruff nor the import contracts can see."""

import ast
import re
import sys
from collections.abc import Iterator

from tests.house.project import iter_sources, name_of, parse, read

PURE = re.compile(r"shared/domain/|services/\w+/rules(/|\.py)")
DECIDING = re.compile(r"services/\w+/(actions|queries|rules)(/|\.py)")
EDGES = re.compile(
    r"services/(cli/|\w+/(routes(/|\.py)|app\.py|worker\.py))|shared/(embedded|outgoing|sandbox|web|worker)/"
)
TRANSACTIONS = re.compile(r"services/(cli/|\w+/(routes(/|\.py)|worker\.py))|shared/worker(/|\.py)")
ALLOWED_IN_PURE = re.compile(r"shared\.(domain|errors)(\.|$)|services\.\w+\.rules(\.|$)")

CHINESE = re.compile(r"[\u3400-\u9fff]")
CLOCK_READS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
BROAD = {"Exception", "BaseException"}


def imported_modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def documented(tree: ast.Module) -> set[int]:
    """The ids of the strings that document rather than do."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def test_rules_and_the_domain_import_the_standard_library_and_the_domain_alone() -> None:
    foreign = [
        f"{name_of(path)}: {module}"
        for path in iter_sources()
        if PURE.match(name_of(path))
        for module in imported_modules(parse(path))
        if module.split(".")[0] not in sys.stdlib_module_names and not ALLOWED_IN_PURE.match(module)
    ]

    assert foreign == []


def test_only_edges_read_the_clock() -> None:
    reads = [
        f"{name_of(path)}:{node.lineno}"
        for path in iter_sources()
        if not EDGES.match(name_of(path))
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in CLOCK_READS
    ]

    assert reads == []


def test_only_edges_open_a_transaction() -> None:
    opened = [
        name_of(path)
        for path in iter_sources()
        if not TRANSACTIONS.match(name_of(path)) and "sessions.begin()" in read(path)
    ]

    assert opened == []


def test_nobody_assigns_the_state_of_a_ticket() -> None:
    assigned = [
        f"{name_of(path)}:{node.lineno}"
        for path in iter_sources()
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and ast.unparse(node) == "ticket.state"
    ]

    assert assigned == []


def test_actions_queries_and_rules_hold_no_chinese_literals() -> None:
    literals = []
    for path in iter_sources("services"):
        if not DECIDING.match(name_of(path)):
            continue
        tree = parse(path)
        prose = documented(tree)
        literals += [
            f"{name_of(path)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and CHINESE.search(node.value)
            and id(node) not in prose
        ]

    assert literals == []


def test_only_what_works_for_many_callers_at_once_swallows_every_exception() -> None:
    """Elsewhere a broad handler may tidy up, and passes the exception on as it is."""
    for_many = ("shared/worker/", "services/intake/inbox.py")
    broad = [
        f"{name_of(path)}:{node.lineno}"
        for path in iter_sources()
        if not name_of(path).startswith(for_many)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in BROAD)
        and not (isinstance(last := node.body[-1], ast.Raise) and last.exc is None)
    ]

    assert broad == []


def test_no_test_is_skipped_or_mocks_our_own_code() -> None:
    skips = {"pytest.skip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail"}
    evasions = [
        f"{name_of(path)}:{node.lineno}"
        for path in iter_sources("tests")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in skips
    ]
    mocking = [
        name_of(path)
        for path in iter_sources("tests")
        if "unittest.mock" in set(imported_modules(parse(path)))
    ]

    assert evasions + mocking == []
