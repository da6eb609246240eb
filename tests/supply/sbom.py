"""`make sbom`: a CycloneDX 1.6 list of all that is installed; the same lock, the same bytes."""

import json
import sys
import tomllib
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.supply.lock import ROOT, Pin, licence_of, read_lock, shipped

OUT = ROOT / "build" / "sbom.cdx.json"


def component(pin: Pin, *, is_shipped: bool) -> dict[str, Any]:
    purl = f"pkg:pypi/{pin.name}@{pin.version}"
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": pin.name,
        "version": pin.version,
        "scope": "required" if is_shipped else "excluded",
        "purl": purl,
        "properties": [{"name": "minhu:sha256", "value": one} for one in sorted(pin.hashes)],
    }
    licence = licence_of(pin.name)
    if licence is not None:
        made["licenses"] = [{"license": {"name": licence}}]
    return made


def document(pins: list[Pin], project: Mapping[str, Any]) -> dict[str, Any]:
    runs = shipped(pins)
    components = [component(pin, is_shipped=pin.name in runs) for pin in pins]
    told = json.dumps(components, sort_keys=True)
    own = f"pkg:pypi/{project['name']}@{project['version']}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, own + told)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": project["name"],
                "version": project["version"],
                "purl": own,
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": components,
        "dependencies": [
            {"ref": own, "dependsOn": [one["bom-ref"] for one in components]},
        ],
    }


def write(path: Path) -> dict[str, Any]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    made = document(read_lock(), project)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made, ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8")
    return made


def main() -> None:
    made = write(OUT)
    required = sum(one["scope"] == "required" for one in made["components"])
    others = len(made["components"]) - required
    sys.stdout.write(f"{OUT.relative_to(ROOT)}：运行所需 {required} 个，开发所用 {others} 个\n")


if __name__ == "__main__":
    main()
