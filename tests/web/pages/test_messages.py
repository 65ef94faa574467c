"""Messages sent: admins see them, and read the mails that lie in the folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hms.clock import Clocks, FixedClock
from hms.domain.messages import Channel, MessageStatus
from hms.domain.people import Role
from hms.gateways.composing import Sender
from hms.gateways.folders import EmlFolder, SmsFolder
from hms.gateways.protocols import Gateways
from hms.models import OutgoingMessage
from hms.processes.delivery import deliver_due
from hms.runtime import build
from hms.settings import Settings
from tests.support.clinic import Clinic, open_clinic
from tests.support.factories import make_hospital, make_user


@pytest.fixture
def clinic(settings: Settings, clocks: Clocks, clock: FixedClock, tmp_path: Path) -> Iterator[Clinic]:
    """Give the small clinic without a mail server: mails go to a folder."""
    sender = Sender("clinic@hms001.example")
    gateways = Gateways(mail=EmlFolder(tmp_path / "mail", sender), sms=SmsFolder(tmp_path / "sms"))
    runtime = build(settings, clocks=clocks, gateways=gateways)
    yield open_clinic(runtime, clock)
    runtime.close()


def first_mail(clinic: Clinic) -> OutgoingMessage:
    with clinic.runtime.reading() as session:
        mails = select(OutgoingMessage).where(OutgoingMessage.channel == Channel.EMAIL)
        return session.scalars(mails.order_by(OutgoingMessage.created_at)).first() or pytest.fail("no mail")


def test_admin_reads_what_lies_in_the_folder(clinic: Clinic) -> None:
    admin, mail = clinic.client(clinic.admin), first_mail(clinic)
    assert "No mail server is set" in admin.get("/messages").text
    assert admin.get(f"/messages/{mail.id}").status_code == 404  # not written yet
    deliver_due(clinic.runtime)
    listed = admin.get("/messages?status=DELIVERED").text
    assert f"/messages/{mail.id}" in listed
    read = admin.get(f"/messages/{mail.id}").text
    assert "Appointment Booked" in read
    assert "appointment.ics" in read


def test_failed_message_can_be_sent_again(clinic: Clinic) -> None:
    mail = first_mail(clinic)
    with clinic.runtime.database.writing() as session:
        session.merge(mail).status = MessageStatus.FAILED
    admin = clinic.client(clinic.admin)
    assert "Send again" in admin.get("/messages?status=FAILED").text
    assert admin.post(f"/messages/{mail.id}/resend").status_code == 303
    assert first_mail(clinic).status is MessageStatus.PENDING
    assert admin.post(f"/messages/{mail.id}/resend").status_code == 409


def test_only_the_hospitals_own_admins_read_them(clinic: Clinic) -> None:
    deliver_due(clinic.runtime)
    mail = first_mail(clinic)
    other = make_hospital(clinic.runtime, "HMS002")
    assert clinic.client(clinic.reception).get("/messages").status_code == 403
    stranger = clinic.client(make_user(clinic.runtime, other, Role.HOSPITAL_ADMIN))
    assert stranger.get(f"/messages/{mail.id}").status_code == 404
    assert "No messages" in stranger.get("/messages").text
