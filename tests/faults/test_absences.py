"""Emergency leave is killed -9 at one statement after the other: nothing is half done, and again does nothing more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time, timedelta

import pytest

from hms.domain.absences import AbsenceType
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.models import (
    Appointment,
    AppointmentEvent,
    AuditEntry,
    DoctorAbsence,
    DoctorDay,
    DoctorSlot,
    Notification,
    OutgoingMessage,
)
from hms.runtime import Runtime
from hms.services import absences
from hms.services.absences import CreateAbsence
from hms.settings import Settings
from tests.support.calendars import FRIDAY, Clinic
from tests.support.dying import AT_COMMIT, die_at
from tests.support.factories import admin_of

TABLES = (
    Appointment,
    AppointmentEvent,
    AuditEntry,
    DoctorAbsence,
    DoctorDay,
    DoctorSlot,
    Notification,
    OutgoingMessage,
)
HOURS = [9, 10, 11, 14, 15]


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each killed process a database of its own."""
    return fresh_database


def everything(clinic: Clinic) -> list[str]:
    """Write down every row that an emergency could touch."""
    rows = []
    for model in TABLES:
        columns = [column.key for column in model.__mapper__.column_attrs]
        rows += sorted(f"{model.__name__} {[getattr(row, name) for name in columns]}" for row in clinic.rows(model))
    return rows


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([6, 9, 12, 15, 18, 21, 24, 27, AT_COMMIT], id="everyday"),
        pytest.param(range(1, 100), id="nightly", marks=[pytest.mark.nightly, pytest.mark.timeout(600)]),
    ],
)
def test_killed_emergency_leaves_nothing_half_done(
    settings: Settings, runtime: Runtime, statements: Iterable[int]
) -> None:
    clinic = Clinic(runtime)
    admin = admin_of(runtime, clinic.hospital)
    for hour in HOURS:
        clinic.book(clinic.another(), start=time(hour))
    before = everything(clinic)
    command = CreateAbsence(
        doctor_id=clinic.doctor.id,
        absence_type=AbsenceType.EMERGENCY,
        first=FRIDAY,
        last=FRIDAY + timedelta(days=1),
    )
    url, now = settings.effective_database_url, runtime.clocks.hospital.now()
    died = 0
    for statement in statements:
        if not die_at(statement, url, now, admin, absences.create, command):
            break  # it had fewer statements, and went through
        died += 1
        assert everything(clinic) == before, f"killed at statement {statement}"
    assert died >= 9
    if not clinic.rows(DoctorAbsence):
        runtime.transact(admin, absences.create, command)
    done = everything(clinic)
    assert {row.status for row in clinic.rows(Appointment)} == {Status.CANCELLED}
    told = [row for row in clinic.rows(Notification) if row.title == "Appointment Cancelled - Doctor Emergency"]
    assert len(told) == len({row.patient_id for row in told}) == len(HOURS)
    assert sum(row.is_blocked for row in clinic.rows(DoctorSlot)) == 28
    with pytest.raises(DomainError) as caught:
        runtime.transact(admin, absences.create, command)
    assert caught.value.code is Code.ABSENCE_OVERLAP
    assert everything(clinic) == done
