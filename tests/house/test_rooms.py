"""Rooms stay small and say what they hold; the domain knows the standard library and itself."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for folder in ("src", "tests", "tools", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
# A schema revision makes a table by one call: a list of columns, not a function of many steps.
REVISIONS = ROOT / "src" / "hms" / "migrations" / "versions"
SAYING_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def long_functions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            length = (node.end_lineno or first) - first + 1
            if length > LONGEST_FUNCTION:
                yield f"{node.name}:{node.lineno} has {length} lines"


def foreign_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{'.' * node.level}{node.module or ''}"]
        for name in names:
            of_domain = name == "hms.domain" or name.startswith("hms.domain.")
            if not of_domain and name.partition(".")[0] not in sys.stdlib_module_names:
                yield name


def test_no_file_is_long() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in SOURCES}
    assert [f"{path} has {length} lines" for path, length in lengths.items() if length > LONGEST_FILE] == []


def test_no_function_is_long() -> None:
    others = [path for path in SOURCES if REVISIONS not in path.parents]
    found = [f"{path.relative_to(ROOT)}: {long}" for path in others for long in long_functions(parse(path))]
    assert found == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in SOURCES if SAYING_NOTHING & {path.stem, path.parent.name}] == []


def test_domain_imports_only_the_standard_library_and_itself() -> None:
    domain = sorted((ROOT / "src" / "hms" / "domain").rglob("*.py"))
    assert domain
    assert [f"{path.name}: {name}" for path in domain for name in foreign_imports(parse(path))] == []


def test_long_function_is_found() -> None:
    source = "@decorated\ndef long():\n" + "    work()\n" * (LONGEST_FUNCTION - 1)
    assert list(long_functions(ast.parse(source))) == ["long:2 has 61 lines"]


@pytest.mark.parametrize(
    "source", ["import flask", "from hms import clock", "from hms.settings import S", "from . import a"]
)
def test_foreign_import_is_found(source: str) -> None:
    assert list(foreign_imports(ast.parse(source))) != []


@pytest.mark.parametrize(
    "source", ["import datetime as dt", "from hms.domain.errors import Code", "from enum import Enum"]
)
def test_homely_import_is_let_in(source: str) -> None:
    assert list(foreign_imports(ast.parse(source))) == []
