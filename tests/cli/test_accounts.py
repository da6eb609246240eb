"""`minhu accounts`: a person is added, gets in, is locked, reset, and let go."""

from httpx import AsyncClient

from shared.tickets import Hotline
from tests.access.asking import change, issue
from tests.access.persons import fresh
from tests.access.test_keys import until
from tests.cli.console import Said, finish, run, start


def told(said: Said, name: str) -> str:
    (line,) = [one for one in said.out.splitlines() if one.startswith(f"{name}：")]
    return line.removeprefix(f"{name}：")


def line_of(listed: Said, account: str) -> list[str]:
    (line,) = [one for one in listed.out.splitlines() if one.startswith(account)]
    return line.split()


async def sign_in(dispatch: AsyncClient, password: str, code: str) -> str | None:
    body = {"account": "wangfang", "password": password, "code": code}
    answer = await dispatch.post("/v1/session", json=body, headers=fresh())
    return answer.json()["token"] if answer.status_code == 201 else None


async def test_a_person_is_added_reset_and_let_go(
    outside: dict[str, str], dispatch: AsyncClient
) -> None:
    words = ["add", "wangfang", "--actor", "王芳", "--role", "desk"]
    added = run("accounts", *words, given=outside)
    password, codes = told(added, "口令"), told(added, "恢复码").split()
    assert told(added, "动态码").startswith("otpauth://totp/")
    token = await sign_in(dispatch, password, codes[0])
    assert token is not None
    listed = run("accounts", "list", given=outside)
    assert {"王芳", "desk", "口令+动态码", "9", "1", "有效"} <= set(line_of(listed, "wangfang"))
    assert password not in listed.out

    changed = run("accounts", "reset", "wangfang", given=outside)

    await until(dispatch, token, 401)
    assert await sign_in(dispatch, password, codes[1]) is None
    password, codes = told(changed, "口令"), told(changed, "恢复码").split()
    assert await sign_in(dispatch, password, codes[0]) is not None
    assert await sign_in(dispatch, "wrong", "") is None
    for subject in ("wangfang", "127.0.0.1"):
        unlocked = run("accounts", "unlock", subject, given=outside)
        assert unlocked.out == f"已解锁 {subject}\n"
    assert run("accounts", "sign-out", "wangfang", given=outside).out == (
        "已结束 wangfang 的会话 1 个\n"
    )
    assert run("accounts", "disable", "wangfang", given=outside).out == "已停用 wangfang\n"
    assert await sign_in(dispatch, password, codes[1]) is None


def test_what_makes_no_account_is_refused(outside: dict[str, str]) -> None:
    desk = ["--actor", "王芳", "--role", "desk"]
    cases = {
        "登录名用小写字母": ["add", "王芳", *desk],
        "角色 unit 须用 --unit 指明单位": ["add", "wf", "--actor", "王芳", "--role", "unit"],
        "尚未设置统一认证": ["add", "wangfang", *desk, "--oidc-subject", "person-1"],
        "没有登录名为 nobody 的账号": ["unlock", "nobody"],
    }
    started = {told: start("accounts", *words, given=outside) for told, words in cases.items()}
    for expected, process in started.items():
        said = finish(process)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(f"错误：{expected}"), said.err


async def test_doctor_tells_of_keys_that_end_keys_nobody_uses_and_a_provider_that_is_away(
    outside: dict[str, str], hotline: Hotline
) -> None:
    ending = (await issue(hotline, actor="李强")).split("_")[1]
    idle = (await issue(hotline, actor="赵敏")).split("_")[1]
    await change(
        hotline,
        "UPDATE api_keys SET expires_at = now() + interval '3 days' WHERE key_id = :id",
        id=ending,
    )
    await change(
        hotline,
        "UPDATE api_keys SET created_at = now() - interval '91 days' WHERE key_id = :id",
        id=idle,
    )
    away = {
        "MINHU_OIDC_ISSUER": "https://127.0.0.1:1/realm",
        "MINHU_OIDC_CLIENT_ID": "minhu",
        "MINHU_OIDC_REDIRECT_URL": "https://dispatch.example.org/v1/session/oidc/callback",
    }

    said = run("doctor", given={**outside, **away})

    lines = said.out.splitlines()
    assert any(f"14 天内到期：{ending}（李强）" in line for line in lines), said.out
    assert any(f"90 天没有用过：{idle}（赵敏）" in line for line in lines)
    assert any(line.startswith("✗ 统一认证：统一认证没有应答") for line in lines)
    assert said.code == 1
