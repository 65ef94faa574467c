"""Cells of an import file become plain values, or the reasons why not."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms.domain.imports import KNOWN_COLUMNS, BadRowError, ImportRow, Outcome, is_past, parse
from hms.domain.people import Sex

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 22, 8, 0, tzinfo=UTC)  # 09:00 in Berlin
CELLS = {
    "patient_ref": "P1",
    "first_name": "Käthe",
    "last_name": "Müller",
    "appointment_ref": "A1",
    "doctor_email": "Dr.Rao@Clinic.Example",
    "date": "2026-01-20",
    "start_time": "09:00",
}


ODD = ("0001-01-01", "9999-12-31", "0001-01-01T00:00", "9999-12-31T23:59:59Z", "00:00", "23:59", "5", "480", "٣")


def dialable(typed: str) -> str | None:
    """Play the one who knows phone numbers: here, digits are what counts."""
    digits = "".join(c for c in typed if c.isdigit())
    return f"+{digits}" if 6 <= len(digits) <= 15 else None


def read(**cells: str) -> ImportRow:
    return parse(7, CELLS | cells, ZONE, NOW, dialable)


def reasons(**cells: str) -> dict[str, str]:
    with pytest.raises(BadRowError) as bad:
        read(**cells)
    return {detail.field: detail.message for detail in bad.value.details}


def test_least_row_is_enough() -> None:
    row = read()
    assert row.line == 7
    assert (row.patient.ref, row.patient.first_name, row.patient.last_name) == ("P1", "Käthe", "Müller")
    assert (row.patient.sex, row.patient.language, row.patient.phone) == (Sex.UNKNOWN, "en", None)
    visit = row.visit
    assert visit is not None
    assert visit.doctor_email == "dr.rao@clinic.example"
    assert visit.starts_at == datetime(2026, 1, 20, 8, 0, tzinfo=UTC)
    assert (visit.minutes, visit.outcome, visit.booked_at) == (None, None, None)


def test_full_row_is_read() -> None:
    row = read(
        date_of_birth="1980-02-29",
        sex="Female",
        phone="+49 (30) 123-456",
        email="k.mueller@Example.org",
        language="pt-BR",
        minutes="20",
        booked_at="2026-01-10T14:30",
        outcome="No-Show",
        start_time="9:00",
        type="FOLLOW_UP",
        reason="Knee pain",
    )
    assert row.patient.date_of_birth == date(1980, 2, 29)
    assert (row.patient.sex, row.patient.phone, row.patient.email) == (
        Sex.FEMALE,
        "+4930123456",
        "k.mueller@example.org",
    )
    visit = row.visit
    assert visit is not None
    assert (visit.start, visit.minutes, visit.outcome) == (time(9), 20, Outcome.NO_SHOW)
    assert visit.booked_at == datetime(2026, 1, 10, 13, 30, tzinfo=UTC)


def test_row_without_visit_is_a_patient_alone() -> None:
    row = read(appointment_ref="", doctor_email=" ", date="", start_time="")
    assert row.visit is None


def test_everything_wrong_is_told_at_once() -> None:
    told = reasons(patient_ref="", date="2026-02-30", start_time="25:00", sex="x", minutes="0", email="nobody")
    assert set(told) == {"patient_ref", "date", "start_time", "sex", "minutes", "email"}


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"date": "20260120"}, "date"),
        ({"date": ""}, "date"),
        ({"date": "0001-01-01"}, "date"),
        ({"booked_at": "0001-01-01T00:00"}, "booked_at"),
        ({"date": "22.01.2026"}, "date"),
        ({"start_time": "09:00+01:00"}, "start_time"),
        ({"doctor_email": ""}, "doctor_email"),
        ({"appointment_ref": ""}, "appointment_ref"),
        ({"first_name": "x" * 101}, "first_name"),
        ({"last_name": "a\x00b"}, "last_name"),
        ({"last_name": "M\udcfcller"}, "last_name"),
        ({"date_of_birth": "2026-01-23"}, "date_of_birth"),
        ({"date_of_birth": "1899-12-31"}, "date_of_birth"),
        ({"phone": "call me"}, "phone"),
        ({"minutes": "481"}, "minutes"),
        ({"minutes": "-5"}, "minutes"),
        ({"start_time": "23:50", "minutes": "20"}, "minutes"),
        ({"booked_at": "yesterday"}, "booked_at"),
        ({"booked_at": "2026-01-23T10:00"}, "booked_at"),
        ({"outcome": "maybe"}, "outcome"),
        ({"date": "2026-01-23", "outcome": "attended"}, "outcome"),
        ({"date": "2025-03-30", "start_time": "02:30"}, "start_time"),
    ],
)
def test_wrong_cell_is_named(cells: dict[str, str], field: str) -> None:
    assert list(reasons(**cells)) == [field]


@pytest.mark.parametrize(
    ("cells", "past"),
    [
        ({"date": "2026-01-20"}, True),
        ({"date": "2026-01-22", "start_time": "08:30"}, True),
        ({"date": "2026-01-22", "start_time": "08:45"}, False),
        ({"date": "2026-01-22", "start_time": "08:45", "outcome": "attended"}, True),
        ({"date": "2026-01-22", "start_time": "09:15"}, False),
        ({"date": "2026-02-22", "outcome": "cancelled"}, True),
    ],
)
def test_history_is_what_has_ended_or_is_decided(cells: dict[str, str], past: bool) -> None:
    visit = read(**cells).visit
    assert visit is not None
    assert is_past(visit, 30, NOW) is past


@given(st.dictionaries(st.sampled_from(sorted(KNOWN_COLUMNS)), st.text(max_size=30) | st.sampled_from(ODD)))
def test_whatever_the_cells_hold_they_are_read_or_refused(cells: dict[str, str]) -> None:
    try:
        told = parse(2, CELLS | cells, ZONE, NOW, dialable).patient.ref
    except BadRowError as bad:
        told = str(bad)
    assert told
