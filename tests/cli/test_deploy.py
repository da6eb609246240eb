"""What deploy/ and its document tell operators to run, against the commands that exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup

from services.cli.addresses import OWNER
from services.cli.main import COMMANDS, load
from services.cli.serve import DEFAULT_PORT_BASE, PORT_OFFSETS, Service
from services.intake.routes.reconciliations import MAX_LIST
from shared.settings import PREFIX, Settings
from shared.web.bodies import MAX_BODY
from tests.house.project import ROOT, read

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
PROGRAM = "/opt/minhu/.venv/bin/minhu"
DOCUMENT = "docs/deploy.md"
CALLED = re.compile(r"(?:as_minhu|/bin/minhu|`minhu) ((?:[^`\n，；。：|)]|\\\n)+)")


def check_words(words: list[str]) -> None:
    """Fails unless `minhu words…` names a command, and options that it has."""
    name, *rest = words
    assert name in COMMANDS, words
    command = load(name)
    if isinstance(command, TyperGroup):
        assert rest[0] in command.commands, words
        command = command.commands[rest[0]]  # type: ignore[assignment]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known, words
    if name == "serve":
        assert rest[0] in list(Service), words


def exec_start(unit: Path) -> list[str]:
    (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text("utf-8"), re.MULTILINE)
    program, *words = shlex.split(line)
    assert program == PROGRAM
    return words


def documented() -> Iterator[list[str]]:
    for found in CALLED.findall(read(DOCUMENT)):
        words = found.split()
        if words[0] != '"$@"':
            yield words


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    check_words(exec_start(unit))


def test_the_units_start_every_service_on_its_own_port_and_the_target_wants_them_all() -> None:
    started = {unit.stem: exec_start(unit) for unit in UNITS}
    running = started.keys() - {"minhu-migrate"}
    wanted = re.findall(r"^Wants=(.+)$", read("deploy/systemd/minhu.target"), re.MULTILINE)

    for service, offset in PORT_OFFSETS.items():
        port = str(DEFAULT_PORT_BASE + offset)
        assert started[f"minhu-{service}"] == ["serve", service, "--port", port]
        socket = read(f"deploy/systemd/minhu-{service}.socket")
        unit = read(f"deploy/systemd/minhu-{service}.service")
        assert f"ListenStream=127.0.0.1:{port}\n" in socket
        assert f"Requires=minhu-{service}.socket\nAfter=minhu-{service}.socket " in unit
    assert started["minhu-worker"] == ["worker"]
    assert set(wanted[0].split()) == {f"{name}.service" for name in running}
    assert [unit.stem for unit in UNITS if "owner.env" in unit.read_text("utf-8")] == [
        "minhu-migrate"
    ]


def test_the_document_names_only_commands_options_and_files_that_exist() -> None:
    calls = list(documented())
    named = set(re.findall(r"\b((?:deploy|docs|shared)/[\w./-]*\w)", read(DOCUMENT)))
    units = set(re.findall(r"\b(minhu-[a-z]+)\b", read(DOCUMENT)))

    assert len(calls) > 15
    for words in calls:
        check_words(words)
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert units <= {unit.stem for unit in UNITS}


def test_the_example_settings_are_read_by_the_program() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    lines = read("deploy/minhu.env.example").splitlines()
    named = {line.lstrip("#").split("=")[0] for line in lines if re.match(r"#?MINHU_", line)}
    needed = {PREFIX + name.upper() for name in ("database_url", "redis_url", "keyring_file")}

    assert needed <= named <= known
    assert f"\n{OWNER}=" in read("deploy/owner.env.example")
    assert OWNER not in read("deploy/minhu.env.example")


def test_nginx_keeps_what_is_internal_inside_and_lets_bodies_as_large_as_the_services_do() -> None:
    servers = read("deploy/nginx/minhu.conf").split("\nserver {")[1:]
    public = [one for one in servers if "proxy_pass" in one]

    assert len(public) == len(PORT_OFFSETS)
    for server in public:
        assert re.search(r"location = /metrics +\{ return 404; \}", server)
        assert re.search(r"location /sandbox +\{ return 404; \}", server)
        assert "listen      443 ssl" in server
        assert f"client_max_body_size {MAX_BODY // 1024}k;" in server
        assert "proxy_next_upstream error timeout non_idempotent;" in server
    assert "$args" not in read("deploy/nginx/minhu.conf")  # a query may hold a citizen's words
    assert "access_log /var/log/nginx/minhu.access.log minhu;" in read("deploy/nginx/minhu.conf")
    (lists,) = re.findall(r"location /v1/reconciliations/ \{([^}]+)\}", public[0])
    assert f"client_max_body_size {MAX_LIST // 1024**2}m;" in lists
    for service, offset in PORT_OFFSETS.items():
        port = DEFAULT_PORT_BASE + offset
        upstream = rf"upstream minhu_{service} +\{{ server 127\.0\.0\.1:{port};"
        assert re.search(upstream, read("deploy/nginx/minhu.conf"))
