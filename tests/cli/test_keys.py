"""`minhu keys` with an end, scopes and networks, and one key following another."""

from shared.identity.scopes import KeyScope
from tests.cli.console import Said, finish, run, start


def line_of(listed: Said, key_id: str) -> list[str]:
    (line,) = [one for one in listed.out.splitlines() if one.startswith(key_id)]
    return line.split()


def test_a_key_is_issued_with_an_end_scopes_and_networks_and_followed_by_another(
    outside: dict[str, str],
) -> None:
    wished = ["--scope", "tickets:read", "--scope", "subscriptions"]
    wished += ["--network", "10.20.0.0/16", "--network", "::ffff:192.0.2.0/120"]
    issued = run(
        *("keys", "issue", "--role", "desk", "--actor", "王芳", "--expires", "2027-01-31"),
        *wished,
        given=outside,
    )
    first = issued.last_line.split("_")[1]

    rotated = run("keys", "rotate", first, "--grace", "30m", given=outside)

    second = rotated.last_line.split("_")[1]
    assert rotated.out == f"{rotated.last_line}\n"
    assert rotated.err == f"已签发 {second}，接替 {first}；旧的再用 30m\n"
    listed = run("keys", "list", given=outside)
    old, new = line_of(listed, first), line_of(listed, second)
    told = ["从未", "subscriptions,tickets:read", "10.20.0.0/16,192.0.2.0/24"]
    assert (old[-4:], new[-4:]) == ([*told, "-"], [*told, first])
    assert "有效" in old
    assert "有效" in new


def test_the_help_names_every_scope(outside: dict[str, str]) -> None:
    told = run("keys", "issue", "--help", given={**outside, "COLUMNS": "2000"}).out

    assert [scope for scope in KeyScope if scope.value not in told] == []


def test_what_makes_no_sense_for_a_key_is_refused(outside: dict[str, str]) -> None:
    desk = ["issue", "--role", "desk"]
    cases = {
        "网段 10.0.0.1/8 写法有误": [*desk, "--network", "10.0.0.1/8"],
        "到期时间 2020-01-01 须在今天以后": [*desk, "--expires", "2020-01-01"],
        "soon 不是到期时间": [*desk, "--expires", "soon"],
        "99999d 不是时长": [*desk, "--expires", "99999d"],
        "没有编号为 abcdefgh 的密钥": ["rotate", "abcdefgh"],
    }
    started = {told: start("keys", *words, given=outside) for told, words in cases.items()}
    for told, process in started.items():
        said = finish(process)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(f"错误：{told}")
