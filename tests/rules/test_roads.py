"""Which road an address lies on, and whose it is. Addresses fictitious."""

import pytest

from services.scoring.rules.segments import Segment, find_segment
from shared.domain.roads import Spot, find_spot
from tests.rules.sanitation import ONE, OTHER, segment

ROADS = ("江宁路", "昌平路", "共和新路", "新路", "延安中路", "宝山路")


@pytest.mark.parametrize(
    ("address", "spot"),
    [
        ("静安区江宁路6001号门前", Spot("江宁路", 6001)),
        ("上海市静安区 江宁路 ６００１ 弄弄口", Spot("江宁路", 6001)),
        ("江宁路（近昌平路）", Spot("江宁路", None)),
        ("江宁路近延安中路路口", Spot("江宁路", None)),
        ("延安中路江宁路口", Spot("延安中路", None)),
        ("共和新路6005号", Spot("共和新路", 6005)),
        ("静安区共和新路街道昌平路6005号", Spot("昌平路", 6005)),
        ("宝山路街道办事处门口", None),
        ("示例广场近江宁路", None),
        ("江宁路6001-6005号", Spot("江宁路", 6001)),
        ("示例公园", None),
        ("", None),
        (None, None),
    ],
)
def test_the_road_an_address_lies_on(address: str | None, spot: Spot | None) -> None:
    assert find_spot(address, ROADS) == spot


WHOLE = segment(1)
LOW = segment(2, inspection_id="I-2", contractor=OTHER, from_no=6001, to_no=6099)
HIGH = segment(3, inspection_id="I-3", from_no=6100, to_no=6199)
THERE = segment(4, inspection_id="I-4", contractor=OTHER, street="彭浦镇")


@pytest.mark.parametrize(
    ("segments", "address", "street", "contractor"),
    [
        ([WHOLE], "江宁路6001号", None, ONE),
        ([WHOLE, LOW], "江宁路6001号", None, OTHER),
        ([WHOLE, LOW], "江宁路6500号", None, ONE),
        ([LOW, HIGH], "江宁路6100号", None, ONE),
        ([LOW, HIGH], "江宁路6099号", None, OTHER),
        ([LOW, HIGH], "江宁路6500号", None, None),
        ([LOW, HIGH], "江宁路近昌平路", None, None),
        ([HIGH], "江宁路近昌平路", None, ONE),
        ([WHOLE, THERE], "江宁路6001号", "彭浦镇", None),
        ([THERE], "江宁路6001号", "彭浦镇", OTHER),
        ([THERE], "江宁路6001号", "江宁路街道", None),
        ([THERE], "江宁路6001号", None, OTHER),
        ([], "江宁路6001号", None, None),
    ],
)
def test_the_contractor_whose_segment_it_is_or_nobody_where_it_is_not_clear(
    segments: list[Segment], address: str, street: str | None, contractor: str | None
) -> None:
    found = find_segment(segments, month=202611, address=address, street=street)

    assert (None if found is None else found.contractor) == contractor
