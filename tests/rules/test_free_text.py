"""What is hidden in free text, what stays, and that nothing else is touched. Data fictitious."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.vault.free_text import WEIGHTS, hide_people, is_identity

IDENTITY = "11010519491231002X"  # the example of GB 11643
WORDS = st.text(st.sampled_from("夜间噪声扰民请派人，。门口垃圾"), max_size=12)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("物业电话13912345678请联系", "物业电话139****5678请联系"),
        ("请拨139 1234 5678", "请拨139****5678"),
        ("＋８６１３９１２３４５６７８", "＋139****5678"),
        ("座机021-62345678", "座机021****78"),
        (f"身份证{IDENTITY}号", "身份证****号"),
        ("车牌沪A·12345乱停", "车牌沪A****乱停"),
        ("新能源沪AD12345", "新能源沪A****"),
        ("我住5号楼1203室", "我住5号楼****室"),
        ("302室的住户反映", "****室的住户反映"),
    ],
)
def test_people_are_hidden(written: str, shown: str) -> None:
    assert hide_people(written) == shown


@pytest.mark.parametrize(
    "written",
    [
        "请拨12345",
        "静安区示例路100弄5号楼505室非法住改商",
        "局办公楼321室无人接待",
        "办公室、地下室、30室外机位",
        "工单号T20261118-000731，编号SH12345-20261118-00731",
        "订单20261118123456789",
        f"身份证{IDENTITY[:-1]}1号",
        "沪A区、A3区、1000元、2026年11月18日",
        "",
    ],
)
def test_places_and_numbers_of_things_stay(written: str) -> None:
    assert hide_people(written) == written


@given(WORDS, WORDS, st.integers(3, 9), st.integers(0, 10**9 - 1))
def test_a_number_among_words_is_hidden_and_the_words_stay(
    before: str, after: str, second: int, rest: int
) -> None:
    number = f"1{second}{rest:09d}"
    shown = hide_people(f"{before}{number}{after}")

    assert shown == f"{before}{number[:3]}****{number[-4:]}{after}"
    assert hide_people(shown) == shown


@given(st.text(st.sampled_from("13812345678沪AB·室住我0021X- ，０１２"), max_size=40))
def test_what_is_hidden_once_stays_as_it_is_and_no_mobile_is_left(text: str) -> None:
    shown = hide_people(text)

    assert hide_people(shown) == shown or shown.count("****") > 0
    assert re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", shown) is None


@given(st.integers(10**16, 10**17 - 1))
def test_one_check_digit_of_eleven_is_right(body: int) -> None:
    digits = str(body)
    right = [one for one in "0123456789X" if is_identity(digits + one)]

    assert len(right) == 1
    assert len(WEIGHTS) == 17
