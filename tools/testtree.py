"""Look for tests that never run, and for tests that assert nothing.

`python -m tools.testtree tests` reads every Python file below a folder and
reports:

- a function named like a test that pytest won't collect (`testBooking`,
  `tests_booking`; in a file, a class or a function where pytest doesn't look);
- a test that a later one of the same name replaces;
- a test that asserts nothing: no `assert`, no `pytest.raises`, `fail` or
  `warns`, and no call of a function whose name starts with assert_, expect_ or
  check_ (in the test itself or in a function of the same file that it calls).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

ASSERTING_PREFIXES = ("assert", "expect_", "check_")
ASSERTING_PYTEST = frozenset({"raises", "fail", "warns"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with a file of tests."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def check_tree(folder: Path) -> list[Fault]:
    """Return the faults of every Python file below a folder."""
    return sorted(fault for path in sorted(folder.rglob("*.py")) for fault in check_file(path))


def check_file(path: Path) -> list[Fault]:
    """Return the faults of one file."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    looked_into = path.name.startswith("test_")
    helpers = asserting_helpers(tree)
    found = [
        *uncollected(tree, looked_into=looked_into),
        *replaced(tree.body),
        *(fault for node in tree.body if is_test_class(node) for fault in replaced(node.body)),
        *(empty for test in collected_tests(tree) if (empty := asserts_nothing(test, helpers))),
    ]
    return [Fault(str(path), line, message) for line, message in found]


def uncollected(tree: ast.Module, *, looked_into: bool) -> Iterator[tuple[int, str]]:
    """Find what is named like a test and never runs."""
    collected = {id(test) for test in collected_tests(tree)} if looked_into else set()
    fixtures = {id(node) for node in ast.walk(tree) if isinstance(node, Function) and is_fixture(node)}
    for node in ast.walk(tree):
        if not isinstance(node, Function) or id(node) in collected | fixtures:
            continue
        if node.name.lower().startswith("test"):
            yield (
                node.lineno,
                f"{node.name} is named like a test and never runs: {reason(node, looked_into=looked_into)}",
            )


def reason(node: Function, *, looked_into: bool) -> str:
    """Say why pytest doesn't run a function."""
    if not looked_into:
        return "its file is not named test_*.py"
    if not node.name.startswith("test_"):
        return "a test's name starts with test_"
    return "it is not at the top of its file nor in a class named Test… without __init__"


def collected_tests(tree: ast.Module) -> Iterator[Function]:
    """Yield the tests that pytest collects from a file that it looks into."""
    for node in tree.body:
        if isinstance(node, Function) and is_test(node):
            yield node
        elif is_test_class(node):
            yield from (item for item in node.body if isinstance(item, Function) and is_test(item))


def is_test(node: Function) -> bool:
    """Tell whether a function of a module or test class is a test."""
    return node.name.startswith("test_") and not is_fixture(node)


def is_test_class(node: ast.stmt) -> TypeGuard[ast.ClassDef]:
    """Tell whether pytest looks into a class."""
    return (
        isinstance(node, ast.ClassDef)
        and node.name.startswith("Test")
        and not any(isinstance(item, Function) and item.name in ("__init__", "__new__") for item in node.body)
    )


def is_fixture(node: Function) -> bool:
    """Tell whether a function is a fixture."""
    return any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)


def replaced(body: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    """Find tests that a later one of the same name, in the same place, replaces."""
    lines: dict[str, int] = {}
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and node.name.lower().startswith("test"):
            if node.name in lines:
                yield lines[node.name], f"{node.name} never runs: line {node.lineno} gives its name away again"
            lines[node.name] = node.lineno


def asserts_nothing(test: Function, helpers: frozenset[str]) -> tuple[int, str] | None:
    """Return the fault of a test without any assertion."""
    if any(is_assertion(node, helpers) for statement in test.body for node in ast.walk(statement)):
        return None
    return test.lineno, f"{test.name} asserts nothing"


def is_assertion(node: ast.AST, helpers: frozenset[str]) -> bool:
    """Tell whether a piece of code can fail a test on purpose."""
    if isinstance(node, ast.Assert):
        return not isinstance(node.test, ast.Constant)
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Attribute):
        of_pytest = isinstance(called.value, ast.Name) and called.value.id == "pytest"
        return called.attr.startswith(ASSERTING_PREFIXES) or (of_pytest and called.attr in ASSERTING_PYTEST)
    if isinstance(called, ast.Name):
        return called.id.startswith(ASSERTING_PREFIXES) or called.id in helpers or called.id == "expect"
    return False


def asserting_helpers(tree: ast.Module) -> frozenset[str]:
    """Name the functions of a file that assert something themselves."""
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, Function) and any(is_assertion(part, frozenset()) for part in ast.walk(node))
    )


def main() -> None:
    """Check the folders given on the command line; end with 1 if there is a fault."""
    faults = [fault for folder in sys.argv[1:] or ["tests"] for fault in check_tree(Path(folder))]
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
