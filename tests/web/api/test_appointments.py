"""Appointments over HTTP."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import icalendar

from hms.clock import FixedClock
from hms.domain.people import PatientStatus, Role
from hms.models import Appointment, AuditEntry
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, counted_statements
from tests.support.factories import actor_of, make_doctor, make_hospital, make_patient
from tests.support.visits import rows

KEYS = {
    "id",
    "status",
    "date",
    "startTime",
    "endTime",
    "startsAt",
    "endsAt",
    "checkedInAt",
    "vitalsRecordedAt",
    "noShowDueAt",
    "doctor",
    "patient",
    "slotId",
    "version",
}


def test_a_patient_books_for_themself(house: HttpHouse) -> None:
    reply = house.by_patient.post("/appointments", house.booking("10:00", reason="Cough", type="FOLLOW_UP"))

    assert reply.status == 201
    assert set(reply.data) == KEYS
    assert reply.data | {"id": None, "slotId": None} == {
        "id": None,
        "status": "SCHEDULED",
        "date": "2026-01-22",
        "startTime": "10:00",
        "endTime": "10:30",
        "startsAt": "2026-01-22T04:30:00.000Z",
        "endsAt": "2026-01-22T05:00:00.000Z",
        "checkedInAt": None,
        "vitalsRecordedAt": None,
        "noShowDueAt": "2026-01-22T05:00:00.000Z",
        "doctor": {
            "id": str(house.doctor.id),
            "firstName": "Anagha",
            "lastName": reply.data["doctor"]["lastName"],
            "specialization": "General medicine",
        },
        "patient": {
            "id": str(house.patient.id),
            "mrn": house.patient.mrn,
            "firstName": "Roy",
            "lastName": house.patient.last_name,
        },
        "slotId": None,
        "version": 1,
    }
    assert house.by_patient.get(f"/appointments/{reply.data['id']}").data == reply.data


def test_the_first_check_that_fails_answers(house: HttpHouse, runtime: Runtime) -> None:
    blocked = house.new_patient(status=PatientStatus.BLOCKED)
    away = make_doctor(runtime, house.hospital, is_available=False)
    other = house.new_patient()
    house.booked("10:00")
    me, somebody = {"patientId": str(house.patient.id)}, {"patientId": str(other.id)}
    refused = {
        (404, "PATIENT_NOT_FOUND"): house.booking("11:00", patientId=str(uuid4())),
        (403, "PATIENT_BLOCKED"): house.booking("11:00", patientId=str(blocked.id)),
        (409, "DUPLICATE_BOOKING"): house.booking("10:00", **me),
        (404, "DOCTOR_NOT_FOUND"): house.booking("11:00", **somebody) | {"doctorId": str(uuid4())},
        (409, "DOCTOR_UNAVAILABLE"): house.booking("11:00", **somebody) | {"doctorId": str(away.id)},
        (422, "DATE_IN_PAST"): house.booking("11:00", day="2026-01-21", **somebody),
        (422, "TOO_FAR_AHEAD"): house.booking("11:00", day="2026-02-22", **somebody),
        (422, "OUTSIDE_SCHEDULE"): house.booking("18:00", **somebody),
        (422, "DURING_BREAK"): house.booking("13:00", **somebody),
        (422, "NOT_A_SLOT"): house.booking("11:10", **somebody),
        (409, "SLOT_TAKEN"): house.booking("10:00", **somebody),
    }
    before = len(rows(runtime, Appointment))
    for (status, code), body in refused.items():
        reply = house.reception.post("/appointments", body)
        assert reply.refusal == (status, code)
        assert set(reply.json["error"]) == {"code", "message", "details"}
    assert len(rows(runtime, Appointment)) == before


def test_reception_overrides_a_block_for_urgent_care(house: HttpHouse) -> None:
    blocked = house.new_patient(status=PatientStatus.BLOCKED)
    body = house.booking("11:00", patientId=str(blocked.id), overrideReason="Chest pain")

    assert house.by_doctor.post("/appointments", body).refusal == (403, "FORBIDDEN")
    assert house.reception.post("/appointments", body).status == 201


def test_who_may_book_for_whom(house: HttpHouse, runtime: Runtime) -> None:
    other = house.new_patient(login=True)
    assert house.nurse.post("/appointments", house.booking(patientId=str(other.id))).refusal == (403, "FORBIDDEN")
    assert house.by_doctor.post("/appointments", house.booking(patientId=str(other.id))).refusal == (403, "FORBIDDEN")
    stolen = house.by_patient.post("/appointments", house.booking(patientId=str(other.id)))
    assert stolen.refusal == (404, "PATIENT_NOT_FOUND")
    assert house.reception.post("/appointments", house.booking()).refusal == (422, "VALIDATION")
    assert house.stranger.post("/appointments", house.booking()).refusal == (401, "UNAUTHENTICATED")
    assert rows(runtime, Appointment) == []


def test_a_repeated_request_gets_its_first_answer(house: HttpHouse, runtime: Runtime) -> None:
    headers = {"Idempotency-Key": "6f4db44c-5daa-4a22"}
    first = house.by_patient.post("/appointments", house.booking("10:00"), headers=headers)
    house.reception.patch(f"/appointments/{first.data['id']}/status", {"status": "CONFIRMED"})

    again = house.by_patient.post("/appointments", house.booking("10:00"), headers=headers)
    other = house.by_patient.post("/appointments", house.booking("11:00"), headers=headers)

    assert (again.status, again.raw) == (201, first.raw)
    assert other.refusal == (422, "IDEMPOTENCY_MISMATCH")
    assert len(rows(runtime, Appointment)) == 1
    refused = house.by_patient.post("/appointments", house.booking("11:00"), headers={"Idempotency-Key": "x" * 256})
    assert refused.refusal == (422, "VALIDATION")


def test_the_list_is_filtered_and_read_in_parts(house: HttpHouse) -> None:
    others = [house.new_patient(last_name=name) for name in ("Ōe", "Müller", "O'Brien")]
    times = ["09:00", "09:30", "10:00"]
    ids = [house.booked(start, patient)["id"] for start, patient in zip(times, others, strict=True)]
    own = house.booked("11:00")["id"]
    tomorrow = house.booked("09:00", day="2026-01-23")["id"]
    house.reception.patch(f"/appointments/{ids[1]}/status", {"status": "CONFIRMED"})

    def found(query: str) -> list[str]:
        return [row["id"] for row in house.reception.get(f"/appointments?{query}").data]

    assert found("") == [*ids, own, tomorrow]
    assert found("from=2026-01-23") == [tomorrow]
    assert found("to=2026-01-22") == [*ids, own]
    assert found("status=CONFIRMED") == [ids[1]]
    assert found("status=CONFIRMED,SCHEDULED&to=2026-01-22") == [*ids, own]
    assert found(f"patientId={others[0].id}") == [ids[0]]
    assert found(f"doctorId={uuid4()}") == []
    assert found("search=muller") == [ids[1]]
    assert [row["id"] for row in house.by_patient.get("/appointments").data] == [own, tomorrow]

    parts = [house.reception.get("/appointments?limit=2")]
    for _ in range(2):
        parts.append(house.reception.get(f"/appointments?limit=2&cursor={parts[-1].json['meta']['nextCursor']}"))
    assert [row["id"] for part in parts for row in part.data] == [*ids, own, tomorrow]
    assert set(parts[0].data[0]) == KEYS
    assert parts[2].json["meta"] == {"nextCursor": None, "limit": 2}


def test_bad_queries_are_refused(house: HttpHouse) -> None:
    for query in (
        "status=GONE",
        "status=",
        "from=yesterday",
        "doctorId=7",
        "limit=201",
        "limit=ten",
        "cursor=%00",
        "cursor=W10",
        "sort=name",
        "search=%00",
        "cursor=WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwgIngiXQ",
    ):
        assert house.reception.get(f"/appointments?{query}").refusal == (422, "VALIDATION"), query


def test_states_asked_for_directly(house: HttpHouse, clock: FixedClock) -> None:
    visit = house.booked("10:00")
    path = f"/appointments/{visit['id']}/status"

    confirmed = house.by_patient.patch(path, {"status": "CONFIRMED", "version": 1})
    assert set(confirmed.data) == KEYS
    assert (confirmed.data["status"], confirmed.data["version"]) == ("CONFIRMED", 2)

    here = house.nurse.patch(path, {"status": "CHECKED_IN"})
    assert here.data["checkedInAt"] == "2026-01-22T03:25:00.000Z"
    back = house.reception.patch(path, {"status": "SCHEDULED", "reason": "Wrong patient"})
    assert (back.data["status"], back.data["checkedInAt"]) == ("SCHEDULED", None)

    for status in ("NO_SHOW", "IN_PROGRESS", "COMPLETED"):
        assert house.admin.patch(path, {"status": status}).refusal == (409, "INVALID_TRANSITION"), status
    clock.advance(timedelta(hours=2))
    assert house.by_patient.patch(path, {"status": "CONFIRMED"}).refusal == (409, "TOO_LATE")
    assert house.by_patient.patch(path, {"status": "CANCELLED"}).refusal == (409, "TOO_LATE")
    assert house.by_patient.patch(path, {"status": "CHECKED_IN"}).refusal == (403, "FORBIDDEN")


def test_check_in_is_on_the_visits_day(house: HttpHouse) -> None:
    visit = house.booked("10:00", day="2026-01-23")

    reply = house.reception.patch(f"/appointments/{visit['id']}/status", {"status": "CHECKED_IN"})

    assert reply.refusal == (409, "NOT_VISIT_DAY")


def test_a_stale_writer_gets_the_present_row_and_changes_nothing(house: HttpHouse) -> None:
    visit = house.booked("10:00")
    path = f"/appointments/{visit['id']}"
    house.reception.patch(f"{path}/status", {"status": "CONFIRMED", "version": 1})
    present = house.reception.get(path).data

    for stale in (
        house.reception.patch(f"{path}/status", {"status": "CHECKED_IN", "version": 1}),
        house.reception.patch(f"{path}/status", {"status": "CANCELLED", "version": 1}),
        house.reception.delete(path, headers={"If-Match": '"1"'}),
        house.reception.post(f"/no-show/{visit['id']}", {"reason": "PATIENT_CALLED", "version": 1}),
    ):
        assert stale.refusal == (409, "STALE_VERSION")
        assert stale.json["error"]["current"] == present
    assert house.reception.get(path).data == present
    assert house.reception.delete(path, headers={"If-Match": "two"}).refusal == (422, "VALIDATION")


def test_cancelling_frees_the_slot_and_keeps_the_row(house: HttpHouse) -> None:
    visit = house.booked("10:00")

    reply = house.by_patient.delete(f"/appointments/{visit['id']}?reason=Better", headers={"If-Match": "1"})

    assert (reply.status, reply.data["status"], reply.data["version"]) == (200, "CANCELLED", 2)
    assert set(reply.data) == KEYS
    again = house.by_patient.delete(f"/appointments/{visit['id']}")
    assert again.refusal == (409, "INVALID_TRANSITION")
    assert house.booked("10:00", house.new_patient())["slotId"] == visit["slotId"]


def test_events_tell_who_when_from_to_and_why(house: HttpHouse) -> None:
    visit = house.booked("10:00")
    house.nurse.patch(f"/appointments/{visit['id']}/status", {"status": "CHECKED_IN"})
    house.reception.delete(f"/appointments/{visit['id']}?reason=Left%20unseen")

    events = house.by_patient.get(f"/appointments/{visit['id']}/events").data

    assert [set(event) for event in events] == [{"at", "actorId", "actorName", "fromStatus", "toStatus", "reason"}] * 3
    assert [(event["fromStatus"], event["toStatus"]) for event in events] == [
        (None, "SCHEDULED"),
        ("SCHEDULED", "CHECKED_IN"),
        ("CHECKED_IN", "CANCELLED"),
    ]
    assert events[2]["reason"] == "Left unseen"
    assert events[1]["actorId"] == str(house.nurse.actor.user_id)


def test_the_calendar_file_keeps_its_uid_and_counts_up(house: HttpHouse) -> None:
    visit = house.booked("10:00")
    path = f"/appointments/{visit['id']}/calendar.ics"

    first = house.by_patient.get(path)
    house.by_patient.delete(f"/appointments/{visit['id']}")
    second = house.by_patient.get(path)

    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    events = [icalendar.Calendar.from_ical(reply.raw).walk("VEVENT")[0] for reply in (first, second)]
    assert {str(event["UID"]) for event in events} == {f"{visit['id']}@hms"}
    assert [str(event["SEQUENCE"]) for event in events] == ["0", "1"]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED", "CANCELLED"]
    assert b"DTSTART:20260122T043000Z" in first.raw


def test_nobody_sees_what_is_not_theirs(house: HttpHouse, runtime: Runtime) -> None:
    visit = house.booked("10:00")
    theirs = make_hospital(runtime, "HMS002")
    strangers = [
        house.caller_with(Role.HOSPITAL_ADMIN, theirs),
        house.caller(actor_of(make_patient(runtime, theirs, login=True))),
        house.caller(actor_of(house.new_patient(login=True))),
    ]
    before = len(rows(runtime, AuditEntry))
    for somebody in strangers:
        path = f"/appointments/{visit['id']}"
        for reply in (
            somebody.get(path),
            somebody.get(f"{path}/events"),
            somebody.get(f"{path}/calendar.ics"),
            somebody.patch(f"{path}/status", {"status": "CONFIRMED"}),
            somebody.delete(path),
        ):
            assert reply.refusal == (404, "NOT_FOUND")
        assert somebody.get("/appointments").data == []
    assert strangers[0].post(f"/no-show/{visit['id']}", {}).refusal == (404, "NOT_FOUND")
    assert strangers[0].post(f"/no-show/{visit['id']}/late-arrival", {}).refusal == (404, "NOT_FOUND")
    assert strangers[0].post(f"/no-show/reviews/{visit['id']}", {"decision": "ATTENDED"}).refusal == (404, "NOT_FOUND")
    assert strangers[0].post("/consultations", {"appointmentId": visit["id"]}).refusal == (404, "NOT_FOUND")
    body = house.booking("11:00", patientId=str(house.patient.id))
    assert strangers[0].post("/appointments", body).refusal == (404, "PATIENT_NOT_FOUND")
    assert len(rows(runtime, AuditEntry)) == before


def test_statements_of_the_main_routes(house: HttpHouse, runtime: Runtime) -> None:
    house.admin.post(f"/slots/generate/{house.doctor.id}", {"days": 0})
    others = [house.new_patient() for _ in range(8)]
    for number, patient in enumerate(others):
        house.booked(f"{9 + number // 2:02}:{30 * (number % 2):02}", patient)
    with counted_statements(runtime) as booking:
        visit = house.booked("14:00")
    with counted_statements(runtime) as listing:
        assert len(house.reception.get("/appointments?from=2026-01-22&to=2026-01-22").data) == 9
    with counted_statements(runtime) as showing:
        house.reception.get(f"/appointments/{visit['id']}")
    with counted_statements(runtime) as checking_in:
        house.reception.patch(f"/appointments/{visit['id']}/status", {"status": "CHECKED_IN"})

    assert (len(listing), len(showing)) == (2, 2)
    assert len(booking) == (8 if runtime.database.dialect == "sqlite" else 5)
    assert len(checking_in) <= 10
