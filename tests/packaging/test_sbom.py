"""tools/sbom.py: what the package needs, in CycloneDX, the same bytes every time."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sbom():
    spec = importlib.util.spec_from_file_location("sbom", ROOT / "tools" / "sbom.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bill(sbom):
    return sbom.bill()


def test_the_bill_is_cyclonedx_and_names_every_component_once(bill):
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    names = [component["name"] for component in bill["components"]]
    assert names == sorted(set(names))
    for component in bill["components"]:
        assert component["purl"] == f"pkg:pypi/{component['name']}@{component['version']}"
    licensed = [component for component in bill["components"] if "licenses" in component]
    assert len(licensed) > 0.9 * len(names)  # a few distributions state none


def test_every_dependency_is_a_component_and_every_component_is_reached(bill):
    below = {item["ref"]: item["dependsOn"] for item in bill["dependencies"]}
    seen, todo = set(), ["plurigrid-ff"]
    while todo:
        ref = todo.pop()
        if ref not in seen:
            seen.add(ref)
            todo += below[ref]

    assert seen == {"plurigrid-ff", *(item["bom-ref"] for item in bill["components"])}


def test_it_holds_what_a_run_needs_and_nothing_for_development(bill, sbom):
    versions = {component["name"]: component["version"] for component in bill["components"]}
    pins = sbom.pinned((ROOT / "constraints.txt").read_text("utf-8"))

    assert {"torch", "gudhi", "mcp", "sympy", "onnx"} <= versions.keys()
    assert versions["torch"] == pins["torch"]
    assert not {"pytest", "ruff", "mkdocs", "mypy"} & versions.keys()


def test_two_runs_write_the_same_bytes(tmp_path, bill):
    out = tmp_path / "sbom.json"

    subprocess.run([sys.executable, ROOT / "tools" / "sbom.py", "--out", out], check=True)

    assert out.read_text("utf-8") == json.dumps(bill, indent=2) + "\n"


def test_what_is_needed_and_not_installed_is_said(sbom):
    with pytest.raises(SystemExit, match="absent-thing: is needed and not installed; run make dev"):
        sbom.metadata("absent-thing")
