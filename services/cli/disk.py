"""What the file system refuses, in words."""

from collections.abc import Mapping
from types import MappingProxyType

OS_REASONS: Mapping[type[OSError], str] = MappingProxyType(
    {
        FileNotFoundError: "没有这个文件",
        FileExistsError: "同名的文件已经存在",
        IsADirectoryError: "这是一个目录",
        NotADirectoryError: "路径中有一段不是目录",
        PermissionError: "没有权限",
    }
)


def explain(error: OSError) -> str:
    return next((told for kind, told in OS_REASONS.items() if isinstance(error, kind)), str(error))
