"""Two people act on one visit at the same moment: one wins, the other is told what happened, nothing is doubled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.domain.appointments import Status
from hms.domain.consultations import ParticipantRole
from hms.domain.errors import Code
from hms.domain.vitals import Measured
from hms.models import (
    Appointment,
    AppointmentEvent,
    Consultation,
    ConsultationParticipant,
    Hospital,
    Patient,
    Vitals,
)
from hms.runtime import Runtime
from hms.services import attendance, bookings, consultations, kiosks, participants, vitals
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from hms.services.consultations import Edit, Start
from hms.services.kiosks import Arrive
from hms.services.participants import Invite
from hms.services.vitals import Record
from tests.support.factories import actor_of, admin_of, make_doctor, make_hospital, make_patient, reception_of
from tests.support.fixtures import NOW
from tests.support.races import at_once, houses_on
from tests.support.visits import local, make_visit, reload, rows


class Visit:
    """A visit at 09:00 of today, two houses, and who acts."""

    def __init__(self, runtime: Runtime, houses: list[Runtime]) -> None:
        self.runtime = runtime
        self.one, self.other = houses
        hospital = make_hospital(runtime)
        self.colleague = make_doctor(runtime, hospital)
        doctor = make_doctor(runtime, hospital)
        patient = make_patient(runtime, hospital, login=True)
        self.id: UUID = make_visit(runtime, hospital, doctor, patient, local(hospital, NOW, "09:00"))
        self.doctor, self.patient = actor_of(doctor), actor_of(patient)
        self.admin, self.reception = admin_of(runtime, hospital), reception_of(runtime, hospital)

    def steps(self) -> list[Status]:
        events = rows(self.runtime, AppointmentEvent, AppointmentEvent.appointment_id == self.id)
        return [event.to_status for event in sorted(events, key=lambda event: event.seq)]

    def status(self) -> Status:
        status: Status = reload(self.runtime, Appointment, self.id).status
        return status


@pytest.fixture
def visit(runtime: Runtime) -> Iterator[Visit]:
    with houses_on(runtime, 2) as houses:
        yield Visit(runtime, houses)


def test_a_patient_cancels_while_reception_checks_in(visit: Visit) -> None:
    given = at_once(
        [
            partial(visit.one.transact, visit.patient, bookings.cancel, Cancel(appointment_id=visit.id, version=1)),
            partial(visit.other.transact, visit.reception, attendance.check_in, Attend(visit.id, version=1)),
        ]
    )
    assert given.count(Code.STALE_VERSION) == 1
    won = Status.CHECKED_IN if given[0] is Code.STALE_VERSION else Status.CANCELLED
    assert (visit.status(), visit.steps()) == (won, [won])


def test_two_complete_one_consultation(visit: Visit) -> None:
    visit.runtime.transact(visit.reception, attendance.check_in, Attend(visit.id))
    consultation = visit.runtime.transact(visit.doctor, consultations.start, Start(visit.id))
    done = Edit(consultation, chief_complaint="Fever", diagnosis=({"text": "Flu"},))
    given = at_once(
        [
            partial(visit.one.transact, visit.doctor, consultations.complete, done),
            partial(visit.other.transact, visit.admin, consultations.complete, done),
        ]
    )
    assert given.count(Code.CONSULTATION_CLOSED) == 1
    assert visit.status() is Status.COMPLETED
    assert visit.steps() == [Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED]
    assert reload(visit.runtime, Consultation, consultation).version == 2


def test_two_record_vitals_and_two_invite(visit: Visit) -> None:
    visit.runtime.transact(visit.reception, attendance.check_in, Attend(visit.id))
    measured = Record(visit.id, Measured(heart_rate=70))
    given = at_once(
        [
            partial(visit.one.transact, visit.doctor, vitals.record, measured),
            partial(visit.other.transact, visit.admin, vitals.record, measured),
        ]
    )
    assert given.count(Code.ALREADY_EXISTS) == 1
    assert len(rows(visit.runtime, Vitals)) == 1
    consultation = visit.runtime.transact(visit.doctor, consultations.start, Start(visit.id))
    invitation = Invite(consultation, visit.colleague.id, ParticipantRole.ASSISTING)
    given = at_once(
        [
            partial(visit.one.transact, visit.doctor, participants.invite, invitation),
            partial(visit.other.transact, visit.admin, participants.invite, invitation),
        ]
    )
    assert given.count(Code.ALREADY_EXISTS) == 1
    assert len(rows(visit.runtime, ConsultationParticipant)) == 1


def test_a_patient_taps_twice_at_the_kiosk(visit: Visit) -> None:
    with visit.runtime.database.writing() as session:
        stored = session.get_one(Appointment, visit.id)
        patient = session.get_one(Patient, stored.patient_id)
        session.get_one(Hospital, stored.hospital_id).settings = {"kiosk_check_in": True}
    arrive = Arrive(patient.mrn, date(1980, 2, 29))
    kiosk = Actor.system(stored.hospital_id)
    given = at_once([partial(house.transact, kiosk, kiosks.arrive, arrive) for house in (visit.one, visit.other)])
    assert [getattr(shown, "appointment_id", shown) for shown in given] == [visit.id, visit.id]
    assert visit.steps() == [Status.CHECKED_IN]
