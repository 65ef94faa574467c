"""In which language somebody is told: their own if we speak it, else the hospital's."""

from __future__ import annotations

import pytest

from hms.models import Notification
from tests.support.calendars import FRIDAY
from tests.support.callers import HttpHouse
from tests.support.visits import rows


def new_patient(**values: str) -> dict[str, str]:
    return {"firstName": "Inés", "lastName": "Ibarra", "phone": "+34600000000"} | values


def test_people_speak_one_of_our_languages_and_new_ones_the_hospitals(house: HttpHouse) -> None:
    assert house.admin.patch("/hospital", {"locale": "pt-BR", "version": house.hospital.version}).status == 200
    made = house.reception.post("/patients", new_patient())
    assert made.data["language"] == "pt"
    path = f"/patients/{made.data['id']}"
    assert house.reception.patch(path, {"language": "ar"}).data["language"] == "ar"
    for wrong in ("fr", "pt-BR", "EN", "", "e n"):
        assert house.reception.patch(path, {"language": wrong}).refusal == (422, "VALIDATION")
        assert house.reception.post("/patients", new_patient(language=wrong)).refusal == (422, "VALIDATION")


@pytest.mark.parametrize(
    ("language", "title", "told"),
    [
        ("en", "Appointment Booked", "is on Friday 23 January 2026 at 09:00."),
        ("es", "Cita reservada", "es el viernes, 23 de enero de 2026 a las 9:00."),
        ("pt", "Consulta marcada", "está marcada para sexta-feira, 23 de janeiro de 2026 às 09:00."),
        ("hi", "अपॉइंटमेंट बुक हो गया", "शुक्रवार, 23 जनवरी 2026, 9:00 am है।"),
        ("ar", "تم حجز الموعد", "يوم الجمعة، 23 يناير 2026 الساعة 9:00 ص."),
    ],
)
def test_a_booking_is_told_in_the_patients_language(house: HttpHouse, language: str, title: str, told: str) -> None:
    assert house.reception.patch(f"/patients/{house.patient.id}", {"language": language}).status == 200
    wish = {"doctorId": str(house.doctor.id), "date": FRIDAY.isoformat(), "startTime": "09:00"}
    assert house.by_patient.post("/appointments", wish).status == 201
    [notice] = rows(house.runtime, Notification)
    assert (notice.title, notice.message.endswith(told)) == (title, True), notice.message
    shown = house.by_patient.get("/notifications").data[0]["metadata"]
    assert (shown["language"], "short" in shown) == (language, False)


def test_doctors_are_told_in_theirs(house: HttpHouse) -> None:
    assert house.admin.patch(f"/users/{house.doctor.user_id}", {"language": "es"}).status == 200
    wish = {"doctorId": str(house.doctor.id), "date": FRIDAY.isoformat(), "startTime": "09:00"}
    visit = house.by_patient.post("/appointments", wish).data["id"]
    assert house.by_patient.delete(f"/appointments/{visit}").status == 200
    told = {notice.type: notice.message for notice in rows(house.runtime, Notification)}
    assert told["PATIENT_CANCELLED"].endswith("ha cancelado su cita de las 9:00 del 23 ene")
    assert "is cancelled" in told["APPOINTMENT_CANCELLED"]
