"""`minhu sources`: where a platform's lists are had, and messages asked for again."""

from tests.cli.console import run

LISTS = "http://127.0.0.1:9/lists"
AGAIN = "http://127.0.0.1:9/again"


def test_the_addresses_of_lists_are_registered_changed_and_taken_back(
    outside: dict[str, str],
) -> None:
    sandbox = {**outside, "MINHU_SANDBOX": "1"}
    added = run("sources", "add", "town", "--list-url", LISTS, given=sandbox)
    assert added.last_line.startswith("whsec_")
    assert run("sources", "set", "town", "--request-url", AGAIN, given=sandbox).code == 0
    listed = run("sources", "list", given=outside).out
    (line,) = [one for one in listed.splitlines() if one.startswith("town")]
    assert line.split()[-2:] == [LISTS, AGAIN]

    assert run("sources", "set", "town", "--list-url", "", given=sandbox).code == 0
    listed = run("sources", "list", given=outside).out
    (line,) = [one for one in listed.splitlines() if one.startswith("town")]
    assert line.split()[-2:] == ["-", AGAIN]


def test_an_address_must_be_https_and_its_platform_known(outside: dict[str, str]) -> None:
    plain = run("sources", "set", "city-12345", "--list-url", LISTS, given=outside)
    assert plain.code == 1
    unknown = run("sources", "set", "nobody", "--list-url", "https://a.example/", given=outside)
    assert (unknown.code, unknown.err) == (1, "错误：没有登记过来源 nobody\n")
