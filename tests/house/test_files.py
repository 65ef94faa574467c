"""What is committed names no registry and no machine, and the locks pin everything by its hash."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("requirements.lock", "requirements-dev.lock")
NPM_LOCK = ROOT / "assets" / "package-lock.json"
OWN = ("src/hms", "tests", "docs", "tools", "benchmarks", "infra")
# Folders of a machine that somebody worked on.
MACHINE_PATH = re.compile(r"(?<![\w.~$}-])/(?:root|work|home|Users)/[\w.]")
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(\[[a-z,]+\])?==(\S+)")


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:  # an unpacked archive: whatever lies in the project's own folders
        return [path for folder in OWN for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text().splitlines()
    return {found[1]: found[3] for line in lines if (found := PINNED.match(line))}


@pytest.mark.parametrize("lock", REQUIREMENTS)
def test_python_lock_names_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(index-url|extra-index-url|find-links|trusted-host)", text, re.MULTILINE)


@pytest.mark.parametrize("lock", REQUIREMENTS)
def test_python_lock_pins_everything_by_its_hash(lock: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text().split("\n", 2)[2])
    assert len(entries) > 20
    assert [entry for entry in entries if not PINNED.match(entry) or "--hash=sha256:" not in entry] == []


def test_both_python_locks_agree() -> None:
    shipped, developed = pins(REQUIREMENTS[0]), pins(REQUIREMENTS[1])
    assert {name: version for name, version in shipped.items() if developed.get(name) != version} == {}


def test_python_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime, development = project["project"]["dependencies"], project["dependency-groups"]["dev"]
    asked = {re.split(r"[\[<>=;~ ]", line)[0] for line in runtime}
    assert asked <= pins(REQUIREMENTS[0]).keys()
    assert {re.split(r"[\[<>=;~ ]", line)[0] for line in development} <= pins(REQUIREMENTS[1]).keys()


def test_npm_lock_names_no_registry_and_has_every_hash() -> None:
    packages = {name: entry for name, entry in json.loads(NPM_LOCK.read_text())["packages"].items() if name}
    assert packages
    assert "://" not in re.sub(r'"url": "[^"]*"', "", NPM_LOCK.read_text())
    assert [name for name, entry in packages.items() if "resolved" in entry or "integrity" not in entry] == []


def test_npm_lock_holds_what_the_pages_ask_for() -> None:
    asked = json.loads((ROOT / "assets" / "package.json").read_text())
    locked = json.loads(NPM_LOCK.read_text())["packages"][""]
    assert asked["dependencies"] == locked["dependencies"]
    assert asked["devDependencies"] == locked["devDependencies"]


def test_no_committed_file_names_a_folder_of_somebodys_machine() -> None:
    found = []
    for path in tracked_files():
        text = path.read_bytes().decode(errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in MACHINE_PATH.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", ["see /{}/main/x", "'/{}/.cache'", "path=/{}/me"])
def test_folder_of_a_machine_is_found(text: str) -> None:
    assert all(MACHINE_PATH.search(text.format(folder)) for folder in ("root", "work", "home"))


@pytest.mark.parametrize("text", ["/api/v1/{}/x", "~/{}/x", "the /{} of it", "url/{}/page", "{{base}}/{}/x"])
def test_other_paths_are_let_be(text: str) -> None:
    assert not any(MACHINE_PATH.search(text.format(folder)) for folder in ("root", "work", "home"))
