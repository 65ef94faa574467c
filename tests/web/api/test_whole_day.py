"""One outpatient day through HTTP, from the first look at the calendar to the block after three missed visits."""

from __future__ import annotations

from datetime import timedelta

from hms.clock import FixedClock
from tests.support.callers import HttpHouse
from tests.support.factories import actor_of


def test_a_visit_that_takes_place(house: HttpHouse, clock: FixedClock) -> None:
    day = house.by_patient.get(f"/slots/doctor/{house.doctor.id}/date/2026-01-22").data
    slot = next(row for row in day if row["isAvailable"])
    visit = house.by_patient.post("/appointments", house.booking(slot["startTime"], reason="Cough")).data
    assert visit["slotId"] == slot["id"]
    path = f"/appointments/{visit['id']}"

    clock.advance(timedelta(minutes=3))  # 08:58
    here = house.reception.patch(f"{path}/status", {"status": "CHECKED_IN", "version": visit["version"]}).data
    clock.advance(timedelta(minutes=4))  # 09:02
    consultation = house.by_doctor.post("/consultations", {"appointmentId": visit["id"], "version": here["version"]})
    clock.advance(timedelta(minutes=40))  # long past its end: who is here is never marked
    assert house.admin.post("/no-show/trigger").data["itemsProcessed"] == 0
    done = house.by_doctor.post(
        f"/consultations/{consultation.data['id']}/complete",
        {"chiefComplaint": "Cough", "diagnosis": [{"text": "Bronchitis"}], "treatmentNotes": "Rest"},
    )

    assert done.data["status"] == "COMPLETED"
    assert house.by_patient.get(path).data["status"] == "COMPLETED"
    moves = [(event["fromStatus"], event["toStatus"]) for event in house.by_patient.get(f"{path}/events").data]
    assert moves == [
        (None, "SCHEDULED"),
        ("SCHEDULED", "CHECKED_IN"),
        ("CHECKED_IN", "IN_PROGRESS"),
        ("IN_PROGRESS", "COMPLETED"),
    ]
    assert house.admin.get("/no-show/logs").data == []
    again = house.reception.post("/appointments", house.booking("09:00", patientId=str(house.new_patient().id)))
    assert again.code in {"SLOT_TAKEN", "DATE_IN_PAST"}


def test_three_visits_that_do_not(house: HttpHouse, clock: FixedClock) -> None:
    visits = [house.by_patient.post("/appointments", house.booking(at)).data for at in ("09:00", "09:30", "10:00")]
    later = house.by_patient.post("/appointments", house.booking("15:00")).data

    clock.advance(timedelta(minutes=34, seconds=59))  # 09:29:59
    assert house.admin.post("/no-show/trigger").data["itemsProcessed"] == 0
    clock.advance(timedelta(seconds=1))
    for minutes, marked in ((0, 1), (30, 1), (0, 0), (30, 1)):  # 09:30, 10:00, 10:00 again, 10:30
        clock.advance(timedelta(minutes=minutes))
        assert house.admin.post("/no-show/trigger").data["itemsProcessed"] == marked, clock.now()

    logs = house.reception.get("/no-show/logs").data
    assert [log["appointmentId"] for log in logs] == [visit["id"] for visit in reversed(visits)]
    assert {(log["reason"], log["timeoutMinutes"], log["slotReleased"], log["createdBy"]) for log in logs} == {
        ("AUTO_TIMEOUT", 30, False, None)
    }
    assert [log["triggeredAt"] for log in logs] == [
        "2026-01-22T05:00:00.000Z",
        "2026-01-22T04:30:00.000Z",
        "2026-01-22T04:00:00.000Z",
    ]
    assert all(log["notificationSent"] for log in logs)
    penalties = house.admin.get("/admin/penalties/no-shows").data
    assert [(penalty["counts"], penalty["emailSent"], penalty["noShowCount"]) for penalty in penalties] == [
        (True, True, 3)
    ] * 3

    patient = house.reception.get(f"/patients/{house.patient.id}").data
    assert (patient["status"], patient["noShowCount"]) == ("BLOCKED", 3)
    refused = house.by_patient.post("/appointments", house.booking("16:00"))
    assert refused.refusal == (403, "PATIENT_BLOCKED")
    assert house.by_patient.get(f"/appointments/{later['id']}").data["status"] == "SCHEDULED"
    told = [one["type"] for one in house.by_patient.get("/notifications").data]
    assert sorted(told) == ["APPOINTMENT_BOOKED"] * 4 + ["NO_SHOW"] * 3 + ["PATIENT_BLOCKED"]
    stranger = house.caller(actor_of(house.new_patient(login=True)))
    assert stranger.get("/notifications").data == []
    health = house.admin.get("/no-show/cron-health").data
    assert (health["isHealthy"], health["lastSuccessfulRun"]["itemsProcessed"]) == (True, 1)
    assert health["stats"]["totalRuns"] == 5
