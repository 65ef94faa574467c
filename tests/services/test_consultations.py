"""Consultations: from check-in to completion or abandonment, together with the appointment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.domain.appointments import Status
from hms.domain.consultations import ConsultationStatus
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import Appointment, AppointmentEvent, AuditEntry, Consultation
from hms.queries import consultations as consultation_queries
from hms.runtime import Runtime
from hms.services import attendance, consultations
from hms.services.attendance import Attend
from hms.services.consultations import Abandon, Edit, Start
from tests.support.factories import (
    actor_of,
    admin_of,
    make_doctor,
    make_hospital,
    make_patient,
    make_user,
    reception_of,
)
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, reload, rows

FLU = ({"text": "Influenza", "code": "J11"},)


class Room:
    """A patient who is checked in, and the doctor."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.hospital = make_hospital(runtime)
        self.doctor = make_doctor(runtime, self.hospital)
        self.patient = make_patient(runtime, self.hospital)
        starts_at = local(self.hospital, NOW, "09:00")
        self.visit = make_visit(runtime, self.hospital, self.doctor, self.patient, starts_at)
        self.reception = reception_of(runtime, self.hospital)
        runtime.transact(self.reception, attendance.check_in, Attend(self.visit))
        self.me: Actor = actor_of(self.doctor)

    def start(self, actor: Actor | None = None) -> UUID:
        return self.runtime.transact(actor or self.me, consultations.start, Start(self.visit))

    def refusal(self, verb: Any, command: object, actor: Actor | None = None) -> DomainError:
        with pytest.raises(DomainError) as refused:
            self.runtime.transact(actor or self.me, verb, command)
        return refused.value

    def states(self) -> tuple[Status, list[ConsultationStatus]]:
        all_of_them = sorted(rows(self.runtime, Consultation), key=lambda row: row.id)
        return reload(self.runtime, Appointment, self.visit).status, [row.status for row in all_of_them]


@pytest.fixture
def room(runtime: Runtime) -> Room:
    return Room(runtime)


def test_from_start_to_completion(room: Room) -> None:
    consultation = room.start()
    assert room.states() == (Status.IN_PROGRESS, [ConsultationStatus.STARTED])
    assert reload(room.runtime, Appointment, room.visit).started_at == NOW
    room.runtime.transact(room.me, consultations.edit, Edit(consultation, chief_complaint="Fever"))
    assert room.states() == (Status.IN_PROGRESS, [ConsultationStatus.IN_PROGRESS])
    last = Edit(consultation, diagnosis=FLU, treatment_notes="Rest", prescriptions=({"drug": "Paracetamol"},))
    room.runtime.transact(room.me, consultations.complete, last)
    assert room.states() == (Status.COMPLETED, [ConsultationStatus.COMPLETED])
    row = room.runtime.read(consultation_queries.one, room.me, consultation)
    assert (row.chief_complaint, row.diagnosis, row.treatment_notes) == ("Fever", list(FLU), "Rest")
    assert (row.prescriptions, row.completed_at, row.version) == ([{"drug": "Paracetamol"}], NOW, 3)
    assert reload(room.runtime, Appointment, room.visit).completed_at == NOW


@pytest.mark.parametrize(
    ("complaint", "diagnosis", "missing"),
    [
        (None, (), ["Chief complaint is required", "At least one diagnosis is required"]),
        ("  ", FLU, ["Chief complaint is required"]),
        ("Fever", None, ["At least one diagnosis is required"]),
    ],
)
def test_completion_names_all_that_misses(
    room: Room, complaint: str | None, diagnosis: Any, missing: list[str]
) -> None:
    consultation = room.start()
    error = room.refusal(consultations.complete, Edit(consultation, chief_complaint=complaint, diagnosis=diagnosis))
    assert error.code is Code.CONSULTATION_INCOMPLETE
    assert [detail.message for detail in error.details] == missing
    assert room.states() == (Status.IN_PROGRESS, [ConsultationStatus.STARTED])
    assert reload(room.runtime, Consultation, consultation).chief_complaint is None


def test_an_abandoned_consultation_leaves_the_patient_waiting_and_another_may_begin(room: Room) -> None:
    checked_in_at = reload(room.runtime, Appointment, room.visit).checked_in_at
    first = room.start()
    assert room.refusal(consultations.abandon, Abandon(first, " ")).code is Code.VALIDATION
    room.runtime.transact(room.me, consultations.abandon, Abandon(first, "Called to an emergency"))
    assert room.states() == (Status.CHECKED_IN, [ConsultationStatus.ABANDONED])
    waiting = reload(room.runtime, Appointment, room.visit)
    assert (waiting.checked_in_at, waiting.started_at) == (checked_in_at, None)
    [*_, event] = rows(room.runtime, AppointmentEvent)
    assert (event.from_status, event.to_status, event.reason) == ("IN_PROGRESS", "CHECKED_IN", "Called to an emergency")
    assert reload(room.runtime, Consultation, first).abandon_reason == "Called to an emergency"
    room.start()
    assert room.states() == (Status.IN_PROGRESS, [ConsultationStatus.ABANDONED, ConsultationStatus.STARTED])


def test_an_edit_that_says_nothing_changes_nothing(room: Room) -> None:
    consultation = room.start()
    room.runtime.transact(room.me, consultations.edit, Edit(consultation))
    assert room.states() == (Status.IN_PROGRESS, [ConsultationStatus.STARTED])
    assert reload(room.runtime, Consultation, consultation).version == 1


def test_what_is_over_cannot_be_changed(room: Room) -> None:
    consultation = room.start()
    done = Edit(consultation, chief_complaint="Fever", diagnosis=FLU)
    room.runtime.transact(room.me, consultations.complete, done)
    for verb, command in (
        (consultations.edit, done),
        (consultations.complete, done),
        (consultations.abandon, Abandon(consultation, "too late")),
    ):
        assert room.refusal(verb, command).code is Code.CONSULTATION_CLOSED
    assert reload(room.runtime, Consultation, consultation).version == 2


def test_only_who_is_here_can_be_seen_and_only_once(room: Room) -> None:
    room.start()
    assert room.refusal(consultations.start, Start(room.visit)).code is Code.INVALID_TRANSITION
    other = make_visit(
        room.runtime,
        room.hospital,
        room.doctor,
        make_patient(room.runtime, room.hospital),
        local(room.hospital, NOW, "10:00"),
    )
    assert room.refusal(consultations.start, Start(other)).code is Code.INVALID_TRANSITION
    assert len(rows(room.runtime, Consultation)) == 1


def test_doctors_see_their_own_patients_and_admins_all(room: Room) -> None:
    colleague = actor_of(make_doctor(room.runtime, room.hospital))
    nurse = actor_of(make_user(room.runtime, room.hospital, Role.NURSE))
    for actor in (colleague, nurse, room.reception, actor_of(room.patient)):
        assert room.refusal(consultations.start, Start(room.visit), actor).code is Code.FORBIDDEN
    admin = admin_of(room.runtime, room.hospital)
    consultation = room.start(admin)
    assert reload(room.runtime, Consultation, consultation).doctor_id == room.doctor.id
    assert room.refusal(consultations.edit, Edit(consultation), colleague).code is Code.FORBIDDEN
    assert room.runtime.read(consultation_queries.of_appointment, colleague, room.visit) == []
    for actor, code in ((colleague, Code.NOT_FOUND), (nurse, Code.FORBIDDEN)):
        with pytest.raises(DomainError) as refused:
            room.runtime.read(consultation_queries.one, actor, consultation)
        assert refused.value.code is code


def test_stale_versions_are_refused_with_the_present_row(room: Room) -> None:
    assert room.refusal(consultations.start, Start(room.visit, version=1)).code is Code.STALE_VERSION
    consultation = room.runtime.transact(room.me, consultations.start, Start(room.visit, version=2))
    room.runtime.transact(room.me, consultations.edit, Edit(consultation, treatment_notes="Tea", version=1))
    error = room.refusal(consultations.edit, Edit(consultation, treatment_notes="Coffee", version=1))
    assert error.code is Code.STALE_VERSION
    assert getattr(error.current, "treatment_notes", None) == "Tea"


def test_the_audit_trail_holds_no_clinical_content(room: Room) -> None:
    consultation = room.start()
    words = Edit(consultation, chief_complaint="Secret", diagnosis=({"text": "Secret", "code": None},))
    room.runtime.transact(room.me, consultations.complete, words)
    trail = [
        (entry.action, entry.details) for entry in rows(room.runtime, AuditEntry, AuditEntry.entity == "consultation")
    ]
    assert [action for action, _ in trail] == ["consultation.started", "consultation.completed"]
    assert trail[1][1] == {"fields": ["chief_complaint", "diagnosis"]}
    assert "Secret" not in str(trail)
