"""JSON files that an operator gives to a command."""

import json
from pathlib import Path
from typing import Any

from shared.errors import Invalid


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise Invalid(f"无法读取 {path}：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{path} 不是 UTF-8 编码") from error
    except json.JSONDecodeError as error:
        raise Invalid(f"{path} 第 {error.lineno} 行第 {error.colno} 列不是合法的 JSON") from error
