"""Absences: who is affected comes before saving, an emergency says that it cancels, mistakes stand at their field."""

from __future__ import annotations

import re
from typing import Any

from hms.domain.appointments import Status
from hms.models import Appointment
from tests.support.clinic import TODAY, Clinic

HTMX = {"HX-Request": "true"}


def form(kind: str = "ANNUAL_LEAVE", **more: str) -> dict[str, Any]:
    return {"type": kind, "first": TODAY.isoformat(), "last": TODAY.isoformat(), **more}


def status(clinic: Clinic, name: str) -> Status:
    with clinic.runtime.reading() as session:
        found = session.get(Appointment, clinic.visits[name])
        assert found is not None
        return found.status


def test_ordinary_absence_keeps_the_visits(clinic: Clinic) -> None:
    own, path = clinic.client(clinic.doctors[0]), f"/calendar/absences/{clinic.doctors[0].id}"
    review = own.post(f"{path}/review", form(reason="Family"), headers=HTMX).text
    assert "2 booked visits lie in this time and stay booked" in review.replace("  ", " ")
    assert "Divya Rao" in review
    assert "No absence ahead" in own.get("/calendar/absences").text
    saved = own.post(f"{path}/save", form(reason="Family"))
    assert saved.status_code == 303
    page = own.get(saved.headers["Location"]).text
    assert "2 patients are told" in page
    assert "Family" in page
    assert status(clinic, "Divya") is Status.SCHEDULED


def test_emergency_is_clearly_different_and_cancels(clinic: Clinic) -> None:
    own, path = clinic.client(clinic.doctors[0]), f"/calendar/absences/{clinic.doctors[0].id}"
    review = own.post(f"{path}/review", form("EMERGENCY"), headers=HTMX).text
    assert "cancelled at once" in review
    assert "danger solid" in review
    assert status(clinic, "Divya") is Status.SCHEDULED
    saved = own.post(f"{path}/save", form("EMERGENCY"))
    assert "cancelled" in own.get(saved.headers["Location"]).text
    assert status(clinic, "Divya") is Status.CANCELLED


def test_mistakes_stand_beside_their_field_and_typed_text_stays(clinic: Clinic) -> None:
    own, path = clinic.client(clinic.doctors[0]), f"/calendar/absences/{clinic.doctors[0].id}/review"
    for given, says in (
        ({"first": "2026-01-01"}, "cannot start in the past"),
        ({"first": ""}, "Give the first day"),
        ({"last": "2026-01-21"}, 'id="last-wrong"'),
        ({"part": "yes"}, "Give the time from which"),
        ({"part": "yes", "start": "15:00", "end": "14:00"}, "must be after the start"),
    ):
        answer = own.post(path, {**form(reason="Trip <b>"), **given}, headers=HTMX)
        assert answer.status_code == 422, given
        assert says in answer.text, given
        assert 'value="Trip &lt;b&gt;"' in answer.text, given


def test_absence_is_changed_and_called_off(clinic: Clinic) -> None:
    own, path = clinic.client(clinic.doctors[0]), f"/calendar/absences/{clinic.doctors[0].id}"
    own.post(f"{path}/save", form("TRAINING"))
    overlap = own.post(f"{path}/review", form(), headers=HTMX)
    assert "already away" in overlap.text
    found = re.search(r"/calendar/absences/[0-9a-f-]+/([0-9a-f-]{36})\"", own.get("/calendar/absences").text)
    assert found is not None
    filled = own.get(f"{path}/{found[1]}").text
    assert f'value="{TODAY}"' in filled
    assert 'value="TRAINING" checked' in filled
    part = form("TRAINING", part="yes", start="15:00", end="16:00", absence=found[1], version="1")
    assert own.post(f"{path}/save", part).status_code == 303
    assert "15:00 – 16:00" in own.get("/calendar/absences").text
    off = own.get(f"{path}/{found[1]}/cancel").text
    assert "can be booked again" in off
    assert own.post(f"{path}/{found[1]}/cancel", {"version": 2}).status_code == 303
    assert "called off" in own.get("/calendar/absences").text


def test_only_the_doctor_and_admins_edit(clinic: Clinic) -> None:
    path = f"/calendar/absences/{clinic.doctors[0].id}/save"
    for who in (clinic.doctors[1], clinic.reception, clinic.patients["Divya"]):
        assert clinic.client(who).post(path, form("EMERGENCY")).status_code == 403
    assert status(clinic, "Divya") is Status.SCHEDULED
    assert clinic.client(clinic.admin).post(path, form()).status_code == 303
