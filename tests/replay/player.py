"""Play recorded days through the product: book them all, then let the days happen under a fixed clock.

Reception checks in who came, doctors see them, and the no-show check runs every five minutes of hospital time. The
real rows hold no two visits of one patient at the same time (the test looks), so one hospital holds them all.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from uuid import UUID

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import PatientStatus, Role, patient_search_text
from hms.domain.slots import DayOfWeek
from hms.models import Doctor, DoctorSchedule, Hospital, Patient, User, new_id
from hms.models.bulk import insert_rows
from hms.processes.jobs import OutcomeStatus, run_job
from hms.runtime import Runtime
from hms.services import attendance, bookings, consultations
from hms.transaction import Work
from tests.replay.records import ZONE, Record
from tests.support.factories import LONG_AGO, make_hospital, reception_of

SWEEPS_FROM, SWEEPS_TO = time(7), time(22, 55)
SWEEP_EVERY = timedelta(minutes=5)


@dataclass
class Player:
    """One hospital in which recorded days are played."""

    runtime: Runtime
    clock: FixedClock
    records: Sequence[Record]
    hospital: Hospital = field(init=False)
    reception: Actor = field(init=False)
    doctors: dict[str, Actor] = field(default_factory=dict)
    patients: dict[str, UUID] = field(default_factory=dict)
    booked: dict[str, UUID] = field(default_factory=dict)
    sweeps: int = 0

    def open(self) -> None:
        """Build hospital, doctors and patients; nobody is limited by horizon or day maximum."""
        self.hospital = make_hospital(self.runtime, timezone=ZONE.key, horizon_days=366, booking_days_ahead=366)
        self.reception = reception_of(self.runtime, self.hospital)
        self.runtime.transact(Actor.system(self.hospital.id), self._people)

    def book_all(self) -> None:
        """Book every row at the instant at which it was booked."""
        for record in sorted(self.records, key=lambda record: record.booked_at):
            self.clock.move_to(record.booked_at)
            wish = bookings.Book(
                patient_id=self.patients[record.patient],
                doctor_id=self._doctor_id(record),
                day=record.day,
                start=record.start,
                external_ref=record.ref,
            )
            self.booked[record.ref] = self.runtime.transact(self.reception, bookings.book, wish).id

    def play(self) -> None:
        """Let all days happen, one after the other."""
        for day in sorted({record.day for record in self.records}):
            self._play(day)

    def sweep(self) -> int:
        """Run the no-show check once; return how many it handled."""
        outcome = run_job(self.runtime, self.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
        assert outcome.status is OutcomeStatus.COMPLETED, outcome.error
        self.sweeps += 1
        return outcome.items

    def _play(self, day: date) -> None:
        order = count()
        steps = [(at, next(order), record) for record in self.records if record.day == day for at in _arrival(record)]
        heapq.heapify(steps)
        for tick in _ticks(day):
            while steps and steps[0][0] <= tick:
                at, _, record = heapq.heappop(steps)
                self.clock.move_to(at)
                self._see(record)
            self.clock.move_to(tick)
            self.sweep()

    def _see(self, record: Record) -> None:
        """Check a patient in and let the doctor see them."""
        appointment_id, doctor = self.booked[record.ref], self.doctors[record.doctor]
        self.runtime.transact(self.reception, attendance.check_in, attendance.Attend(appointment_id))
        started = self.runtime.transact(doctor, consultations.start, consultations.Start(appointment_id))
        notes = consultations.Edit(started, chief_complaint="Check-up", diagnosis=({"text": "Healthy"},))
        self.runtime.transact(doctor, consultations.complete, notes)

    def _doctor_id(self, record: Record) -> UUID:
        doctor_id = self.doctors[record.doctor].doctor_id
        assert doctor_id is not None
        return doctor_id

    def _people(self, work: Work) -> None:
        for name in sorted({record.doctor for record in self.records}):
            self._add_doctor(work, name)
        self.patients = {name: new_id() for name in sorted({record.patient for record in self.records})}
        insert_rows(
            work.session,
            Patient,
            [
                {
                    "id": patient_id,
                    "hospital_id": self.hospital.id,
                    "mrn": f"{self.hospital.code}-{number:012d}",
                    "first_name": "Patient",
                    "last_name": name,
                    "phone": f"+5500{number:09d}",
                    "email": f"p{number}@example.org",
                    "status": PatientStatus.ACTIVE,
                    "search_text": patient_search_text("Patient", name, "", None),
                    "created_at": LONG_AGO,
                }
                for number, (name, patient_id) in enumerate(self.patients.items())
            ],
        )

    def _add_doctor(self, work: Work, name: str) -> None:
        common = {"hospital_id": self.hospital.id}
        user_id, doctor_id = new_id(), new_id()
        login = {"email": f"{name.lower()}@doctors.example", "password_hash": "!", "role": Role.DOCTOR}
        names = {"first_name": "Doctor", "last_name": name, "created_at": LONG_AGO}
        insert_rows(work.session, User, [common | login | names | {"id": user_id}])
        figures = {"specialization": "Clinic", "slot_duration": 15, "max_patients_per_day": 500}
        row = common | figures | {"id": doctor_id, "user_id": user_id, "created_at": LONG_AGO}
        insert_rows(work.session, Doctor, [row])
        hours = {"start_time": time(8), "break_start": time(12), "break_end": time(13), "end_time": time(16)}
        week = [common | hours | {"doctor_id": doctor_id, "day_of_week": day} for day in DayOfWeek]
        insert_rows(work.session, DoctorSchedule, week)
        self.doctors[name] = Actor(self.hospital.id, Role.DOCTOR, user_id=user_id, doctor_id=doctor_id)


def _arrival(record: Record) -> Iterator[datetime]:
    """Yield when a patient who came is checked in: mostly early, sometimes in the last minute before it is too late."""
    if record.attended:
        late = sum(record.ref.encode()) % 8 == 0
        at = record.starts_at + (timedelta(minutes=14) if late else -timedelta(minutes=6))
        yield max(at, record.booked_at + timedelta(minutes=1))


def _ticks(day: date) -> Iterator[datetime]:
    tick = datetime.combine(day, SWEEPS_FROM, tzinfo=ZONE).astimezone(UTC)
    last = datetime.combine(day, SWEEPS_TO, tzinfo=ZONE).astimezone(UTC)
    while tick <= last:
        yield tick
        tick += SWEEP_EVERY
