"""What staff do with a visit: each change once, refusals with the present board, forms only from our own pages."""

from __future__ import annotations

from typing import Any

from hms.domain.appointments import Status
from hms.models import Appointment
from tests.support.clinic import Clinic

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://localhost/board?state=expected"}


def status(clinic: Clinic, name: str) -> Status:
    with clinic.runtime.reading() as session:
        row = session.get(Appointment, clinic.visits[name])
        assert row is not None
        return row.status


def act(clinic: Clinic, name: str, verb: str, who: Any = None, **form: Any) -> Any:
    desk = clinic.client(who or clinic.reception)
    return desk.post(f"/visits/{clinic.visits[name]}/{verb}", form, headers=HTMX)


def test_check_in_answers_with_the_filtered_board_and_an_undo(clinic: Clinic) -> None:
    answer = act(clinic, "Chidi", "check-in", version=1)
    assert answer.status_code == 200
    assert "Chidi Okafor is here" in answer.text
    assert "/undo-check-in" in answer.text
    assert "Asha" not in answer.text  # the board stays filtered as it was
    assert act(clinic, "Chidi", "undo-check-in", version=2).status_code == 200
    assert status(clinic, "Chidi") is Status.SCHEDULED


def test_stale_version_changes_nothing_and_says_so(clinic: Clinic) -> None:
    clinic.check_in("Chidi")
    answer = act(clinic, "Chidi", "check-in", version=1)
    assert answer.status_code == 409
    assert 'id="board"' in answer.text
    assert "toast bad" in answer.text


def test_no_show_shows_its_consequences_first(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    page = desk.get(f"/visits/{clinic.visits['Chidi']}/no-show").text
    assert "missed visit number <strong>1</strong> of 3" in page
    assert "becomes <strong>free</strong>" in page
    assert act(clinic, "Chidi", "no-show", version=1).status_code == 200
    assert status(clinic, "Chidi") is Status.NO_SHOW
    assert act(clinic, "Chidi", "late-arrival", version=2).status_code == 200
    assert status(clinic, "Chidi") is Status.CHECKED_IN


def test_no_show_before_its_time_is_for_callers_only(clinic: Clinic) -> None:
    answer = act(clinic, "Hiro", "no-show", version=1)
    assert answer.status_code == 409
    assert status(clinic, "Hiro") is Status.SCHEDULED
    assert act(clinic, "Hiro", "no-show", version=1, reason="PATIENT_CALLED").status_code == 200
    assert status(clinic, "Hiro") is Status.NO_SHOW


def test_doctor_starts_own_visits_only_and_is_led_to_the_consultation(clinic: Clinic) -> None:
    doctor, other = clinic.doctors[1], clinic.doctors[0]
    refused = act(clinic, "Fatima", "begin", other)
    assert refused.status_code == 409
    assert "another doctor" in refused.text
    assert status(clinic, "Fatima") is Status.CHECKED_IN
    started = act(clinic, "Fatima", "begin", doctor, version=2)
    assert started.status_code == 200
    assert status(clinic, "Fatima") is Status.IN_PROGRESS
    assert clinic.client(doctor).get(started.headers["HX-Redirect"]).status_code == 200


def test_cancel_frees_and_tells(clinic: Clinic) -> None:
    assert (
        "does not count as missed"
        in clinic.client(clinic.reception).get(f"/visits/{clinic.visits['Grace']}/cancel").text
    )
    assert act(clinic, "Grace", "cancel", version=1, reason="Called").status_code == 200
    assert status(clinic, "Grace") is Status.CANCELLED


def test_form_without_token_is_refused(clinic: Clinic) -> None:
    before = status(clinic, "Chidi")
    client = clinic.client(clinic.reception).client
    for verb in ("check-in", "no-show", "cancel", "begin", "late-arrival", "undo-check-in", "vitals"):
        path = f"/visits/{clinic.visits['Chidi']}/{verb}"
        assert client.post(path).status_code == 403, verb
        assert client.post(path, data={"csrf_token": "0" * 64}).status_code == 403, verb
    for path in ("/board/enter", "/notifications/read", "/sign-out", f"/my/visits/{clinic.visits['Divya']}/cancel"):
        assert client.post(path).status_code == 403, path
    assert status(clinic, "Chidi") is before


def test_form_from_another_site_is_refused(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    path = f"/visits/{clinic.visits['Chidi']}/check-in"
    assert desk.post(path, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert status(clinic, "Chidi") is Status.SCHEDULED


def test_without_scripts_a_click_leads_back_to_the_board(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    answer = desk.post(f"/visits/{clinic.visits['Chidi']}/check-in", {"version": 1})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/board")
    assert status(clinic, "Chidi") is Status.CHECKED_IN
