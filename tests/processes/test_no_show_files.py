"""Marks as files: the same in both forms, however many parts they come in, and in flat memory."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyarrow import parquet
from sqlalchemy import update

from hms.access.actors import Actor
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import Hospital, NoShowLog
from hms.processes import no_show_files
from hms.queries.no_shows import LogFilter
from hms.runtime import Runtime
from tests.support.callers import counted_statements
from tests.support.factories import actor_of, make_doctor, make_user
from tests.support.many_marks import make_marks, weigh

ZONE = ZoneInfo("Asia/Kolkata")
ALL = LogFilter()


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each test a database in which nothing is checked."""
    return fresh_database


def read(pieces: Iterator[bytes]) -> Any:
    """Read a Parquet file by the library's own reader, as columns."""
    return parquet.ParquetFile(io.BytesIO(b"".join(pieces)))


def of(hospital: Hospital) -> Actor:
    return Actor.system(hospital.id)


def test_both_forms_say_the_same(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = make_marks(runtime, 7)
    with runtime.database.writing() as session:
        session.execute(update(NoShowLog).values(notes="=1+1"))
    monkeypatch.setattr(no_show_files, "LINES_AT_ONCE", 2)
    monkeypatch.setattr(no_show_files, "ROWS_IN_GROUP", 3)
    with counted_statements(runtime) as statements:
        file = read(no_show_files.parquet(runtime, of(hospital), ALL, ZONE))
    assert len(statements) == 4
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [4, 3]
    rows = file.read().to_pylist()
    heading, *lines = csv.reader(io.StringIO("".join(no_show_files.lines(runtime, of(hospital), ALL, ZONE))))
    assert heading == file.schema_arrow.names
    assert len(rows) == len(lines) == 7
    for row, cells in zip(rows, lines, strict=True):
        line = dict(zip(heading, cells, strict=True))
        assert (row["date"], row["time"]) == (date.fromisoformat(line["date"]), time.fromisoformat(line["time"]))
        assert f"{row['marked_at']:%Y-%m-%d %H:%M}" == line["marked_at"]
        assert (row["slot_released"], row["justified"]) == (line["slot_released"] == "yes", line["justified"] == "yes")
        assert [row[name] for name in ("doctor", "mrn", "patient", "reason")] == cells[2:6]
        assert (row["notes"], line["notes"]) == ("=1+1", "'=1+1")  # only spreadsheets compute
    marked = [row["marked_at"] for row in rows]
    assert marked == sorted(marked, reverse=True)
    assert marked[0] == datetime(2026, 1, 22, 8, 55, tzinfo=ZONE)


def test_no_marks_are_a_file_too(runtime: Runtime) -> None:
    hospital = make_marks(runtime, 1)
    nobody = LogFilter(until=datetime(2020, 1, 1, tzinfo=ZONE))
    file = read(no_show_files.parquet(runtime, of(hospital), nobody, ZONE))
    assert (file.metadata.num_rows, file.schema_arrow.names) == (0, list(no_show_files.COLUMNS))


def test_doctors_export_their_own_and_nurses_nothing(runtime: Runtime) -> None:
    hospital = make_marks(runtime, 3)
    other = actor_of(make_doctor(runtime, hospital))
    assert read(no_show_files.parquet(runtime, other, ALL, ZONE)).metadata.num_rows == 0
    nurse = actor_of(make_user(runtime, hospital, Role.NURSE))
    with pytest.raises(DomainError) as error:
        no_show_files.parquet(runtime, nurse, ALL, ZONE)
    assert error.value.code is Code.FORBIDDEN


def test_without_the_library_it_says_so_at_once(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = make_marks(runtime, 1)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DomainError) as error:
        no_show_files.parquet(runtime, of(hospital), ALL, ZONE)
    assert error.value.code is Code.NOT_CONFIGURED
    assert "CSV" in error.value.message


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    "marks", [30_000, pytest.param(1_000_000, marks=[pytest.mark.nightly, pytest.mark.timeout(900)])]
)
def test_memory_stays_flat(runtime: Runtime, database: str, kind: str, marks: int) -> None:
    hospital = make_marks(runtime, marks)
    few = marks // 3
    told = weigh(database, hospital, kind, few)
    # Three times as long, and hardly more memory.
    assert told["all_length"] == pytest.approx(told["few_length"] * 3, rel=0.1)
    assert told["all_kib"] - told["few_kib"] < 8 * 1024, told
