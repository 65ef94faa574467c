"""The fourteen checks against a real database: each alone answers with its code, and of two the first.

Every case breaks what it breaks, books, and is rolled back: one clinic does for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import combinations
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from hms.access.actors import Actor
from hms.domain.absences import AbsenceType
from hms.domain.appointments import no_show_due
from hms.domain.errors import Code, DomainError
from hms.domain.people import PatientStatus
from hms.models import Appointment, Doctor, DoctorAbsence, DoctorSlot, HospitalHoliday, Patient, User
from hms.runtime import Runtime
from hms.services import bookings, slots
from hms.services.bookings import Book
from hms.transaction import Work
from tests.support.factories import LONG_AGO, make_doctor, make_hospital, make_patient, reception_of
from tests.support.fixtures import NOW

TODAY = date(2026, 1, 22)
HALF = timedelta(minutes=30)


class Desk:
    """A clinic whose doctor is free at eleven, and what may stand in the way."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.hospital = make_hospital(runtime)
        self.doctor = make_doctor(runtime, self.hospital)
        self.colleague = make_doctor(runtime, self.hospital)
        self.patient, self.other = (make_patient(runtime, self.hospital) for _ in range(2))
        self.reception: Actor = reception_of(runtime, self.hospital)
        self.wish = Book(doctor_id=self.doctor.id, patient_id=self.patient.id, day=TODAY, start=time(11))

    def answer(self, *breaches: Breach) -> Code | None:
        """Book with all of these in the way, and tell who refused."""
        wish = self.wish
        for breach in breaches:
            wish = breach.ask(wish)

        def act(work: Work) -> None:
            slots.ensure_day(work, self.doctor.id, TODAY)
            for breach in breaches:
                breach.spoil(self, work, wish)
            work.session.flush()
            bookings.book(work, wish)

        try:
            self.runtime.rehearse(self.reception, act)
        except DomainError as error:
            return error.code
        return None


def _asked(wish: Book) -> Book:
    return wish


def _nothing(_desk: Desk, _work: Work, _wish: Book) -> None:
    """Leave the clinic as it is."""


@dataclass(frozen=True)
class Breach:
    """What makes one check fail: by what is asked for, or by how the clinic is."""

    check: int
    code: Code
    ask: Callable[[Book], Book] = _asked
    spoil: Callable[[Desk, Work, Book], None] = _nothing


def _elsewhere(start: time) -> Callable[[Book], Book]:
    """Ask for another time of day, unless another one is asked for already."""
    return lambda wish: replace(wish, start=start) if wish.start == time(11) else wish


def _on(day: date) -> Callable[[Book], Book]:
    return lambda wish: replace(wish, day=day)


def _visit(desk: Desk, wish: Book, patient: Patient, doctor: Doctor, slot_id: UUID | None = None) -> Appointment:
    starts = datetime.combine(wish.day, wish.start, desk.hospital.zone)
    return Appointment(
        hospital_id=desk.hospital.id,
        patient_id=patient.id,
        doctor_id=doctor.id,
        slot_id=slot_id,
        appointment_date=wish.day,
        start_time=wish.start,
        end_time=(starts + HALF).time(),
        starts_at=starts,
        ends_at=starts + HALF,
        duration_minutes=30,
        booked_at=NOW,
        no_show_due_at=no_show_due(starts, NOW, HALF),
        updated_at=NOW,
    )


def _slot(desk: Desk, work: Work, wish: Book) -> DoctorSlot | None:
    statement = select(DoctorSlot).where(
        DoctorSlot.doctor_id == desk.doctor.id,
        DoctorSlot.slot_date == wish.day,
        DoctorSlot.start_time == wish.start,
    )
    return work.session.scalar(statement)


def _blocked(desk: Desk, work: Work, _wish: Book) -> None:
    work.session.get_one(Patient, desk.patient.id).status = PatientStatus.BLOCKED


def _busy(desk: Desk, work: Work, wish: Book) -> None:
    work.session.add(_visit(desk, wish, desk.patient, desk.colleague))


def _unavailable(desk: Desk, work: Work, _wish: Book) -> None:
    work.session.get_one(Doctor, desk.doctor.id).is_available = False


def _gone(desk: Desk, work: Work, _wish: Book) -> None:
    work.session.get_one(User, desk.doctor.user_id).is_active = False


def _holiday(desk: Desk, work: Work, wish: Book) -> None:
    work.session.add(
        HospitalHoliday(hospital_id=desk.hospital.id, name="Founders' day", date=wish.day, created_at=LONG_AGO)
    )


def _away(desk: Desk, work: Work, wish: Book) -> None:
    work.session.add(
        DoctorAbsence(
            hospital_id=desk.hospital.id,
            doctor_id=desk.doctor.id,
            absence_type=AbsenceType.TRAINING,
            start_date=wish.day,
            end_date=wish.day,
            created_at=LONG_AGO,
        )
    )


def _shut(desk: Desk, work: Work, wish: Book) -> None:
    if slot := _slot(desk, work, wish):
        slot.blocked_manually = True


def _taken(desk: Desk, work: Work, wish: Book) -> None:
    slot = _slot(desk, work, wish)
    work.session.add(_visit(desk, wish, desk.other, desk.doctor, slot.id if slot else None))


def _full(desk: Desk, work: Work, _wish: Book) -> None:
    work.session.get_one(Doctor, desk.doctor.id).max_patients_per_day = 0


BREACHES = (
    Breach(1, Code.PATIENT_NOT_FOUND, ask=lambda wish: replace(wish, patient_id=uuid4())),
    Breach(2, Code.PATIENT_BLOCKED, spoil=_blocked),
    Breach(3, Code.DUPLICATE_BOOKING, spoil=_busy),
    Breach(4, Code.DOCTOR_NOT_FOUND, ask=lambda wish: replace(wish, doctor_id=uuid4())),
    Breach(5, Code.DOCTOR_UNAVAILABLE, spoil=_unavailable),
    Breach(6, Code.DOCTOR_INACTIVE, spoil=_gone),
    Breach(7, Code.DATE_IN_PAST, ask=_on(TODAY - timedelta(days=1))),
    Breach(8, Code.TOO_FAR_AHEAD, ask=_on(TODAY + timedelta(days=31))),
    Breach(9, Code.HOSPITAL_HOLIDAY, spoil=_holiday),
    Breach(10, Code.DOCTOR_ABSENT, spoil=_away),
    Breach(11, Code.OUTSIDE_SCHEDULE, ask=_elsewhere(time(18))),
    Breach(12, Code.DURING_BREAK, ask=_elsewhere(time(13))),
    Breach(13, Code.NOT_A_SLOT, ask=_elsewhere(time(11, 5))),
    Breach(13, Code.SLOT_BLOCKED, spoil=_shut),
    Breach(13, Code.SLOT_TAKEN, spoil=_taken),
    Breach(14, Code.DOCTOR_FULLY_BOOKED, spoil=_full),
)
IMPOSSIBLE = {(7, 8), (11, 12)}
"""A day is not both past and far ahead, and there is no break outside the hours."""


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return Desk(runtime)


def test_each_check_alone_answers_with_its_code(desk: Desk) -> None:
    assert desk.answer() is None
    assert {breach.check for breach in BREACHES} == set(range(1, 15))
    assert [desk.answer(breach) for breach in BREACHES] == [breach.code for breach in BREACHES]


def test_of_two_the_first_answers(desk: Desk) -> None:
    pairs = [pair for pair in combinations(BREACHES, 2) if (pair[0].check, pair[1].check) not in IMPOSSIBLE]
    assert len(pairs) == 118
    wrong = {
        (first.code, second.code): given
        for first, second in pairs
        if (given := desk.answer(first, second)) is not first.code
    }
    assert wrong == {}
