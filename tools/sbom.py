"""Write a software bill of materials, CycloneDX 1.6 in JSON: ``make sbom``.

    python tools/sbom.py --out sbom.json

Lists what plurigrid-ff needs at run time, with all extras but those for development: every
distribution at the version that constraints.txt pins (of new ones: that is installed), with the
licence and the dependencies that its installed metadata states. The same files give the same
bytes. Nothing is looked up elsewhere.
"""

import argparse
import hashlib
import importlib.metadata
import json
import sys
import tomllib
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
DEVELOPMENT = {"dev", "docs"}  # extras that no user of the package needs


def main() -> int:
    """Write, or print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="the file; standard output by default")
    options = parser.parse_args()
    text = json.dumps(bill(), indent=2) + "\n"
    if options.out:
        options.out.write_text(text, "utf-8")
    else:
        print(text, end="")
    return 0


def bill() -> dict[str, Any]:
    """Return the document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pins = pinned((ROOT / "constraints.txt").read_text("utf-8"))
    for item in own_requirements(project):  # one that is new may not be pinned yet
        name = canonicalize_name(item.name)
        pins.setdefault(name, str(metadata(name)["Version"]))
    needed = closure(own_requirements(project), pins)
    own = {
        "type": "library",
        "bom-ref": "plurigrid-ff",
        "name": project["name"],
        "version": importlib.metadata.version("plurigrid-ff"),
        "description": project["description"],
        "licenses": [{"license": {"id": project["license"]}}],
    }
    components = [component(name, pins[name]) for name in sorted(needed)]
    direct = sorted({canonicalize_name(item.name) for item in own_requirements(project)})
    dependencies = [{"ref": "plurigrid-ff", "dependsOn": [purl(n, pins[n]) for n in direct]}]
    dependencies += [
        {"ref": purl(name, pins[name]), "dependsOn": [purl(n, pins[n]) for n in sorted(below)]}
        for name, below in sorted(needed.items())
    ]
    content = json.dumps([own, components, dependencies], sort_keys=True).encode()
    # A serial number of the content: the same bill has the same one.
    serial = uuid.UUID(bytes=hashlib.sha256(content).digest()[:16], version=4)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
        "dependencies": dependencies,
    }


def pinned(text: str) -> dict[str, str]:
    """Read exact versions by canonical name."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {
        canonicalize_name(name): version for name, _, version in (x.partition("==") for x in lines)
    }


def own_requirements(project: dict[str, Any]) -> list[Requirement]:
    """Return what the package needs, and what its extras for users bring."""
    extras = project["optional-dependencies"].items()
    texts = [text for name, listed in extras if name not in DEVELOPMENT for text in listed]
    return [Requirement(text) for text in [*project["dependencies"], *texts]]


def closure(start: Iterable[Requirement], pins: dict[str, str]) -> dict[str, set[str]]:
    """Follow installed metadata; return what each distribution needs, by canonical name.

    What is needed on other systems only, or not pinned because a build of torch for GPUs brings
    it, is left out.
    """
    todo: set[str] = {canonicalize_name(item.name) for item in start}
    needed: dict[str, set[str]] = {}
    while todo:
        name = todo.pop()
        below: set[str] = {
            canonicalize_name(item.name)
            for item in map(Requirement, metadata(name).get_all("Requires-Dist") or ())
            if item.marker is None or item.marker.evaluate({"extra": ""})
        }
        needed[name] = below & pins.keys()
        todo |= needed[name] - needed.keys()
    return needed


def metadata(name: str) -> importlib.metadata.PackageMetadata:
    """Return installed metadata."""
    try:
        return importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        raise SystemExit(f"{name}: is needed and not installed; run make dev first") from None


def component(name: str, version: str) -> dict[str, Any]:
    """Describe one distribution."""
    stated = metadata(name)
    expression, words = (
        (stated.get_all(key) or [""])[0] for key in ("License-Expression", "License")
    )
    classified = [
        text.rpartition(" :: ")[2]
        for text in stated.get_all("Classifier") or ()
        if text.startswith("License :: ")
    ]
    licence: dict[str, Any] = {}
    if expression:
        licence = {"licenses": [{"expression": expression}]}
    elif classified:
        licence = {"licenses": [{"license": {"name": text}} for text in sorted(set(classified))]}
    elif words:  # some put the whole text here
        licence = {"licenses": [{"license": {"name": words.strip().splitlines()[0][:100]}}]}
    address = purl(name, version)
    return {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        **licence,
        "purl": address,
    }


def purl(name: str, version: str) -> str:
    """Return the address of a distribution as a package URL."""
    return f"pkg:pypi/{name}@{version}"


if __name__ == "__main__":
    sys.exit(main())
