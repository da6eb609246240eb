"""A file that somebody named, as answered: by reference, as it came."""

from typing import Any

from shared.domain.events import Attachment


def attachment_answer(file: Attachment) -> dict[str, Any]:
    return {"kind": file.kind, "url": file.url, "sha256": file.sha256}
