"""Links in messages: looking is harmless, only buttons act, and nobody forges one or uses it for another visit."""

from __future__ import annotations

import base64
import re
from datetime import time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from hms.access.links import LinkSigner, VisitLink
from hms.clock import FixedClock
from hms.models import Appointment, AppointmentEvent, AuditEntry, Notification
from hms.services import rescheduling
from hms.services.rescheduling import Reschedule
from tests.support.callers import counted_statements
from tests.support.clinic import TODAY, Clinic
from tests.support.factories import actor_of
from tests.support.mailed import Mailbox, token_in
from tests.support.visits import reload

BOOKED, MOVED = "Appointment Booked", "Appointment Rescheduled"


@pytest.fixture
def mailbox(clinic: Clinic) -> Mailbox:
    return Mailbox(clinic.runtime)


@pytest.fixture
def token(clinic: Clinic, mailbox: Mailbox) -> str:
    """Give the secret in the mail that Divya got, who comes at 11:00; it is 10:40."""
    return mailbox.token(clinic.patients["Divya"].email or "", BOOKED)


@pytest.fixture
def phone(clinic: Clinic) -> FlaskClient:
    """Give a browser in which nobody is signed in."""
    return clinic.app.test_client()


def divya(clinic: Clinic) -> Any:
    return reload(clinic.runtime, Appointment, clinic.visits["Divya"])


def test_mail_and_text_message_lead_to_the_visit(clinic: Clinic, mailbox: Mailbox, phone: FlaskClient) -> None:
    patient = clinic.patients["Divya"]
    mail = next(mail for mail in mailbox.fetch() if mail.to == patient.email)
    text = next(text for text in mailbox.texts() if token_in(mail.text) in text)
    assert len(text) <= 320
    assert re.search(r"http://127\.0\.0\.1:8000/v/\S+", text)
    links = re.findall(r"http://127\.0\.0\.1:8000(/v/\S+)", mail.text)
    assert [link.rpartition("/")[2] for link in links] == ["confirm", "move", "cancel"]
    assert all(f'href="http://127.0.0.1:8000{link}"' in mail.html for link in links)
    for path in (*links, links[0].removesuffix("/confirm")):
        assert phone.get(path).status_code == 200
    # Past visits and those that are over by now offer nothing any more.
    assert {mail.to for mail in mailbox.fetch()} == set()


def test_looking_changes_nothing_however_often_and_by_whom(clinic: Clinic, token: str, phone: FlaskClient) -> None:
    before = divya(clinic).version
    for path in ("", "/confirm", "/cancel", "/move", f"/move/{TODAY}/15:00"):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = phone.open(f"/v/{token}{path}", method=method)
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "no-store"
    assert (divya(clinic).version, divya(clinic).status) == (before, "SCHEDULED")
    assert phone.post(f"/v/{token}").status_code == 405
    assert phone.get(f"/v/{token}").text.count("Divya") == 1


def test_the_page_costs_one_statement_and_a_forged_link_none(clinic: Clinic, token: str, phone: FlaskClient) -> None:
    with counted_statements(clinic.runtime) as statements:
        phone.get(f"/v/{token}")
        phone.get(f"/v/{token}/cancel")
        phone.get(f"/v/{token[:-1]}")
    assert len(statements) == 2
    with counted_statements(clinic.runtime) as statements:
        phone.post(f"/v/{token}/confirm")
    assert len(statements) == 6


def test_one_button_confirms_and_again_changes_nothing(clinic: Clinic, token: str, phone: FlaskClient) -> None:
    for _ in range(2):
        answer = phone.post(f"/v/{token}/confirm", follow_redirects=True)
        assert (answer.status_code, "Thank you, we expect you" in answer.text) == (200, True)
    assert divya(clinic).status == "CONFIRMED"
    with clinic.runtime.reading() as session:
        events = session.scalars(
            select(AppointmentEvent)
            .where(AppointmentEvent.appointment_id == clinic.visits["Divya"])
            .order_by(AppointmentEvent.seq)
        ).all()
        assert [(event.to_status, event.actor_id) for event in events][1:] == [("CONFIRMED", None)]
        assert events[1].reason == "By the link in a message"
        trail = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == clinic.visits["Divya"])).all()
        assert [(row.action, row.actor_role) for row in trail][1:] == [("appointment.status", "PATIENT_BY_LINK")]
    card = clinic.client(clinic.reception).get(f"/visits/{clinic.visits['Divya']}").text
    assert "Patient: By the link in a message" in card


def test_cancelling_frees_the_time_and_tells_the_doctor(
    clinic: Clinic, token: str, phone: FlaskClient, mailbox: Mailbox
) -> None:
    asked = phone.get(f"/v/{token}/cancel").text
    assert "Cancel this visit?" in asked
    assert "at short notice" in asked
    for _ in range(2):
        answer = phone.post(f"/v/{token}/cancel", follow_redirects=True)
        assert "This visit is cancelled" in answer.text
    row = divya(clinic)
    assert (row.status, row.calendar_sequence) == ("CANCELLED", 1)
    with clinic.runtime.reading() as session:
        told = session.scalars(select(Notification).where(Notification.type == "PATIENT_CANCELLED")).all()
        assert [(row.title, row.priority) for row in told] == [("Last-Minute Cancellation", "HIGH")]
    assert [mail.subject for mail in mailbox.fetch()] == ["Appointment Cancelled"]
    for path in ("confirm", f"move/{TODAY}/15:00"):
        answer = phone.post(f"/v/{token}/{path}")
        assert (answer.status_code, "cancelled" in answer.text) == (409, True)
    assert "This visit is cancelled" in phone.get(f"/v/{token}/move").text


def test_moving_ends_the_old_link_and_goes_on_with_a_new_one(
    clinic: Clinic, token: str, phone: FlaskClient, mailbox: Mailbox
) -> None:
    phone.post(f"/v/{token}/confirm")
    times = phone.get(f"/v/{token}/move?day={TODAY}").text
    assert ("15:30" in times, "12:00" in times) == (True, False)
    assert "Move the visit" in phone.get(f"/v/{token}/move/{TODAY}/15:30").text
    moved = phone.post(f"/v/{token}/move/{TODAY}/15:30")
    assert moved.status_code == 303
    page = phone.get(moved.headers["Location"])
    assert "Your visit is moved" in page.text
    assert (divya(clinic).status, f"{divya(clinic).start_time:%H:%M}") == ("SCHEDULED", "15:30")
    card = clinic.client(clinic.reception).get(f"/visits/{clinic.visits['Divya']}").text
    assert "By the link in a message, from 2026-01-22 11:00" in card
    for path in ("", "/confirm", "/cancel", "/move"):
        assert phone.get(f"/v/{token}{path}").status_code == 410
    for path in ("confirm", "cancel", f"move/{TODAY}/16:00"):
        assert phone.post(f"/v/{token}/{path}").status_code == 410
    assert divya(clinic).status == "SCHEDULED"
    new = mailbox.token(clinic.patients["Divya"].email or "", MOVED)
    assert new != token
    assert f"/v/{new}?" in moved.headers["Location"]
    assert phone.post(f"/v/{new}/confirm").status_code == 303
    assert divya(clinic).status == "CONFIRMED"


def test_a_time_that_is_gone_is_answered_with_fresh_ones(clinic: Clinic, token: str, phone: FlaskClient) -> None:
    for wanted in ("12:00", "13:15", "12:07"):
        for answer in (phone.get(f"/v/{token}/move/{TODAY}/{wanted}"), phone.post(f"/v/{token}/move/{TODAY}/{wanted}")):
            assert (answer.status_code, "Choose another time" in answer.text) == (409, True)
    for nonsense in ("2026-99-99/10:00", f"{TODAY}/25:00", f"{TODAY}/10:00+05:00", f"{TODAY}/x"):
        assert phone.post(f"/v/{token}/move/{nonsense}").status_code == 200
    assert divya(clinic).calendar_sequence == 0


def test_a_link_ends_when_the_visit_begins(clinic: Clinic, token: str, phone: FlaskClient, clock: FixedClock) -> None:
    clock.advance(timedelta(minutes=19, seconds=59))
    assert phone.get(f"/v/{token}").status_code == 200
    clock.advance(timedelta(seconds=1))
    for path in ("confirm", "cancel", f"move/{TODAY}/15:00"):
        assert phone.get(f"/v/{token}/{path}").status_code == 410
        answer = phone.post(f"/v/{token}/{path}")
        assert (answer.status_code, "Divya" in answer.text, "Anagha" in answer.text) == (410, False, False)
    assert divya(clinic).status == "SCHEDULED"


def test_a_link_of_the_desks_earlier_time_is_dead(clinic: Clinic, token: str, phone: FlaskClient) -> None:
    desk, visit = actor_of(clinic.reception), clinic.visits["Divya"]
    for start in (time(15), time(11)):
        clinic.runtime.transact(desk, rescheduling.reschedule, Reschedule(appointment_id=visit, start=start))
    assert phone.get(f"/v/{token}").status_code == 410
    assert phone.post(f"/v/{token}/cancel").status_code == 410


def test_nobody_forges_a_link_or_turns_it_to_another_visit(clinic: Clinic, token: str, phone: FlaskClient) -> None:
    raw = base64.urlsafe_b64decode(token + "==")
    hirosvisit = clinic.visits["Hiro"].bytes + raw[16:]
    later = raw[:19] + b"\x01" + raw[20:]
    changed = [raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :] for place in range(len(raw))]
    stranger = LinkSigner("another house's secret").visit_token(VisitLink(clinic.visits["Divya"], 0))
    texts = [base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in (hirosvisit, later, *changed)]
    for forged in (*texts, stranger, token[:-1], token + "A", token + "=", str(clinic.visits["Divya"]), "é", "-"):
        assert phone.post(f"/v/{forged}/cancel").status_code == 410
    assert divya(clinic).status == "SCHEDULED"
    assert reload(clinic.runtime, Appointment, clinic.visits["Hiro"]).status == "SCHEDULED"


def test_a_visit_that_is_under_way_is_shown_and_left_alone(clinic: Clinic, token: str, phone: FlaskClient) -> None:
    clinic.check_in("Divya")
    shown = phone.get(f"/v/{token}")
    assert "The clinic knows that you are here" in shown.text
    assert "I will come" not in shown.text
    for path in ("confirm", "cancel", f"move/{TODAY}/15:00"):
        assert phone.post(f"/v/{token}/{path}").status_code == 409
    assert divya(clinic).status == "CHECKED_IN"


def test_whoever_is_signed_in_there_the_patient_acts(clinic: Clinic, token: str) -> None:
    nurse = clinic.client(clinic.reception)
    assert "Rosa" not in nurse.get(f"/v/{token}").text
    assert nurse.client.post(f"/v/{token}/confirm").status_code == 403  # from no page of ours
    assert nurse.post(f"/v/{token}/confirm").status_code == 303
    with clinic.runtime.reading() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        assert (last.actor_role, last.actor_id) == ("PATIENT_BY_LINK", None)


def test_another_site_cannot_press_the_button(clinic: Clinic, token: str, phone: FlaskClient) -> None:
    answer = phone.post(f"/v/{token}/cancel", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert divya(clinic).status == "SCHEDULED"
