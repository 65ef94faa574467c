"""Forgiving, excusing, undoing, correcting, blocking and unblocking over HTTP; and three strikes from end to end."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.models import AuditEntry, Notification, Patient
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, Reply
from tests.support.factories import make_doctor, make_hospital
from tests.support.visits import local, reload, rows

NOTE = {"note": "Bus strike"}


def missed(house: HttpHouse, start: str = "09:00", **values: Any) -> dict[str, Any]:
    """Book a visit, let it be missed, and return its mark."""
    visit = house.booked(start, **values)
    house.runtime.clocks.hospital.move_to(local(house.hospital, house.runtime.clocks.hospital.now(), start))  # type: ignore[attr-defined]
    data: dict[str, Any] = house.reception.post(f"/no-show/{visit['id']}", {}).data
    return data


def penalty_of(house: HttpHouse, mark: dict[str, Any]) -> dict[str, Any]:
    found = house.admin.get("/admin/penalties/no-shows").data
    return next(row for row in found if row["logId"] == mark["id"])


def titles(house: HttpHouse) -> list[str]:
    return [notice["title"] for notice in reversed(house.by_patient.get("/notifications").data)]


def actions(runtime: Runtime) -> list[str]:
    return [entry.action for entry in rows(runtime, AuditEntry)]


def test_waive_and_reinstate(house: HttpHouse, runtime: Runtime) -> None:
    penalty = penalty_of(house, missed(house))
    path = f"/admin/penalties/{penalty['id']}"

    waived = house.admin.post(f"{path}/waive", NOTE | {"version": penalty["version"]})

    assert (waived.data["counts"], waived.data["noShowCount"]) == (False, 0)
    assert waived.data["waivedAt"] is not None
    assert house.admin.post(f"{path}/waive", NOTE).data == waived.data
    assert house.admin.post(f"{path}/reinstate", NOTE | {"version": 1}).refusal == (409, "STALE_VERSION")
    back = house.admin.post(f"{path}/reinstate", {"note": "There was none"}).data
    assert (back["counts"], back["noShowCount"], back["version"]) == (True, 1, 3)
    assert titles(house)[-3:] == [
        "Missed Appointment",
        "Missed Appointment Forgiven",
        "Missed Appointment Counts Again",
    ]
    [waiver] = rows(runtime, AuditEntry, AuditEntry.action == "penalty.waived")
    assert waiver.actor_id == house.admin.actor.user_id
    assert waiver.details == {"appointment_id": penalty["appointmentId"], "note": "Bus strike", "count": 0}


def test_justify_and_unjustify(house: HttpHouse, runtime: Runtime) -> None:
    mark = missed(house)
    path = f"/admin/no-shows/{mark['id']}"

    reply = house.admin.post(f"{path}/justify", NOTE)

    assert (reply.data["justified"], reply.data["version"]) == (True, 2)
    assert house.admin.post(f"{path}/justify", NOTE).data == reply.data
    assert house.admin.get("/no-show/stats?from=2026-01-22&to=2026-01-22").data["justified"] == 1
    assert penalty_of(house, mark)["counts"] is False
    assert house.admin.post(f"{path}/unjustify", NOTE).data["justified"] is False
    assert penalty_of(house, mark)["counts"] is True
    assert reload(runtime, Patient, house.patient.id).no_show_count == 1
    assert titles(house)[-2:] == ["Missed Appointment Excused", "Missed Appointment No Longer Excused"]
    assert actions(runtime)[-2:] == ["no_show.justified", "no_show.unjustified"]


def test_what_is_still_excused_does_not_count_again(house: HttpHouse) -> None:
    mark = missed(house)
    penalty = penalty_of(house, mark)
    house.admin.post(f"/admin/no-shows/{mark['id']}/justify", NOTE)
    house.admin.post(f"/admin/penalties/{penalty['id']}/waive", NOTE)

    reply = house.admin.post(f"/admin/penalties/{penalty['id']}/reinstate", NOTE)

    assert (reply.data["counts"], reply.data["noShowCount"]) == (False, 0)
    assert "still does not count" in house.by_patient.get("/notifications").data[0]["message"]


def test_undo_a_mark_before_the_visit_is_over(house: HttpHouse, clock: FixedClock) -> None:
    mark = missed(house)
    path = f"/admin/no-shows/{mark['id']}/undo"

    reply = house.admin.post(path, NOTE)

    assert reply.data["voidedAt"] is not None
    assert house.admin.post(path, NOTE).data == reply.data
    assert house.reception.get(f"/appointments/{mark['appointmentId']}").data["status"] == "SCHEDULED"
    assert titles(house)[-1] == "Appointment Stands"
    late = missed(house, "10:00")
    clock.advance(timedelta(minutes=30))
    assert house.admin.post(f"/admin/no-shows/{late['id']}/undo", NOTE).refusal == (409, "TOO_LATE")


def test_a_mark_is_not_undone_into_a_blocked_or_taken_time(house: HttpHouse) -> None:
    visits = [house.booked(start) for start in ("10:00", "11:00")]
    marks = [
        house.reception.post(f"/no-show/{visit['id']}", {"reason": "PATIENT_CALLED"}).data["id"] for visit in visits
    ]
    house.admin.patch(f"/slots/{visits[0]['slotId']}/block", {"blocked": True, "reason": "Meeting"})
    house.booked("11:00", house.new_patient())

    refusals = [house.admin.post(f"/admin/no-shows/{mark}/undo", NOTE).refusal for mark in marks]

    assert refusals == [(409, "SLOT_BLOCKED"), (409, "SLOT_TAKEN")]


def test_a_mark_is_not_undone_beside_another_visit_of_the_patient(house: HttpHouse, runtime: Runtime) -> None:
    visit = house.booked("10:00")
    mark = house.reception.post(f"/no-show/{visit['id']}", {"reason": "PATIENT_CALLED"}).data["id"]
    elsewhere = {"doctorId": str(make_doctor(runtime, house.hospital).id), "patientId": str(house.patient.id)}
    assert house.reception.post("/appointments", house.booking("10:00") | elsewhere).status == 201

    assert house.admin.post(f"/admin/no-shows/{mark}/undo", NOTE).refusal == (409, "DUPLICATE_BOOKING")
    assert house.reception.get(f"/appointments/{visit['id']}").data["status"] == "NO_SHOW"


def test_who_becomes_active_again_is_blocked_by_what_came_in_meanwhile(house: HttpHouse) -> None:
    house.booked("09:00")
    visits = [house.booked(start) for start in ("09:30", "10:00", "10:30")]
    house.admin.patch(f"/patients/{house.patient.id}", {"status": "INACTIVE"})
    for visit in visits:
        house.reception.post(f"/no-show/{visit['id']}", {"reason": "PATIENT_CALLED"})
    assert house.reception.get(f"/patients/{house.patient.id}").data["status"] == "INACTIVE"

    reply = house.admin.patch(f"/patients/{house.patient.id}", {"status": "ACTIVE"})

    assert (reply.data["status"], reply.data["noShowCount"]) == ("BLOCKED", 3)


@pytest.mark.parametrize(("to", "status"), [("ATTENDED", "COMPLETED"), ("CLINIC_FAULT", "CANCELLED")])
def test_correct_a_mark(house: HttpHouse, runtime: Runtime, to: str, status: str) -> None:
    mark = missed(house)
    path = f"/admin/no-shows/{mark['id']}/correct"

    reply = house.admin.post(path, NOTE | {"to": to, "version": 1})

    assert reply.data["voidedAt"] is not None
    assert house.admin.post(path, NOTE | {"to": to}).data == reply.data
    visit = house.reception.get(f"/appointments/{mark['appointmentId']}").data
    assert visit["status"] == status
    assert reload(runtime, Patient, house.patient.id).no_show_count == 0
    other = "CLINIC_FAULT" if to == "ATTENDED" else "ATTENDED"
    assert house.admin.post(path, NOTE | {"to": other}).refusal == (409, "INVALID_TRANSITION")
    assert house.admin.post(path, NOTE | {"to": "MISTAKE"}).refusal == (422, "VALIDATION")
    assert house.admin.post(f"/admin/no-shows/{mark['id']}/justify", NOTE).refusal == (409, "CONFLICT")
    penalty = penalty_of(house, mark)
    assert house.admin.post(f"/admin/penalties/{penalty['id']}/waive", NOTE).refusal == (409, "CONFLICT")
    assert titles(house)[-1] == "Missed Appointment Corrected"


def test_nobody_attends_a_visit_to_come(house: HttpHouse) -> None:
    visit = house.booked("10:00")
    mark = house.reception.post(f"/no-show/{visit['id']}", {"reason": "PATIENT_CALLED"}).data

    refused = house.admin.post(f"/admin/no-shows/{mark['id']}/correct", NOTE | {"to": "ATTENDED"})

    assert refused.refusal == (409, "TOO_EARLY")
    assert house.admin.post(f"/admin/no-shows/{mark['id']}/correct", NOTE | {"to": "CLINIC_FAULT"}).status == 200


def test_block_and_unblock_by_hand(house: HttpHouse, runtime: Runtime) -> None:
    path = f"/admin/patients/{house.patient.id}"

    blocked = house.admin.post(f"{path}/block", {"note": "Rude to staff", "version": 1})

    assert (blocked.data["status"], blocked.data["blockedReason"]) == ("BLOCKED", "Rude to staff")
    assert house.admin.post(f"{path}/block", NOTE).data == blocked.data
    assert house.by_patient.post("/appointments", house.booking("10:00")).refusal == (403, "PATIENT_BLOCKED")
    assert house.admin.post(f"{path}/unblock", NOTE | {"version": 1}).refusal == (409, "STALE_VERSION")
    freed = house.admin.post(f"{path}/unblock", {"note": "Has apologised"})
    assert (freed.data["status"], freed.data["blockedReason"]) == ("ACTIVE", None)
    assert house.admin.post(f"{path}/unblock", NOTE).data == freed.data
    assert house.by_patient.post("/appointments", house.booking("10:00")).status == 201
    assert titles(house)[:2] == ["Online Booking Paused", "Online Booking Open Again"]
    [block, unblock] = rows(runtime, AuditEntry, AuditEntry.entity == "patient")
    assert (block.details["reason"], unblock.details["note"]) == ("Rude to staff", "Has apologised")


def test_a_block_of_the_count_can_be_made_one_by_hand(house: HttpHouse, runtime: Runtime) -> None:
    marks = three_strikes(house)
    told = len(rows(runtime, Notification))

    kept = house.admin.post(f"/admin/patients/{house.patient.id}/block", {"note": "Stays blocked"})

    assert (kept.data["status"], kept.data["blockedReason"]) == ("BLOCKED", "Stays blocked")
    assert len(rows(runtime, Notification)) == told
    house.admin.post(f"/admin/no-shows/{marks[0]['id']}/justify", NOTE)
    assert reload(runtime, Patient, house.patient.id).status == "BLOCKED"


def test_an_inactive_patient_is_neither_blocked_nor_unblocked(house: HttpHouse) -> None:
    house.admin.patch(f"/patients/{house.patient.id}", {"status": "INACTIVE"})
    for verb in ("block", "unblock"):
        assert house.admin.post(f"/admin/patients/{house.patient.id}/{verb}", NOTE).refusal == (409, "CONFLICT"), verb


def test_the_story_of_a_mark(house: HttpHouse) -> None:
    mark = missed(house)
    penalty = penalty_of(house, mark)
    house.admin.post(f"/admin/penalties/{penalty['id']}/waive", NOTE)
    house.admin.post(f"/admin/no-shows/{mark['id']}/justify", {"note": "In hospital"})
    house.nurse.post(f"/no-show/{mark['appointmentId']}/late-arrival", {"notes": "Came at last"})
    path = f"/admin/no-shows/{mark['id']}/steps"

    story = house.admin.get(path).data

    assert [(step["action"], step["actorRole"], step["note"]) for step in story] == [
        ("no_show.marked", "RECEPTIONIST", None),
        ("penalty.waived", "HOSPITAL_ADMIN", "Bus strike"),
        ("no_show.justified", "HOSPITAL_ADMIN", "In hospital"),
        ("appointment.status", "NURSE", "Came at last"),
    ]
    assert story[1]["actorName"].startswith("Hospital Admin")
    assert house.reception.get(path).refusal == (403, "FORBIDDEN")
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(house.runtime, "HMS002"))
    assert foreign.get(path).refusal == (404, "NOT_FOUND")


def test_who_may(house: HttpHouse) -> None:
    mark = missed(house)
    penalty = penalty_of(house, mark)
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(house.runtime, "HMS002"))
    paths = [f"/admin/no-shows/{mark['id']}/{verb}" for verb in ("justify", "unjustify", "undo", "correct")]
    paths += [f"/admin/penalties/{penalty['id']}/{verb}" for verb in ("waive", "reinstate")]
    paths += [f"/admin/patients/{house.patient.id}/{verb}" for verb in ("block", "unblock")]
    for path in paths:
        body = NOTE | ({"to": "ATTENDED"} if path.endswith("correct") else {})
        for role, caller in house.everybody.items():
            if role is not Role.HOSPITAL_ADMIN:
                assert caller.post(path, body).refusal == (403, "FORBIDDEN"), (role, path)
        assert foreign.post(path, body).refusal == (404, "NOT_FOUND"), path
        assert house.admin.post(path, body | {"note": "  "}).refusal == (422, "VALIDATION"), path
        assert house.admin.post(path, {k: v for k, v in body.items() if k != "note"}).refusal == (422, "VALIDATION")


def test_penalties_are_filtered(house: HttpHouse) -> None:
    mine, other = missed(house), missed(house, "09:30", patient=house.new_patient())
    house.admin.post(f"/admin/penalties/{penalty_of(house, other)['id']}/waive", NOTE)

    def found(query: str) -> list[str]:
        return [row["logId"] for row in house.admin.get(f"/admin/penalties/no-shows?{query}").data]

    assert found("") == [other["id"], mine["id"]]
    assert found("counting=true") == [mine["id"]]
    assert found("counting=false") == [other["id"]]
    assert found(f"patientId={house.patient.id}") == [mine["id"]]
    assert found(f"doctorId={house.doctor.id}&from=2026-01-22&to=2026-01-22") == [other["id"], mine["id"]]
    assert found("from=2026-01-23") == found("to=2026-01-21") == []


def three_strikes(house: HttpHouse) -> list[dict[str, Any]]:
    return [missed(house, start) for start in ("09:00", "09:30", "10:00")]


def standing(house: HttpHouse) -> tuple[str, int, str | None]:
    mine = house.by_patient.get(f"/patients/{house.patient.id}").data
    return mine["status"], mine["noShowCount"], mine["blockedReason"]


def booked_by_patient(house: HttpHouse, start: str) -> Reply:
    return house.by_patient.post("/appointments", house.booking(start, "2026-01-23"))


def check_told(house: HttpHouse) -> None:
    """Expect every mark, block and forgiveness of the story below to have been told."""
    told = Counter(title for title in titles(house) if "Booked" not in title)
    assert told == {
        "Missed Appointment": 4,
        "Online Booking Paused": 4,
        "Missed Appointment Forgiven": 1,
        "Missed Appointment Excused": 1,
        "Missed Appointment Counts Again": 1,
        "Missed Appointment No Longer Excused": 1,
        "Online Booking Open Again": 2,
    }


def test_three_strikes_from_end_to_end(house: HttpHouse, clock: FixedClock) -> None:
    """Missed: by the sweep, by hand, after a call. Blocked, forgiven, blocked again, unblocked; and a late arrival."""
    kept = booked_by_patient(house, "09:00").data
    first, second, third = (house.booked(start) for start in ("09:00", "09:30", "15:00"))
    clock.move_to(local(house.hospital, clock.now(), "09:29:59"))
    assert house.admin.post("/no-show/trigger").data["itemsProcessed"] == 0
    clock.move_to(local(house.hospital, clock.now(), "09:30"))
    assert house.admin.post("/no-show/trigger").data["itemsProcessed"] == 1
    house.by_doctor.post(f"/no-show/{second['id']}", {"notes": "Not in the waiting room"})
    assert standing(house) == ("ACTIVE", 2, None)
    house.reception.post(f"/no-show/{third['id']}", {"reason": "PATIENT_CALLED"})
    why = "Blocked due to 3 no-show appointments"
    assert standing(house) == ("BLOCKED", 3, why)
    assert booked_by_patient(house, "10:00").refusal == (403, "PATIENT_BLOCKED")
    assert house.by_patient.get(f"/appointments/{kept['id']}").data["status"] == "SCHEDULED"

    record = house.by_patient.get(f"/patients/{house.patient.id}/no-shows").data
    assert [(row["reason"], row["effect"], row["countAfter"]) for row in record] == [
        ("PATIENT_CALLED", "COUNTS", 3),
        ("MANUAL_DOCTOR", "COUNTS", 2),
        ("AUTO_TIMEOUT", "COUNTS", 1),
    ]
    assert [row["appointmentId"] for row in record] == [third["id"], second["id"], first["id"]]
    assert {row["notes"] for row in record} == {None}
    penalties = {row["appointmentId"]: row["id"] for row in house.admin.get("/admin/penalties/no-shows").data}

    house.admin.post(f"/admin/penalties/{penalties[second['id']]}/waive", NOTE)
    assert standing(house) == ("ACTIVE", 2, None)
    assert booked_by_patient(house, "10:00").status == 201
    house.admin.post(f"/admin/penalties/{penalties[second['id']]}/reinstate", {"note": "There was no strike"})
    assert standing(house) == ("BLOCKED", 3, why)
    house.admin.post(f"/admin/no-shows/{record[2]['id']}/justify", {"note": "In hospital"})
    assert standing(house) == ("ACTIVE", 2, None)
    house.admin.post(f"/admin/no-shows/{record[2]['id']}/unjustify", {"note": "It was another day"})
    assert standing(house) == ("BLOCKED", 3, why)
    house.admin.post(f"/admin/patients/{house.patient.id}/unblock", {"note": "Promised to come"})
    assert standing(house) == ("ACTIVE", 3, None)

    fourth = house.booked("11:00")
    clock.move_to(local(house.hospital, clock.now(), "11:00"))
    house.reception.post(f"/no-show/{fourth['id']}", {})
    assert standing(house) == ("BLOCKED", 4, "Blocked due to 4 no-show appointments")
    house.reception.post(f"/no-show/{fourth['id']}/late-arrival", {"notes": "Came at last"})
    assert standing(house) == ("ACTIVE", 3, None)

    seen = house.reception.get(f"/patients/{house.patient.id}/no-shows").data
    assert [(row["effect"], row["countAfter"]) for row in seen] == [
        ("TAKEN_BACK", 3),
        ("COUNTS", 3),
        ("COUNTS", 2),
        ("COUNTS", 1),
    ]
    assert seen[2]["notes"] == "Not in the waiting room"
    check_told(house)
