"""What people said: a few hundred texts of each kind, with the salts and hashes the log keeps."""

import random

from shared.sandbox.year.places import STREETS
from shared.tickets.ledger import SALT_BYTES, text_hash

VARIANTS = 400
MATTERS = (
    "行道树枯枝断落，影响行人通行",
    "小区门口压缩站旁垃圾满溢，夜间清运噪声扰民",
    "店招店牌松动，有坠落危险",
    "共享单车乱停乱放，占据盲道",
    "装修垃圾堆放多日无人清运",
    "景观灯通宵不熄，光线照进卧室",
    "公共厕所异味重，地面湿滑",
    "绿地里的健身步道破损积水",
)
WISHES = ("请尽快处理。", "多次反映未果，要求给出答复。", "希望加强日常巡查。", "请到现场查看。")
NOTES = {
    "content": "已与市民电话联系，告知承办单位和办理时限，市民表示理解。",
    "instruction": "请尽快到现场核实处置，并按时反馈。",
    "reason": "经核实，所反映的位置不在本单位的管理范围内。",
    "comment": "情况属实，同意。",
    "text": "已安排人员到现场处置，清理完毕并冲洗地面，后续加密巡查。",
    "summary": "经现场核实，所反映情况属实，已整改到位，并落实专人每日巡查。",
    "reply_points": "已电话答复市民处置结果，市民无异议。",
}


def list_wordings(dice: random.Random) -> list[dict[str, str]]:
    """Each gives a ticket its texts, by the gaps of its log."""
    return [_wording(dice) for _ in range(VARIANTS)]


def _wording(dice: random.Random) -> dict[str, str]:
    street, matter = dice.choice(STREETS), dice.choice(MATTERS)
    place = f"{dice.choice(street.roads)}{dice.randint(1, 999)}号"
    bodies = {field: f"{note}（{dice.randint(1, 99)}）" for field, note in NOTES.items()}
    bodies["received_title"] = matter.split("，")[0]
    bodies["received_content"] = f"市民反映：{place}{matter}，{dice.choice(WISHES)}"
    bodies["received_address"] = f"静安区{place}"
    filled = {}
    for field, body in bodies.items():
        salt = dice.randbytes(SALT_BYTES)
        filled[f"body_{field}"] = body
        filled[f"salt_{field}"] = f"\\\\x{salt.hex()}"
        filled[f"hash_{field}"] = text_hash(salt, body)
    return filled
