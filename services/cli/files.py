"""JSON files that an operator gives to a command: read, checked, and faulted by place."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from services.cli.disk import explain
from shared.errors import Invalid

Model = TypeVar("Model", bound=BaseModel)

MOST_SHOWN = 10
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "缺少",
        "extra_forbidden": "没有这个字段",
        "enum": "只能是 {expected}",
        "bool_type": "应为 true 或 false",
        "int_type": "应为整数",
        "string_type": "应为文字",
        "list_type": "应为列表",
        "model_type": "应为对象",
        "date_type": "应为日期，如 2026-10-01",
        "date_parsing": "应为日期，如 2026-10-01",
        "date_from_datetime_parsing": "应为日期，如 2026-10-01",
        "string_pattern_mismatch": "写法不合要求",
        "string_too_short": "不能为空",
        "too_short": "不能为空",
        "greater_than_equal": "不能小于 {ge}",
        "less_than_equal": "不能大于 {le}",
    }
)


def read_file(path: Path, model: type[Model]) -> Model:
    """Types exactly as written: "true" is no boolean. Raises Invalid, naming every place."""
    text = read_text(path)
    try:
        json.loads(text)
        return model.model_validate_json(text, strict=True)
    except json.JSONDecodeError as error:
        raise Invalid(f"{path} 第 {error.lineno} 行第 {error.colno} 列不是合法的 JSON") from error
    except ValidationError as error:
        faults = [describe(one) for one in error.errors()]
        more = f"；共 {len(faults)} 处" if len(faults) > MOST_SHOWN else ""
        raise Invalid(f"{path} 内容有误：{'；'.join(faults[:MOST_SHOWN])}{more}") from error


def describe(fault: Mapping[str, Any]) -> str:
    place = "/" + "/".join(str(part) for part in fault["loc"])
    reason = REASONS.get(fault["type"], "内容不对")
    told = reason.format_map(fault.get("ctx", {}))
    return f"{place} {told}".replace("'", "").replace(" or ", "、").replace(", ", "、")


def read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise Invalid(f"无法读取 {path}：{explain(error)}") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{path} 不是 UTF-8 编码") from error
