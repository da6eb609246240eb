"""`minhu recompute --verify`: on a running and on a stopped folder, and cut off midway."""

import asyncio
import re
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.cli.conftest import FirstRun
from tests.cli.console import Said, finish, list_servers, run, start, up, wait_until
from tests.cli.platform import PATIENCE_SECONDS, push_ticket

SAME = "重算与现存考核事实完全一致：0 处出入\n"
SPOIL = "UPDATE facts SET appeal_type = 'praise' RETURNING no"


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A folder whose stack has ended; one fact of its only ticket was falsified while it ran."""

    folder: Path
    no: str
    before: Said
    after: Said


AS_BUREAU = {"minhu.bureau_id": "1"}


def verify(folder: Path) -> Said:
    return run("recompute", "--verify", "--data-dir", str(folder))


async def settle(database_url: str) -> None:
    """Until nothing is owed: what is folded later would put a falsified fact right again."""
    connection = await asyncpg.connect(database_url, server_settings=AS_BUREAU)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await connection.fetchval("SELECT EXISTS (SELECT FROM deliveries)"):
            continue
    await connection.close()


async def spoil(database_url: str) -> str:
    connection = await asyncpg.connect(database_url, server_settings=AS_BUREAU)
    no = str(await connection.fetchval(SPOIL))
    await connection.close()
    return no


@pytest.fixture(scope="module")
def spoilt(first_run: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Spoilt:
    folder = tmp_path_factory.mktemp("spoilt") / "data"
    shutil.copytree(first_run.folder, folder)
    with up(folder) as stack:
        assert push_ticket(stack.facts) == "applied"
        asyncio.run(settle(stack.facts["database_url"]))
        before = verify(folder)
        no = asyncio.run(spoil(stack.facts["database_url"]))
        after = verify(folder)
        stack.end(signal.SIGTERM)
    return Spoilt(folder, no, before, after)


def test_a_running_stack_is_verified_and_a_falsified_fact_is_shown(spoilt: Spoilt) -> None:
    assert (spoilt.before.code, spoilt.before.out, spoilt.before.err) == (0, SAME, "")
    assert (spoilt.after.code, spoilt.after.err) == (1, "共 1 处出入\n")
    assert spoilt.after.out == (f"{spoilt.no}/1 appeal_type：现存 praise，重算 complaint\n")


def test_a_stopped_folder_is_verified_and_left_without_a_server(
    spoilt: Spoilt, data_dir: Path
) -> None:
    said, sound = verify(spoilt.folder), verify(data_dir)

    assert (said.code, said.out) == (1, spoilt.after.out)
    assert (sound.code, sound.out) == (0, SAME)
    assert list_servers(spoilt.folder) == list_servers(data_dir) == []


def test_real_tickets_are_never_put_under_a_virtual_clock(spoilt: Spoilt) -> None:
    said = run("up", "--sandbox", "--data-dir", str(spoilt.folder), "--port-base", "31000")

    assert (said.code, said.out) == (1, "")
    assert said.err == "错误：这里已有真实时间的工单，不能改为沙箱。请用 --data-dir 另选一个目录\n"
    assert list_servers(spoilt.folder) == []


def cut_off(data_dir: Path, number: signal.Signals) -> Said:
    """In the middle: one that was done before the signal came is started again."""
    while True:
        process = start("recompute", "--verify", "--data-dir", str(data_dir))
        wait_until(lambda: list(data_dir.glob("pg*/postmaster.pid")), process)
        process.send_signal(number)
        said = finish(process)
        if said.out != SAME:
            return said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_verification_cut_off_leaves_no_server_and_the_folder_usable(
    data_dir: Path, number: signal.Signals
) -> None:
    said = cut_off(data_dir, number)

    assert psutil.wait_procs(list_servers(data_dir), timeout=10)[1] == []
    assert said.code == (130 if number is signal.SIGINT else -number)
    assert "Traceback" not in said.err
    assert verify(data_dir).code == 0


def test_without_verify_everything_is_folded_again_to_the_same(data_dir: Path) -> None:
    first = run("recompute", "--data-dir", str(data_dir))
    again = run("recompute", "--data-dir", str(data_dir))

    assert first.code == 0
    assert re.search(r"摘要 [0-9a-f]{64}\n", first.out)
    assert again.out == first.out
    assert verify(data_dir).code == 0


def test_a_folder_without_data_is_left_as_it_is(tmp_path: Path) -> None:
    for options in ((), ("--verify",)):
        empty = run("recompute", *options, "--data-dir", str(tmp_path))

        assert empty.code == 1
        assert empty.err.startswith(f"错误：{tmp_path} 中没有数据。请先运行 minhu up")
    assert list(tmp_path.iterdir()) == []
