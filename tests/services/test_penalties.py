"""Counts and blocks are derived from penalties, and from nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.no_shows import NoShowReason
from hms.domain.people import PatientStatus
from hms.models import Hospital, NoShowLog, NoShowPenalty, Notification, Patient
from hms.runtime import Runtime
from hms.services import attendance, blocks, forgiveness, hospitals, no_shows, penalties
from hms.services.attendance import Attend
from hms.services.blocks import Block
from hms.services.forgiveness import Forgive
from hms.services.hospitals import EditHospital
from hms.services.no_shows import LateArrival, MarkNoShow
from hms.transaction import Work
from tests.support.factories import add, admin_of, make_doctor, make_hospital, make_patient, reception_of
from tests.support.fixtures import NOW
from tests.support.visits import make_visit, reload, rows


class Record:
    """A patient with as many penalties as wanted, oldest first, one a day until yesterday."""

    def __init__(self, runtime: Runtime, penalties_given: int, **settings: Any) -> None:
        self.runtime = runtime
        self.hospital: Hospital = make_hospital(runtime, **settings)
        self.doctor = make_doctor(runtime, self.hospital)
        self.patient: Patient = make_patient(runtime, self.hospital)
        self.admin = admin_of(runtime, self.hospital)
        self.penalties = [self._penalty(NOW - timedelta(days=n)) for n in range(penalties_given, 0, -1)]

    def visit(self, at: datetime) -> UUID:
        return make_visit(self.runtime, self.hospital, self.doctor, self.patient, at)

    def recount(self) -> Patient:
        def derive(work: Work) -> None:
            if turns := penalties.recount(work, penalties.lock_patients(work, [self.patient.id])):
                work.silent = True
                work.emit(*turns)

        self.runtime.transact(Actor.system(self.hospital.id), derive)
        return self.stored()

    def unblock(self) -> None:
        self.runtime.transact(self.admin, blocks.unblock, Block(self.patient.id, "Promised to come"))

    def stored(self) -> Patient:
        found: Patient = reload(self.runtime, Patient, self.patient.id)
        return found

    def set(self, model: type[Any], row_id: UUID, **values: object) -> None:
        with self.runtime.database.writing() as session:
            session.execute(update(model).where(model.id == row_id).values(**values))

    def _penalty(self, at: datetime) -> UUID:
        penalty = NoShowPenalty(
            hospital_id=self.hospital.id, appointment_id=self.visit(at), patient_id=self.patient.id, created_at=at
        )
        log = NoShowLog(
            hospital_id=self.hospital.id,
            appointment_id=penalty.appointment_id,
            patient_id=self.patient.id,
            doctor_id=self.doctor.id,
            reason=NoShowReason.AUTO_TIMEOUT,
            slot_time=at.time(),
            timeout_minutes=30,
            triggered_at=at,
        )
        add(self.runtime, penalty, log)
        return penalty.id


@pytest.mark.parametrize("forgiven", ["waived_at", "justified_at", "voided_at"])
def test_forgiven_penalties_do_not_count(runtime: Runtime, forgiven: str) -> None:
    record = Record(runtime, 2)
    assert record.recount().no_show_count == 2
    record.set(NoShowPenalty, record.penalties[0], **{forgiven: NOW})
    assert record.recount().no_show_count == 1


def test_the_next_penalty_blocks_again_after_an_unblock(runtime: Runtime, clock: FixedClock) -> None:
    record = Record(runtime, 3)
    assert record.recount().status is PatientStatus.BLOCKED
    record.unblock()
    assert (record.recount().no_show_count, record.stored().status) == (3, PatientStatus.ACTIVE)
    visit = record.visit(NOW)
    clock.advance(timedelta(minutes=5))
    runtime.transact(reception_of(runtime, record.hospital), no_shows.mark, MarkNoShow(visit))
    patient = record.stored()
    assert (patient.no_show_count, patient.status) == (4, PatientStatus.BLOCKED)
    assert patient.blocked_reason == "Blocked due to 4 no-show appointments"


def test_a_forgiven_penalty_stays_forgiven_when_its_visit_is_marked_again(runtime: Runtime, clock: FixedClock) -> None:
    """Three others count, but an admin has unblocked the patient: only a penalty that counts may block."""
    record = Record(runtime, 3)
    visit, reception = record.visit(NOW), reception_of(runtime, record.hospital)
    clock.advance(timedelta(minutes=5))
    runtime.transact(reception, no_shows.mark, MarkNoShow(visit))
    [penalty] = rows(runtime, NoShowPenalty, NoShowPenalty.appointment_id == visit)
    runtime.transact(record.admin, forgiveness.waive, Forgive(penalty.id, "Bus strike"))
    record.unblock()
    runtime.transact(reception, no_shows.late_arrival, LateArrival(visit))
    runtime.transact(reception, attendance.undo_check_in, Attend(visit))
    runtime.transact(reception, no_shows.mark, MarkNoShow(visit))
    assert (record.stored().no_show_count, record.stored().status) == (3, PatientStatus.ACTIVE)
    runtime.transact(record.admin, forgiveness.reinstate, Forgive(penalty.id, "There was none"))
    assert (record.stored().no_show_count, record.stored().status) == (4, PatientStatus.BLOCKED)


@pytest.mark.parametrize("change", [{"no_show_block_threshold": 2}, {"no_show_window_days": 30}])
def test_a_stricter_rule_holds_from_the_next_penalty_on(
    runtime: Runtime, clock: FixedClock, change: dict[str, int]
) -> None:
    record = Record(runtime, 3, no_show_window_days=3)
    assert (record.recount().no_show_count, record.stored().status) == (2, PatientStatus.ACTIVE)
    runtime.transact(record.admin, hospitals.update, EditHospital(changes={}, policy=change))
    expected = 2 if "no_show_block_threshold" in change else 3
    assert (record.stored().no_show_count, record.stored().status) == (expected, PatientStatus.ACTIVE)
    assert record.recount().status is PatientStatus.ACTIVE
    visit = record.visit(NOW)
    clock.advance(timedelta(minutes=5))
    runtime.transact(reception_of(runtime, record.hospital), no_shows.mark, MarkNoShow(visit))
    assert record.stored().status is PatientStatus.BLOCKED


def test_a_milder_rule_holds_at_once(runtime: Runtime) -> None:
    record = Record(runtime, 3)
    assert record.recount().status is PatientStatus.BLOCKED
    edit = EditHospital(changes={}, policy={"no_show_block_threshold": 4})
    runtime.transact(record.admin, hospitals.update, edit)
    assert record.stored().status is PatientStatus.ACTIVE
    told = rows(runtime, Notification, Notification.patient_id == record.patient.id)
    assert [notice.title for notice in told] == ["Online Booking Open Again"]


def test_a_block_set_by_the_count_is_lifted_below_the_threshold(runtime: Runtime) -> None:
    record = Record(runtime, 3)
    record.set(Patient, record.patient.id, status=PatientStatus.BLOCKED, blocked_by_count=True, blocked_reason="x")
    assert record.recount().status is PatientStatus.BLOCKED
    record.set(NoShowPenalty, record.penalties[0], waived_at=NOW)
    patient = record.recount()
    assert (patient.status, patient.blocked_reason, patient.blocked_by_count) == (PatientStatus.ACTIVE, None, False)


@pytest.mark.parametrize("status", [PatientStatus.BLOCKED, PatientStatus.INACTIVE])
def test_what_a_human_set_stays(runtime: Runtime, clock: FixedClock, status: PatientStatus) -> None:
    record = Record(runtime, 3)
    record.set(Patient, record.patient.id, status=status, blocked_reason="Rude to staff")
    record.set(NoShowPenalty, record.penalties[0], waived_at=NOW)
    assert (record.recount().status, record.stored().blocked_reason) == (status, "Rude to staff")
    visit = record.visit(NOW)
    clock.advance(timedelta(minutes=5))
    runtime.transact(reception_of(runtime, record.hospital), no_shows.mark, MarkNoShow(visit))
    patient = record.stored()
    assert (patient.no_show_count, patient.status, patient.blocked_reason) == (3, status, "Rude to staff")
    assert patient.blocked_by_count is False


def test_a_rolling_window_forgets(runtime: Runtime, clock: FixedClock) -> None:
    record = Record(runtime, 3, no_show_window_days=3)
    assert record.recount().no_show_count == 2  # the one of exactly three days ago is out
    clock.advance(timedelta(days=1))
    assert record.recount().no_show_count == 1


def test_a_block_raises_the_version_and_a_mere_count_does_not(runtime: Runtime, clock: FixedClock) -> None:
    record = Record(runtime, 0, no_show_block_threshold=2)
    reception = reception_of(runtime, record.hospital)
    versions = []
    for hours in (0, 1):
        visit = record.visit(NOW + timedelta(hours=hours))
        clock.move_to(NOW + timedelta(hours=hours, minutes=5))
        runtime.transact(reception, no_shows.mark, MarkNoShow(visit))
        versions.append(record.stored().version)
    assert versions == [1, 2]
