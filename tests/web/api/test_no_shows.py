"""No-shows over HTTP: marks, late arrivals, logs, figures, reviews, penalties."""

from __future__ import annotations

import csv
import io
import sys
from datetime import timedelta

import pytest
from pyarrow import parquet

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.models import NoShowPenalty
from hms.processes import no_show_files
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, counted_statements
from tests.support.factories import actor_of, make_doctor, make_hospital
from tests.support.visits import rows

LOG_KEYS = {
    "id",
    "appointmentId",
    "reason",
    "slotTime",
    "timeoutMinutes",
    "triggeredAt",
    "slotReleased",
    "slotReleasedAt",
    "notificationSent",
    "justified",
    "notes",
    "createdBy",
    "patient",
    "doctor",
}


def test_a_mark_by_hand_and_what_follows(house: HttpHouse, clock: FixedClock) -> None:
    visit = house.booked("09:00")
    assert house.reception.post(f"/no-show/{visit['id']}", {}).refusal == (409, "TOO_EARLY")
    clock.advance(timedelta(minutes=10))

    reply = house.reception.post(f"/no-show/{visit['id']}", {"reason": "MANUAL_STAFF", "notes": "Called twice"})

    assert reply.status == 200
    assert set(reply.data) == LOG_KEYS
    assert reply.data | {"id": None, "patient": None, "doctor": None} == {
        "id": None,
        "appointmentId": visit["id"],
        "reason": "MANUAL_STAFF",
        "slotTime": "09:00",
        "timeoutMinutes": 30,
        "triggeredAt": "2026-01-22T03:35:00.000Z",
        "slotReleased": True,
        "slotReleasedAt": "2026-01-22T03:35:00.000Z",
        "notificationSent": True,
        "justified": False,
        "notes": "Called twice",
        "createdBy": str(house.reception.actor.user_id),
        "patient": None,
        "doctor": None,
    }
    assert set(reply.data["patient"]) == {"id", "mrn", "firstName", "lastName"}
    assert set(reply.data["doctor"]) == {"id", "firstName", "lastName"}
    assert house.admin.get("/no-show/logs").data == [reply.data]
    assert house.reception.post(f"/no-show/{visit['id']}", {}).refusal == (409, "INVALID_TRANSITION")

    [penalty] = house.admin.get("/admin/penalties/no-shows").data
    assert set(penalty) == {
        "id",
        "appointmentId",
        "patientId",
        "emailSent",
        "createdAt",
        "waivedAt",
        "justifiedAt",
        "voidedAt",
        "counts",
        "date",
        "startTime",
        "patient",
        "noShowCount",
        "logId",
        "reason",
        "doctor",
        "patientStatus",
        "version",
    }
    assert (penalty["appointmentId"], penalty["counts"], penalty["noShowCount"]) == (visit["id"], True, 1)


def test_a_late_arrival_voids_all_that(house: HttpHouse, clock: FixedClock, runtime: Runtime) -> None:
    visit = house.booked("09:00")
    clock.advance(timedelta(minutes=10))
    house.by_doctor.post(f"/no-show/{visit['id']}", {"reason": "MANUAL_DOCTOR"})

    reply = house.nurse.post(f"/no-show/{visit['id']}/late-arrival", {"notes": "Bus was late"})

    assert (reply.status, reply.data["status"]) == (200, "CHECKED_IN")
    assert house.admin.get("/no-show/logs").data == []
    [audited] = house.admin.get("/admin/no-shows").data
    assert set(audited) == LOG_KEYS | {"voidedAt", "date", "version"}
    assert audited["voidedAt"] is not None
    [penalty] = house.admin.get("/admin/penalties/no-shows").data
    assert (penalty["counts"], penalty["noShowCount"]) == (False, 0)
    assert house.nurse.post(f"/no-show/{visit['id']}/late-arrival").refusal == (409, "INVALID_TRANSITION")
    assert len(rows(runtime, NoShowPenalty)) == 1


def test_a_slot_given_away_meanwhile_is_gone(house: HttpHouse, clock: FixedClock) -> None:
    visit = house.booked("09:00")
    clock.advance(timedelta(minutes=10))
    house.reception.post(f"/no-show/{visit['id']}")
    house.booked("09:00", house.new_patient())

    reply = house.reception.post(f"/no-show/{visit['id']}/late-arrival")

    assert reply.refusal == (409, "SLOT_TAKEN")


def test_a_call_beforehand_counts_from_a_day_ahead(house: HttpHouse) -> None:
    soon, later = house.booked("09:00"), house.booked("09:00", day="2026-01-24")

    early = house.reception.post(f"/no-show/{later['id']}", {"reason": "PATIENT_CALLED"})
    reply = house.reception.post(f"/no-show/{soon['id']}", {"reason": "PATIENT_CALLED"})

    assert early.refusal == (409, "TOO_EARLY")
    assert reply.data["reason"] == "PATIENT_CALLED"


def test_logs_are_filtered_and_read_in_parts(house: HttpHouse, clock: FixedClock, runtime: Runtime) -> None:
    colleague = make_doctor(runtime, house.hospital)
    patients = [house.new_patient() for _ in range(3)]
    visits = [house.booked("09:00", patients[0]), house.booked("09:30", patients[1])]
    body = house.booking("09:00", patientId=str(patients[2].id)) | {"doctorId": str(colleague.id)}
    visits.append(house.reception.post("/appointments", body).data)
    clock.advance(timedelta(minutes=40))
    for visit in visits:
        house.reception.post(f"/no-show/{visit['id']}", {})
        clock.advance(timedelta(microseconds=1))  # within one millisecond, and still in order

    def found(query: str = "") -> list[str]:
        return [log["appointmentId"] for log in house.admin.get(f"/no-show/logs?{query}").data]

    newest_first = [visit["id"] for visit in reversed(visits)]
    assert found() == newest_first
    assert found(f"doctorId={colleague.id}") == newest_first[:1]
    assert found(f"patientId={patients[0].id}") == newest_first[2:]
    assert found("reason=PATIENT_CALLED") == []
    assert found("reason=MANUAL_STAFF") == newest_first
    assert found("from=2026-01-22&to=2026-01-22") == newest_first
    assert found("to=2026-01-21") == []
    assert found("from=2026-01-23") == []
    mine = house.caller(actor_of(colleague)).get("/no-show/logs").data
    assert [log["appointmentId"] for log in mine] == newest_first[:1]

    first = house.admin.get("/no-show/logs?limit=2")
    second = house.admin.get(f"/no-show/logs?limit=2&cursor={first.json['meta']['nextCursor']}")
    assert [log["appointmentId"] for reply in (first, second) for log in reply.data] == newest_first
    assert second.json["meta"] == {"nextCursor": None, "limit": 2}


def test_figures(house: HttpHouse, clock: FixedClock) -> None:
    missed, attended = house.booked("09:00"), house.booked("09:30", house.new_patient())
    house.reception.delete(f"/appointments/{house.booked('10:00', house.new_patient())['id']}")
    clock.advance(timedelta(minutes=10))
    house.reception.post(f"/no-show/{missed['id']}")
    house.reception.patch(f"/appointments/{attended['id']}/status", {"status": "CHECKED_IN"})

    figures = house.admin.get("/no-show/stats?from=2026-01-22&to=2026-01-22").data

    assert figures == {
        "first": "2026-01-22",
        "last": "2026-01-22",
        "appointments": 3,
        "attended": 1,
        "noShows": 1,
        "cancelled": 1,
        "noShowRate": "50.0%",
        "byReason": {"AUTO_TIMEOUT": 0, "MANUAL_STAFF": 1, "MANUAL_DOCTOR": 0, "PATIENT_CALLED": 0},
        "slotsReleased": 1,
        "justified": 0,
    }
    one = "/no-show/stats?from=2026-01-22&to=2026-01-22"
    called = house.admin.get(f"{one}&reason=PATIENT_CALLED").data
    assert (called["noShows"], called["attended"], called["noShowRate"]) == (0, 1, "0.0%")
    by_hand = house.admin.get(f"{one}&reason=MANUAL_STAFF&patientId={house.patient.id}").data
    assert (by_hand["noShows"], by_hand["appointments"], by_hand["noShowRate"]) == (1, 1, "100.0%")
    last_month = house.by_doctor.get("/no-show/stats").data
    assert (last_month["first"], last_month["last"], last_month["noShows"]) == ("2025-12-24", "2026-01-22", 1)
    assert house.admin.get("/no-show/stats?to=2026-01-21").data["noShowRate"] == "0.0%"
    for query in ("from=2026-01-23&to=2026-01-22", "from=1999-01-01&to=2026-01-22", "from=9999-12-31", "to=0001-01-01"):
        assert house.admin.get(f"/no-show/stats?{query}").refusal == (422, "VALIDATION"), query


def test_roles(house: HttpHouse, runtime: Runtime) -> None:
    staff = {Role.HOSPITAL_ADMIN, Role.RECEPTIONIST, Role.NURSE, Role.DOCTOR}
    allowed = {
        "/no-show/logs": staff - {Role.NURSE},
        "/no-show/stats": {Role.HOSPITAL_ADMIN, Role.DOCTOR},
        "/no-show/reviews": {Role.HOSPITAL_ADMIN, Role.RECEPTIONIST},
        "/admin/no-shows": {Role.HOSPITAL_ADMIN},
        "/admin/penalties/no-shows": {Role.HOSPITAL_ADMIN},
    }
    for path, roles in allowed.items():
        got = {role for role, caller in house.everybody.items() if caller.get(path).status == 200}
        assert got == roles, path
        assert house.stranger.get(path).refusal == (401, "UNAUTHENTICATED")
    visit = house.booked("09:00")
    assert house.by_patient.post(f"/no-show/{visit['id']}", {}).refusal == (403, "FORBIDDEN")
    assert house.by_patient.post(f"/no-show/{visit['id']}/late-arrival", {}).refusal == (403, "FORBIDDEN")
    colleague = house.caller(actor_of(make_doctor(runtime, house.hospital)))
    assert colleague.post(f"/no-show/{visit['id']}", {"reason": "PATIENT_CALLED"}).refusal == (403, "FORBIDDEN")
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(runtime, "HMS002"))
    assert foreign.get("/no-show/logs").data == []


def test_a_person_cannot_claim_the_sweep(house: HttpHouse) -> None:
    visit = house.booked("09:00")

    reply = house.admin.post(f"/no-show/{visit['id']}", {"reason": "AUTO_TIMEOUT"})

    assert reply.refusal == (422, "VALIDATION")


def test_a_file_for_spreadsheets(house: HttpHouse, clock: FixedClock) -> None:
    evil = house.new_patient(first_name="=HYPERLINK(1)", last_name='Müller, "Bo"')
    first, second = house.booked("09:00", evil), house.booked("09:30")
    clock.advance(timedelta(minutes=40))
    house.reception.post(f"/no-show/{first['id']}", {"notes": "+1 234, called"})
    clock.advance(timedelta(minutes=1))
    house.by_doctor.post(f"/no-show/{second['id']}", {})

    reply = house.admin.get("/no-show/logs.csv?from=2026-01-22&to=2026-01-22")

    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="no-shows-2026-01-22.csv"'
    header, *lines = csv.reader(io.StringIO(reply.raw.decode()))
    assert ",".join(header) == "date,time,doctor,mrn,patient,reason,marked_at,slot_released,justified,notes"
    assert [dict(zip(header, line, strict=True)) for line in lines] == [
        {
            "date": "2026-01-22",
            "time": start,
            "doctor": f"Anagha {house.by_doctor.get(f'/doctors/{house.doctor.id}').data['lastName']}",
            "mrn": patient.mrn,
            "patient": name,
            "reason": reason,
            "marked_at": f"2026-01-22 {marked}",
            "slot_released": released,
            "justified": "no",
            "notes": notes,
        }
        for start, patient, name, reason, marked, released, notes in (
            ("09:30", house.patient, f"Roy {house.patient.last_name}", "MANUAL_DOCTOR", "09:36", "yes", ""),
            ("09:00", evil, '\'=HYPERLINK(1) Müller, "Bo"', "MANUAL_STAFF", "09:35", "no", "'+1 234, called"),
        )
    ]
    assert house.admin.get("/no-show/logs.csv?to=2026-01-21").raw.decode().splitlines() == [",".join(header)]
    assert len(house.admin.get(f"/no-show/logs.csv?patientId={evil.id}").raw.splitlines()) == 2
    assert house.nurse.get("/no-show/logs.csv").refusal == (403, "FORBIDDEN")
    colleague = house.caller(actor_of(make_doctor(house.runtime, house.hospital)))
    assert len(colleague.get("/no-show/logs.csv").raw.splitlines()) == 1


def test_a_file_for_programs(house: HttpHouse, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = house.booked("09:00")
    clock.advance(timedelta(minutes=40))
    house.reception.post(f"/no-show/{visit['id']}", {"notes": "=1+1"})
    reply = house.admin.get(f"/no-show/logs.parquet?patientId={house.patient.id}")
    assert reply.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="no-shows-2026-01-22.parquet"'
    (row,) = parquet.ParquetFile(io.BytesIO(reply.raw)).read().to_pylist()
    assert (row["mrn"], row["reason"], row["notes"]) == (house.patient.mrn, "MANUAL_STAFF", "=1+1")
    assert house.nurse.get("/no-show/logs.parquet").refusal == (403, "FORBIDDEN")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert house.admin.get("/no-show/logs.parquet").refusal == (503, "NOT_CONFIGURED")


def test_a_long_file_comes_in_parts(
    house: HttpHouse, clock: FixedClock, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = [house.booked(start, house.new_patient()) for start in ("09:00", "09:30", "10:00", "10:30")]
    clock.advance(timedelta(hours=3))
    for visit in visits:
        house.reception.post(f"/no-show/{visit['id']}", {})
    whole = house.admin.get("/no-show/logs.csv").raw
    monkeypatch.setattr(no_show_files, "LINES_AT_ONCE", 2)
    with counted_statements(runtime) as statements:
        assert house.admin.get("/no-show/logs.csv").raw == whole
    assert sum("no_show_logs" in statement for statement in statements) == 3
    assert len(whole.splitlines()) == 5


def test_a_patients_record(house: HttpHouse, clock: FixedClock) -> None:
    first, second = house.booked("09:00"), house.booked("09:30")
    clock.advance(timedelta(minutes=40))
    marks = []
    for visit in (first, second):
        marks.append(house.reception.post(f"/no-show/{visit['id']}", {"notes": "Called twice"}).data["id"])
        clock.advance(timedelta(seconds=1))
    house.admin.post(f"/admin/no-shows/{marks[0]}/justify", {"note": "In hospital"})
    path = f"/patients/{house.patient.id}/no-shows"

    mine = house.by_patient.get(path).data

    assert [(row["id"], row["effect"], row["countAfter"]) for row in mine] == [
        (marks[1], "COUNTS", 1),
        (marks[0], "JUSTIFIED", 0),
    ]
    assert mine[0] | {"doctorLastName": ""} == {
        "id": marks[1],
        "appointmentId": second["id"],
        "date": "2026-01-22",
        "startTime": "09:30",
        "doctorId": str(house.doctor.id),
        "doctorFirstName": "Anagha",
        "doctorLastName": "",
        "reason": "MANUAL_STAFF",
        "markedAt": "2026-01-22T04:05:01.000Z",
        "slotReleased": True,
        "effect": "COUNTS",
        "countAfter": 1,
        "notes": None,
    }
    assert [row["notes"] for row in house.nurse.get(path).data] == ["Called twice", "Called twice"]
    page = house.by_patient.get(f"{path}?limit=1")
    rest = house.by_patient.get(f"{path}?limit=1&cursor={page.json['meta']['nextCursor']}")
    assert [*page.data, *rest.data] == mine
    assert rest.json["meta"]["nextCursor"] is None
    stranger = house.caller(actor_of(house.new_patient(login=True)))
    assert stranger.get(path).refusal == (404, "NOT_FOUND")
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(house.runtime, "HMS002"))
    assert foreign.get(path).refusal == (404, "NOT_FOUND")
