"""What doctors see of earlier visits, and the consultations that they were asked into."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.domain.consultations import ParticipantRole
from hms.domain.errors import Code, DomainError
from hms.models import Doctor, Hospital, Patient
from hms.queries import appointments, consultations
from hms.queries.appointments import Cursor
from hms.runtime import Runtime
from hms.services import attendance, participants
from hms.services import consultations as services
from hms.services.attendance import Attend
from hms.services.consultations import Edit, Start
from hms.services.participants import Invite
from tests.support.callers import counted_statements
from tests.support.factories import actor_of, admin_of, make_doctor, make_hospital, make_patient, reception_of
from tests.support.fixtures import NOW
from tests.support.visits import make_visit

LATER = NOW + timedelta(days=1)


class House:
    """One patient and two doctors; the patient sees the first one at 09:00 and the second one at 10:00."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.hospital: Hospital = make_hospital(runtime)
        self.doctors: list[Doctor] = [make_doctor(runtime, self.hospital) for _ in range(2)]
        self.patient: Patient = make_patient(runtime, self.hospital, login=True)
        self.reception: Actor = reception_of(runtime, self.hospital)
        self.consultations = [self.see(doctor, minutes) for doctor, minutes in zip(self.doctors, (5, 65), strict=True)]

    def see(self, doctor: Doctor, minutes: int) -> UUID:
        visit = make_visit(self.runtime, self.hospital, doctor, self.patient, NOW + timedelta(minutes=minutes))
        self.runtime.transact(self.reception, attendance.check_in, Attend(visit))
        started = self.runtime.transact(actor_of(doctor), services.start, Start(visit))
        edit = Edit(started, chief_complaint="Cough", diagnosis=({"text": f"Finding {minutes}"},))
        self.runtime.transact(actor_of(doctor), services.edit, edit)
        return started

    def invite(self) -> None:
        """Ask the second doctor into the first one's consultation."""
        command = Invite(self.consultations[0], self.doctors[1].id, ParticipantRole.ASSISTING)
        self.runtime.transact(actor_of(self.doctors[0]), participants.invite, command)

    def complete(self) -> None:
        for doctor, consultation in zip(self.doctors, self.consultations, strict=True):
            self.runtime.transact(actor_of(doctor), services.complete, Edit(consultation))

    def earlier(self, actor: Actor) -> list[list[str] | None]:
        rows = self.runtime.read(consultations.earlier, actor, self.patient.id, LATER, 10)
        return [None if row.diagnosis is None else [entry["text"] for entry in row.diagnosis] for row in rows]


@pytest.fixture
def house(runtime: Runtime) -> House:
    return House(runtime)


def test_that_somebody_came_is_seen_but_what_was_found_only_by_who_may_read_it(house: House) -> None:
    first, second = (actor_of(doctor) for doctor in house.doctors)
    assert house.earlier(first) == []  # nothing is over yet
    house.complete()
    assert house.earlier(first) == [None, ["Finding 5"]]
    assert house.earlier(second) == [["Finding 65"], None]
    assert house.earlier(admin_of(house.runtime, house.hospital)) == [["Finding 65"], ["Finding 5"]]
    elsewhere = admin_of(house.runtime, make_hospital(house.runtime, "HMS002"))
    assert house.earlier(elsewhere) == []
    with pytest.raises(DomainError) as refused:
        house.earlier(house.reception)
    assert refused.value.code is Code.FORBIDDEN


def test_who_was_asked_reads_that_visit_too_and_finds_it_while_it_is_open(house: House) -> None:
    second = actor_of(house.doctors[1])
    assert house.runtime.read(consultations.joined, second) == []
    house.invite()
    with counted_statements(house.runtime) as statements:
        (row,) = house.runtime.read(consultations.joined, second)
    assert len(statements) == 1
    assert (row.consultation_id, row.role) == (house.consultations[0], ParticipantRole.ASSISTING)
    assert (row.patient_first, row.patient_last) == (house.patient.first_name, house.patient.last_name)
    assert house.runtime.read(consultations.joined, actor_of(house.doctors[0])) == []
    house.complete()
    assert house.runtime.read(consultations.joined, second) == []
    assert house.earlier(second) == [["Finding 65"], ["Finding 5"]]


def test_latest_visits_go_back_without_a_gap(house: House) -> None:
    patient = actor_of(house.patient)
    newest, oldest = house.runtime.read(appointments.latest, patient, None, 5)
    assert newest.starts_at > oldest.starts_at
    assert house.runtime.read(appointments.latest, patient, Cursor.after(newest), 5) == [oldest]
    assert house.runtime.read(appointments.latest, patient, Cursor.after(oldest), 5) == []
    other = make_patient(house.runtime, house.hospital, login=True)
    assert house.runtime.read(appointments.latest, actor_of(other), None, 5) == []
    assert house.runtime.read(appointments.latest, house.reception, None, 5, patient_id=other.id) == []
    of_one = house.runtime.read(appointments.latest, house.reception, None, 1, patient_id=house.patient.id)
    assert of_one == [newest]
