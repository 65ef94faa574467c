"""Admins see every message that people are told, in every language, and send one to themselves."""

from __future__ import annotations

import re

import pytest

from hms.domain.messages import Channel, MessageStatus
from hms.languages import LANGUAGES
from hms.models import AuditEntry, OutgoingMessage
from hms.outbox.notices.samples import SAMPLES
from hms.processes import samples
from tests.support.clinic import Clinic
from tests.support.factories import actor_of
from tests.support.mailed import Mailbox
from tests.support.visits import rows

PATH = "/messages/samples"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_can_be_seen_in_every_language(clinic: Clinic, language: str) -> None:
    actor = actor_of(clinic.admin)
    for name in SAMPLES:
        shown = samples.shown(clinic.runtime, actor, name, language)
        assert shown.notice.language == language
        assert shown.mail is None or f'<html lang="{language}"' in shown.mail.html
        for text in (shown.notice.title, shown.notice.message, shown.mail.text if shown.mail else ""):
            assert not re.search(r"[{}]|None", text), (name, text)
        assert shown.sms is None or shown.sms.segments <= 3, (name, shown.sms)


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_texts_of_visits_travel_in_one_segment(clinic: Clinic, language: str) -> None:
    actor = actor_of(clinic.admin)
    for name in ("booked", "moved", "cancelled", "reminder", "reminder_today", "emergency", "unavailable"):
        sms = samples.shown(clinic.runtime, actor, name, language).sms
        assert sms is not None
        assert (sms.segments, sms.is_gsm) == (1, True), (name, sms)


def test_the_page_shows_one_message_by_all_its_ways(clinic: Clinic) -> None:
    admin = clinic.client(clinic.admin)
    page = admin.get(f"{PATH}?sample=reminder&language=ar")
    assert "تذكير بالموعد" in page.text
    assert "parts, which count as so many messages" in page.text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    mail = admin.get(f"{PATH}/reminder/ar")
    assert '<html lang="ar" dir="rtl">' in mail.text
    assert mail.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox" in mail.headers["Content-Security-Policy"]
    assert "does not go by email" in admin.get(f"{PATH}?sample=no_vitals").text
    assert "does not go by text" in admin.get(f"{PATH}?sample=month").text
    for wrong in (f"{PATH}?sample=nothing", f"{PATH}?language=xx", f"{PATH}/no_vitals/en", f"{PATH}/booked/fr"):
        assert admin.get(wrong).status_code == 404
    assert PATH in admin.get("/messages").text
    for who in (clinic.reception, clinic.patients["Divya"]):
        assert clinic.client(who).get(PATH).status_code == 403
        assert clinic.client(who).post(f"{PATH}/booked/en").status_code == 403


def test_a_test_goes_to_the_admin_who_asks_by_the_way_of_all_messages(clinic: Clinic) -> None:
    admin = clinic.client(clinic.admin)
    before = {row.id for row in rows(clinic.runtime, OutgoingMessage)}
    sent = admin.post(f"{PATH}/reminder/es")
    assert "on its way to your mailbox" in admin.get(sent.headers["Location"]).text
    told = [row for row in rows(clinic.runtime, OutgoingMessage) if row.id not in before]
    assert {(row.channel, row.status, row.address) for row in told} == {
        (Channel.IN_APP, MessageStatus.DELIVERED, None),
        (Channel.EMAIL, MessageStatus.PENDING, clinic.admin.email),
    }
    assert [row.details for row in rows(clinic.runtime, AuditEntry) if row.action == "message.tried"] == [
        {"sample": "reminder", "language": "es"}
    ]
    [mail] = [mail for mail in Mailbox(clinic.runtime).fetch() if mail.to == clinic.admin.email]
    assert mail.subject == "Recordatorio de su cita"
    assert "Médico: Dr(a). Meera Rao, Cardiology" in mail.text
    assert admin.post(f"{PATH}/reminder/es").status_code == 303  # again is another one
    assert admin.post(f"{PATH}/nothing/es").status_code == 404
