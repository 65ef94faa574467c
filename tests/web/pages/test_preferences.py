"""How one wants to be told, on its page and by the link in a message: looking changes nothing, one click acts."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from hms.access.links import OptOutLink
from hms.domain.messages import Channel
from hms.models import AuditEntry, OptOut, Patient, User
from hms.processes.delivery import DeliveryReport, deliver_due
from tests.support.clinic import Clinic
from tests.support.letters import tell
from tests.support.mailed import Mailbox

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def phone(clinic: Clinic) -> FlaskClient:
    """Give a browser in which nobody is signed in."""
    return clinic.app.test_client()


def link_of(clinic: Clinic, channel: Channel = Channel.EMAIL) -> str:
    link = OptOutLink(clinic.patients["Asha"].id, True, channel)
    return f"/o/{clinic.door.links.opt_out_token(link)}"


def declined(clinic: Clinic) -> set[tuple[object, str]]:
    with clinic.runtime.reading() as session:
        return {(row.patient_id or row.user_id, row.channel.value) for row in session.scalars(select(OptOut))}


def test_mails_lead_to_their_own_end(clinic: Clinic, phone: FlaskClient) -> None:
    asha = clinic.patients["Asha"]
    mailbox = Mailbox(clinic.runtime)
    mailbox.fetch()
    tell(clinic.runtime, clinic.hospital, asha)
    [mail] = mailbox.fetch()
    path = mail.stop.removeprefix("http://127.0.0.1:8000")
    assert path == link_of(clinic)
    assert mail.text.count(path) == mail.html.count(path) == 1
    assert "No more emails for Asha?" in phone.get(path).text


def test_looking_changes_nothing(clinic: Clinic, phone: FlaskClient) -> None:
    for method in ("GET", "HEAD", "OPTIONS"):
        answer = phone.open(link_of(clinic), method=method)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert phone.get(f"{link_of(clinic)}/undo").status_code == 405
    assert declined(clinic) == set()


def test_a_mail_program_declines_with_one_click_and_the_page_takes_it_back(clinic: Clinic, phone: FlaskClient) -> None:
    asha = clinic.patients["Asha"]
    deliver_due(clinic.runtime)
    for _ in range(2):
        answer = phone.post(link_of(clinic), data=ONE_CLICK)
        assert (answer.status_code, "Done: no more emails for Asha" in answer.text) == (200, True)
    assert declined(clinic) == {(asha.id, "email")}
    tell(clinic.runtime, clinic.hospital, asha)
    assert deliver_due(clinic.runtime) == DeliveryReport(declined=1)
    answer = phone.post(f"{link_of(clinic)}/undo")
    assert "Asha gets emails again" in answer.text
    assert declined(clinic) == set()
    with clinic.runtime.reading() as session:
        trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "patient.preferences_changed")).all()
    assert [(entry.actor_role, entry.details) for entry in trail] == [
        ("PATIENT_BY_LINK", {"email": False}),
        ("PATIENT_BY_LINK", {"email": True}),
    ]


def test_another_site_cannot_press_the_button(clinic: Clinic, phone: FlaskClient) -> None:
    assert phone.post(link_of(clinic), headers={"Origin": "https://evil.test"}).status_code == 403
    assert declined(clinic) == set()


def test_forged_links_and_those_of_nobody_say_the_same(clinic: Clinic, phone: FlaskClient) -> None:
    path = link_of(clinic)
    gone = clinic.door.links.opt_out_token(OptOutLink(clinic.doctors[0].id, False, Channel.EMAIL))
    for wrong in (path[:-1], path[:-1] + ("A" if path[-1] != "A" else "B"), "/o/x", f"/o/{gone}"):
        for answer in (phone.get(wrong), phone.post(wrong, data=ONE_CLICK), phone.post(f"{wrong}/undo")):
            assert answer.status_code == 410
            assert "Asha" not in answer.text
    assert declined(clinic) == set()


def test_staff_end_their_mails_by_link_too(clinic: Clinic, phone: FlaskClient) -> None:
    token = clinic.door.links.opt_out_token(OptOutLink(clinic.admin.id, False, Channel.EMAIL))
    assert "Done: no more emails" in phone.post(f"/o/{token}", data=ONE_CLICK).text
    assert declined(clinic) == {(clinic.admin.id, "email")}


def test_the_page_of_a_visit_leads_to_the_end_of_texts(clinic: Clinic, phone: FlaskClient) -> None:
    mailbox = Mailbox(clinic.runtime)
    text = next(text for text in mailbox.texts() if "/v/" in text)
    found = re.search(r"/v/\S+", text)
    assert found
    page = phone.get(found[0]).text
    link = re.search(r'href="(/o/[^"]+)"', page)
    assert link
    assert "No more text messages for" in phone.get(link[1]).text


def test_patients_choose_on_their_page(clinic: Clinic) -> None:
    divya = clinic.patients["Divya"]
    visitor = clinic.client(divya)
    assert "How we reach you" in visitor.get("/notifications").text
    page = visitor.get("/preferences")
    assert page.status_code == 200
    assert page.text.count(" checked") == 2
    form = {"patient_id": str(divya.id), "offered": ["email", "sms"], "sms": "yes", "language": "es"}
    answer = visitor.post("/preferences", form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/preferences?saved=1")
    assert declined(clinic) == {(divya.id, "email")}
    with clinic.runtime.reading() as session:
        assert session.get_one(Patient, divya.id).language == "es"
    assert visitor.get("/preferences?saved=1").text.count(" checked") == 1
    stale = visitor.post("/preferences", form | {"version": "1"})
    assert (stale.status_code, "Esto ha cambiado entretanto" in stale.text) == (409, True)
    assert visitor.post("/preferences", form | {"patient_id": str(clinic.patients["Asha"].id)}).status_code == 404


def test_staff_choose_for_their_login(clinic: Clinic) -> None:
    visitor = clinic.client(clinic.reception)
    assert "Text messages" not in visitor.get("/preferences").text
    assert visitor.post("/preferences", {"offered": ["email"], "language": "pt"}).status_code == 303
    assert declined(clinic) == {(clinic.reception.id, "email")}
    with clinic.runtime.reading() as session:
        assert session.get_one(User, clinic.reception.id).language == "pt"
    assert visitor.post("/preferences", {"offered": ["email", "sms"]}).status_code == 422
