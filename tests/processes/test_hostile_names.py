"""Whatever somebody calls themselves, a hospital or a holiday: it stays a name in subject, letter and text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from hms.domain.events import AppointmentBooked
from hms.domain.messages import Channel
from hms.domain.sms import sms_segments
from hms.gateways.composing import Sender, compose
from hms.gateways.templates import MOST_SEGMENTS
from hms.languages import LANGUAGES
from hms.outbox.notices import notices_of
from hms.outbox.notices.samples import Facts
from hms.processes.letters import WritingDesk
from hms.queries.deliveries import Delivery
from hms.runtime import Runtime

NOW = datetime(2026, 1, 22, 5, 10, tzinfo=UTC)
TURNS = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066\u2067]")  # isolates that we set ourselves are U+2068
HOSTILE = (
    "Ann\r\nBcc: all@example.org\r\n\r\nBody",
    "<script>alert('x')</script><img src=x onerror=y>",
    '"; DROP TABLE patients; --',
    "{name} {0.__class__} {{ 7*7 }} {% raw %}",
    "%(name)s %s %n ${x}",
    "\u202eEvil\u2066 \u2067turn\u200f",
    "a\u2028b\u2029c\x00\x1b",
    "x" * 3000,
)


@pytest.fixture
def database(sqlite_database: str) -> str:
    """Give SQLite alone: nothing here is read from the database."""
    return sqlite_database


def hostile(runtime: Runtime, language: str, name: str) -> tuple[Delivery, WritingDesk]:
    facts = Facts(date(2026, 2, 3), ZoneInfo("Asia/Kolkata"), language)
    visit = facts.visit(doctor_name=name)
    visit = replace(visit, patient=replace(visit.patient, name=name))
    [notice] = notices_of(AppointmentBooked(entity_id=uuid4(), visit=visit, starts_at=visit.starts_at), "en")
    delivery = Delivery(
        id=uuid4(),
        hospital_id=uuid4(),
        channel=Channel.EMAIL,
        address="ann@example.org",
        recipient_name=name,
        type=notice.type,
        title=notice.title,
        message=notice.message,
        metadata=notice.kept | {"sample": "booked"},
        created_at=NOW,
        hospital_name=name,
        hospital_address=name,
        hospital_phone="+911234",
        hospital_email="",
        zone=facts.zone,
        visit=None,
    )
    return delivery, WritingDesk.of(runtime)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_have_no_effect(runtime: Runtime, name: str) -> None:
    for language in LANGUAGES:
        delivery, desk = hostile(runtime, language, name)
        mail = desk.mail_of(delivery, NOW, NOW)
        sent = message_from_bytes(compose(mail, Sender("no-reply@hms.example")), policy=policy.default)
        assert sent["Bcc"] is None
        assert sent["To"].addresses[0].addr_spec == "ann@example.org"
        assert not re.search(r"[\r\n]", sent["Subject"])
        assert not re.search(r"<(script|img)", mail.html)
        assert ("{{ 7*7 }}" in mail.html) == ("{{ 7*7 }}" in name)
        for text in (mail.subject, mail.text, mail.html):
            assert not TURNS.search(text)
            assert text.count("\u2068") == text.count("\u2069")
        assert "\nBcc:" not in mail.text
        sms = desk.text_of(delivery, NOW).text
        assert not TURNS.search(sms)
        assert not re.search(r"[\x00-\x1f\u2028\u2029\u2068\u2069]", sms)
        assert sms.endswith(" +911234")
        assert sms_segments(sms) <= MOST_SEGMENTS
