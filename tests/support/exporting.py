"""A patient with a login and visits to export, and the words for what tests do with them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from hms.access.actors import Actor
from hms.domain.appointments import Status
from hms.domain.consultations import ConsultationStatus
from hms.models import Appointment, Consultation, Doctor, Hospital, Patient
from hms.processes.exports import ExportReport, file_of, write_due
from hms.queries import exports as queries
from hms.queries.exports import TaskRow
from hms.runtime import Runtime
from hms.services import exports
from hms.services.exports import ExportHistory
from tests.support.factories import actor_of, add, make_doctor, make_hospital, make_patient
from tests.support.visits import make_visit

HEADING = ["date", "doctor", "diagnosis", "treatment_notes", "status", "specialization", "time"]
AT_ONCE = 2


@dataclass
class Archive:
    """A hospital with one doctor, and a patient whose history is asked for."""

    runtime: Runtime
    hospital: Hospital
    doctor: Doctor
    patient: Patient

    @classmethod
    def open(cls, runtime: Runtime, visits: int = 0, **settings: Any) -> Archive:
        """Open it with so many past visits, one a day, the latest yesterday."""
        hospital = make_hospital(runtime, **settings)
        doctor = make_doctor(runtime, hospital, specialization="Cardiology")
        patient = make_patient(runtime, hospital, login=True, first_name="Asha", last_name="Menon")
        archive = cls(runtime, hospital, doctor, patient)
        for days in range(visits, 0, -1):
            archive.visit(runtime.clocks.hospital.now() - timedelta(days=days))
        return archive

    @property
    def actor(self) -> Actor:
        """The patient's own login."""
        return actor_of(self.patient)

    def visit(self, starts_at: datetime, patient: Patient | None = None, **found: Any) -> UUID:
        """Make a visit; with what was found, it is completed, or as far as ``status`` says."""
        visit_id = make_visit(self.runtime, self.hospital, self.doctor, patient or self.patient, starts_at)
        if found:
            values = {"status": ConsultationStatus.COMPLETED, "chief_complaint": "Cough", "started_at": starts_at}
            with self.runtime.database.writing() as session:
                for step in (Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED):
                    if step is Status.COMPLETED and found.get("status"):
                        break
                    session.execute(update(Appointment).where(Appointment.id == visit_id).values(status=step))
            row = {"hospital_id": self.hospital.id, "appointment_id": visit_id, "doctor_id": self.doctor.id}
            add(self.runtime, Consultation(**row, **(values | found)))
        return visit_id

    def ask(self, actor: Actor | None = None, patient_id: UUID | None = None) -> UUID:
        """Ask for the history."""
        return self.runtime.transact(actor or self.actor, exports.ask, ExportHistory(patient_id))

    def write(self) -> ExportReport:
        """Let a worker write what is due, two visits at a time."""
        return write_due(self.runtime, lines_at_once=AT_ONCE)

    def task(self, export_id: UUID, actor: Actor | None = None) -> TaskRow:
        """Look at a task."""
        return self.runtime.read(queries.one, actor or self.actor, export_id, self.runtime.clocks.hospital.now())

    def text(self, export_id: UUID, actor: Actor | None = None) -> str:
        """Download a file."""
        now = self.runtime.clocks.hospital.now()
        file = self.runtime.read(queries.file, actor or self.actor, export_id, now)
        content = b"".join(file_of(self.runtime, file))
        assert len(content) == file.size
        return content.decode()

    def lines(self, export_id: UUID) -> list[list[str]]:
        """Download a file and read it as a spreadsheet does, without its heading."""
        heading, *lines = csv.reader(io.StringIO(self.text(export_id), newline=""))
        assert heading == HEADING
        return lines
