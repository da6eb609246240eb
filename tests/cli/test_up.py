"""`minhu up`: when it is ready, how it ends, and what it finds again."""

import json
import shutil
import signal
import socket
from pathlib import Path

import httpx
import psutil
import pytest

from services.cli.folder import open_folder
from tests.cli.conftest import FirstRun
from tests.cli.console import (
    SERVICES,
    Stack,
    finish,
    free_base,
    list_servers,
    run,
    start,
    up,
    wait_until,
)

PROGRAMS = {"postgres", "valkey-server", "serve", "worker"}


def name_programs(stack: Stack) -> set[str]:
    return {name for name in PROGRAMS if any(name in words for words in stack.commands)}


def test_the_ready_file_comes_once_all_answer_and_sigint_to_the_parent_ends_everything(
    first_run: FirstRun,
) -> None:
    stack, folder = first_run.stack, first_run.folder

    assert first_run.statuses == [200] * len(SERVICES)
    assert first_run.ready_file_mode == 0o600
    assert stack.facts.keys() >= {"intake", "dispatch", "scoring", "keys", "unit_keys", "sources"}
    assert name_programs(stack) == PROGRAMS
    assert (first_run.said.code, first_run.said.err) == (0, "")
    assert stack.list_left() == []
    assert not stack.ready_file.exists()
    assert not (folder / "running.json").exists()
    assert [path.name for path in (*folder.parent.glob(".*"), *folder.glob(".*"))] == []
    assert "database system is shut down" in (folder / "logs" / "postgres.log").read_text()


def test_a_killed_sandbox_takes_even_the_hung_along_and_starts_again_at_once_as_it_was(
    data_dir: Path, first_run: FirstRun
) -> None:
    with up(data_dir, "--sandbox") as stack:
        clock = httpx.get(f"{stack.facts['intake']}/sandbox/clock").json()
        hung = next(one for one in stack.family if "intake" in one.cmdline())
        hung.suspend()
        stack.process.kill()
        with up(data_dir, port_base=stack.port_base) as again:
            assert stack.list_left() == []
            assert again.facts == stack.facts
            assert again.facts["keys"] == first_run.stack.facts["keys"]
            assert httpx.get(f"{again.facts['scoring']}/sandbox/clock").json() == clock
            key = {"Authorization": f"Bearer {again.facts['keys']['desk']}"}
            tickets = httpx.get(f"{again.facts['dispatch']}/v1/tickets", headers=key)
            assert tickets.status_code == 200


def test_another_stack_runs_beside_on_outside_servers(
    data_dir: Path, tmp_path: Path, outside: dict[str, str], owner_url: str
) -> None:
    other = Path(shutil.copytree(data_dir, tmp_path / "other"))
    shutil.copy2(outside["MINHU_KEYRING_FILE"], tmp_path / "own.json")
    given = {
        "MINHU_DATABASE_URL": outside["MINHU_DATABASE_URL"],
        "MINHU_OWNER_DATABASE_URL": owner_url,
        "MINHU_KEYRING_FILE": "own.json",
    }
    replaced = open_folder(other).secrets_of(given["MINHU_DATABASE_URL"])
    shutil.copy2(other / "sample-secrets.json", replaced)
    with up(data_dir) as stack:
        held = start("up", "--data-dir", str(data_dir), "--port-base", str(free_base()))
        taken = start("up", "--data-dir", str(other), "--port-base", str(stack.port_base - 1))
        (data_dir / ".minhu-demo").touch()
        demo = start("demo", "--data-dir", str(data_dir), "--port-base", str(free_base()))
        refused_held, refused_taken, refused_demo = finish(held), finish(taken), finish(demo)
        with up(other, given=given, cwd=tmp_path) as beside:
            assert beside.facts["database_url"] == outside["MINHU_DATABASE_URL"]
            assert beside.facts["redis_url"] != stack.facts["redis_url"]
            # What is kept is of a database that stood at this address before, or the folder's own.
            assert beside.facts["keys"] == beside.facts["sources"] == {}
            running = json.loads((other / "running.json").read_text())
            assert running["MINHU_KEYRING_FILE"] == str(tmp_path / "own.json")
            assert [one for one in list_servers(other) if one.name() == "postgres"] == []
        said = stack.end(signal.SIGTERM)

    assert (said.code, said.err, stack.list_left()) == (0, "", [])
    assert refused_held.code == refused_taken.code == refused_demo.code == 1
    assert refused_held.err.startswith(f"错误：数据目录 {data_dir} 正被另一个进程（进程号 ")
    assert refused_demo.err == refused_held.err
    assert list(data_dir.glob("pg*/PG_VERSION"))  # an earlier demo's, yet nothing was cleared
    assert f"端口 {stack.port_base + 1}（dispatch）已被占用" in refused_taken.err
    assert list_servers(data_dir) == []


@pytest.mark.parametrize(
    ("sign", "number"),
    [
        ("up.lock", signal.SIGINT),
        ("logs/postgres.log", signal.SIGTERM),
        ("sample-secrets.json", signal.SIGINT),
    ],
)
def test_a_signal_during_start_up_ends_it_without_a_word(
    tmp_path: Path, sign: str, number: signal.Signals
) -> None:
    folder, ready = tmp_path / "new", tmp_path / "ready.json"
    base = ["--port-base", str(free_base()), "--ready-file", str(ready)]
    process = start("up", "--data-dir", str(folder), *base)
    wait_until((folder / sign).exists, process)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)

    said = finish(process, seconds=10)

    assert (said.code, said.out, said.err) == (128 + number, "", "")
    assert psutil.wait_procs([*family, *list_servers(folder)], timeout=10)[1] == []
    assert not ready.exists()


def test_what_cannot_be_started_is_told_in_one_line_and_nothing_is_left(
    data_dir: Path, tmp_path: Path
) -> None:
    (data_dir / "keyring.json").rename(tmp_path / "lost.json")
    (tmp_path / "file").write_text("")
    base = free_base()
    outside = {"MINHU_DATABASE_URL": "postgresql://minhu_app:secret@127.0.0.1:9/minhu"}
    cases = {
        f"错误：{data_dir / 'keyring.json'} 不见了": (str(data_dir), [], {}),
        f"错误：无法使用 {tmp_path / 'file'}：": (str(tmp_path / "file"), [], {}),
        "错误：MINHU_ENV=production 时不得使用沙箱（--sandbox）": (
            str(tmp_path / "never"),
            ["--sandbox"],
            {"MINHU_ENV": "production"},
        ),
        "错误：使用外部数据库时，请另设 MINHU_OWNER_DATABASE_URL": (
            str(tmp_path / "new"),
            [],
            outside,
        ),
        "错误：MINHU_OWNER_DATABASE_URL 不是可用的地址": (
            str(tmp_path / "nonsense"),
            [],
            outside | {"MINHU_OWNER_DATABASE_URL": "postgresql://o:secret@host:port/minhu"},
        ),
        "错误：连不上数据库 127.0.0.1:9/minhu": (
            str(tmp_path / "dead"),
            [],
            outside | {"MINHU_OWNER_DATABASE_URL": "postgresql://o:secret@127.0.0.1:9/minhu"},
        ),
    }
    started = {
        told: start("up", "--data-dir", folder, "--port-base", str(base), *words, given=given)
        for told, (folder, words, given) in cases.items()
    }
    for told, process in started.items():
        said = finish(process)
        assert (said.code, said.out, said.err.count("\n")) == (1, "", 1), said.err
        assert said.err.startswith(told)
        assert "secret" not in said.err
    assert list_servers(tmp_path) == []
    assert not (tmp_path / "never").exists()


def test_a_port_of_somebody_else_is_named(tmp_path: Path) -> None:
    base = free_base()
    with socket.create_server(("127.0.0.1", base + 3)):
        said = run("up", "--data-dir", str(tmp_path / "new"), "--port-base", str(base))

    assert said.err == f"错误：端口 {base + 3}（scoring）已被占用，请用 --port-base 另选\n"
    assert not list((tmp_path / "new").glob("pg*"))
