"""Moves, notes and walk-ins over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import icalendar
import pytest

from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.models import Appointment, AuditEntry
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, counted_statements
from tests.support.visits import rows


def path_of_day(house: HttpHouse) -> str:
    return f"/slots/doctor/{house.doctor.id}/date/2026-01-22"


def test_a_patient_moves_a_visit(house: HttpHouse) -> None:
    visit = house.booked("10:00")
    path = f"/appointments/{visit['id']}"
    before = icalendar.Calendar.from_ical(house.by_patient.get(f"{path}/calendar.ics").raw).events[0]

    moved = house.by_patient.patch(path, {"startTime": "11:30", "version": visit["version"]})

    assert moved.status == 200
    changed = {"startTime": "11:30", "endTime": "12:00", "version": 2, "noShowDueAt": "2026-01-22T06:30:00.000Z"}
    assert {key: moved.data[key] for key in changed} == changed
    after = icalendar.Calendar.from_ical(house.by_patient.get(f"{path}/calendar.ics").raw).events[0]
    assert (after["UID"], int(str(after["SEQUENCE"]))) == (before["UID"], int(str(before["SEQUENCE"])) + 1)
    taken = {row["startTime"]: row["isBooked"] for row in house.by_patient.get(path_of_day(house)).data}
    assert (taken["10:00"], taken["11:30"]) == (False, True)


def test_a_stale_version_answers_with_the_present_row(house: HttpHouse) -> None:
    visit = house.booked("10:00")
    path = f"/appointments/{visit['id']}"
    house.reception.patch(path, {"startTime": "11:30", "version": 1})
    stale = house.by_patient.patch(path, {"startTime": "12:00", "version": 1})
    assert stale.refusal == (409, "STALE_VERSION")
    assert stale.json["error"]["current"]["startTime"] == "11:30"


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (422, "VALIDATION")),
        ({"version": 1}, (422, "VALIDATION")),
        ({"startTime": "10:05"}, (422, "NOT_A_SLOT")),
        ({"startTime": "13:00"}, (422, "DURING_BREAK")),
        ({"date": "2026-03-22"}, (422, "TOO_FAR_AHEAD")),
        ({"doctorId": "0196f0a0-0000-7000-8000-000000000000"}, (404, "DOCTOR_NOT_FOUND")),
        ({"startTime": "11:00", "overrideReason": "pain"}, (403, "FORBIDDEN")),
        ({"notes": "by the patient"}, (403, "FORBIDDEN")),
        ({"startTime": "25:00"}, (422, "VALIDATION")),
        ({"status": "COMPLETED"}, (422, "VALIDATION")),
    ],
)
def test_what_a_patient_may_not_move_changes_nothing(
    house: HttpHouse, runtime: Runtime, body: dict[str, object], refusal: tuple[int, str]
) -> None:
    visit = house.booked("10:00")
    told = len(rows(runtime, AuditEntry))
    assert house.by_patient.patch(f"/appointments/{visit['id']}", body).refusal == refusal
    assert len(rows(runtime, AuditEntry)) == told
    [row] = rows(runtime, Appointment)
    assert (row.version, row.notes) == (1, None)


def test_the_desk_keeps_notes_and_moves_in_one_call(house: HttpHouse, runtime: Runtime) -> None:
    visit = house.booked("10:00")
    body = {"startTime": "11:00", "notes": " Needs a wheelchair. ", "version": 1}
    assert house.reception.patch(f"/appointments/{visit['id']}", body).data["version"] == 3
    [row] = rows(runtime, Appointment)
    assert (row.notes, row.start_time.hour) == ("Needs a wheelchair.", 11)
    assert "wheelchair" not in str([entry.details for entry in rows(runtime, AuditEntry)])
    assert house.reception.patch(f"/appointments/{visit['id']}", {"notes": ""}).status == 200
    assert rows(runtime, Appointment)[0].notes is None


def test_a_walk_in_is_here_at_once(house: HttpHouse, clock: FixedClock) -> None:
    clock.move_to(datetime(2026, 1, 22, 4, 40, tzinfo=UTC))
    body = house.booking("10:00", patientId=str(house.patient.id), checkIn=True)
    assert house.by_patient.post("/appointments", body | {"patientId": None}).refusal == (403, "FORBIDDEN")
    walked_in = house.reception.post("/appointments", body)
    assert (walked_in.status, walked_in.data["status"]) == (201, Status.CHECKED_IN)
    assert walked_in.data["checkedInAt"] == "2026-01-22T04:40:00.000Z"


def test_a_move_costs_a_fixed_number_of_statements(house: HttpHouse, runtime: Runtime) -> None:
    visit = house.booked("10:00")
    with counted_statements(runtime) as statements:
        house.reception.patch(f"/appointments/{visit['id']}", {"startTime": "11:00"})
    assert len(statements) <= 20
