"""The check over the test tree finds the faults planted here, and none in tests as they should be."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tools.testtree import check_tree

GOOD = """
    import pytest

    @pytest.fixture
    def test_data():
        return 1

    def same(left, right):
        assert left == right

    def test_assert(): assert 1 == 1
    def test_raises():
        with pytest.raises(ValueError):
            int("x")
    def test_method(page): page.expect_title("HMS")
    def test_helper(): same(1, 1)
    async def test_async(): check_booked(3)
    class TestBooking:
        def test_method(self): assert self
"""

FAULTS = {
    "def testBooking(): assert booked": "starts with test_",
    "def tests_booking(): assert booked": "starts with test_",
    "class Booking:\n    def test_book(self): assert booked": "class named Test",
    "class TestBooking:\n    def __init__(self): pass\n    def test_book(self): assert booked": "without __init__",
    "def make():\n    def test_inner(): assert booked": "not at the top of its file",
    "def test_a(): assert a\ndef test_a(): assert b": "gives its name away again",
    "class TestB:\n    def test_a(self): assert a\n    def test_a(self): assert b": "gives its name away again",
    "def test_nothing(): book()": "asserts nothing",
    "def test_true(): assert True": "asserts nothing",
    "def test_match(text): text.raises(ValueError)": "asserts nothing",
    "class TestB:\n    def test_a(self): print(1)": "asserts nothing",
}


def faults_of(folder: Path, source: str, name: str = "test_planted.py") -> list[str]:
    (folder / name).write_text(dedent(source))
    return [fault.message for fault in check_tree(folder)]


def test_good_tests_have_no_fault(tmp_path: Path) -> None:
    assert faults_of(tmp_path, GOOD) == []


@pytest.mark.parametrize("source", FAULTS, ids=range(len(FAULTS)))
def test_planted_fault_is_found(tmp_path: Path, source: str) -> None:
    [message] = faults_of(tmp_path, source)
    assert FAULTS[source] in message


@pytest.mark.parametrize("name", ["bookings.py", "booking_test.py", "tests_booking.py", "conftest.py"])
def test_tests_in_a_file_that_is_not_looked_into_are_found(tmp_path: Path, name: str) -> None:
    [message] = faults_of(tmp_path, "def test_book(): assert booked", name)
    assert message.endswith("its file is not named test_*.py")


def test_fault_names_its_place(tmp_path: Path) -> None:
    (tmp_path / "domain").mkdir()
    path = tmp_path / "domain" / "test_slots.py"
    path.write_text("\n\ndef test_nothing(): pass\n")
    assert [str(fault) for fault in check_tree(tmp_path)] == [f"{path}:3: test_nothing asserts nothing"]


def test_this_project_has_no_such_fault() -> None:
    assert check_tree(Path(__file__).parents[1]) == []
