"""`minhu demo`: which folders it may clear, and what is left when it is cut off."""

import signal
from pathlib import Path

from tests.cli.console import finish, free_base, list_servers, run, start, wait_until


def test_a_folder_that_is_not_its_own_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("kept")

    said = run("demo", "--data-dir", str(tmp_path))

    assert (said.code, said.out) == (1, "")
    assert said.err == f"错误：{tmp_path} 不是空目录，也不是演示用过的目录，请另选\n"
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_earlier_demo_is_cleared_and_one_cut_off_leaves_no_ready_file(
    data_dir: Path, tmp_path: Path
) -> None:
    (data_dir / ".minhu-demo").touch()
    old = (data_dir / "keyring.json").read_text()
    ready = tmp_path / "ready.json"
    ready.write_text("{}")
    options = ["--port-base", str(free_base()), "--ready-file", str(ready)]
    process = start("demo", "--data-dir", str(data_dir), *options)
    wait_until((data_dir / "running.json").exists, process)
    process.send_signal(signal.SIGINT)

    said = finish(process)

    assert (said.code, said.err) == (130, "")
    assert not ready.exists()
    assert (data_dir / "keyring.json").read_text() != old
    assert list_servers(data_dir) == []
