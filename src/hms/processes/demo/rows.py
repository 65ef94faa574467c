"""From a told visit to the rows that the product would have written for it."""

from uuid import UUID

from hms.domain.appointments import Status, no_show_due
from hms.domain.consultations import ConsultationStatus
from hms.domain.people import Role
from hms.processes.demo.people import Login
from hms.processes.demo.seeded import Row, Seeded
from hms.processes.demo.visits import DemoVisit, Step


def who(step: Step, visit: DemoVisit, staff: dict[Role, Login]) -> UUID | None:
    """Return the login that made a step; None for the sweep and for patients without login."""
    if step.by == "DOCTOR":
        return visit.doctor.user_id
    if step.by == "PATIENT":
        return visit.patient.contact.user_id
    return staff[Role.RECEPTIONIST].id if step.by == "RECEPTIONIST" else None


def appointment_row(visit: DemoVisit, hospital_id: UUID, staff: dict[Role, Login]) -> Row:
    """Return the row as it is born: SCHEDULED and holding its slot, with the stamps of its whole life."""
    slot, booked = visit.slot, visit.booked
    length = slot.plan.ends_at - slot.plan.starts_at
    return {
        "id": visit.id,
        "hospital_id": hospital_id,
        "patient_id": visit.patient.id,
        "doctor_id": visit.doctor.id,
        "slot_id": slot.id,
        "status": Status.SCHEDULED,
        "appointment_date": slot.plan.day,
        "start_time": slot.plan.start,
        "end_time": slot.plan.end,
        "starts_at": slot.plan.starts_at,
        "ends_at": slot.plan.ends_at,
        "duration_minutes": int(length.total_seconds() // 60),
        "booked_at": booked.at,
        "no_show_due_at": no_show_due(slot.plan.starts_at, booked.at, length),
        "reason": visit.case[0],
        "checked_in_at": visit.at(Status.CHECKED_IN),
        "alert_due_at": visit.at(Status.CHECKED_IN) if visit.status is Status.CHECKED_IN else None,
        "started_at": visit.at(Status.IN_PROGRESS),
        "completed_at": visit.at(Status.COMPLETED),
        "cancelled_at": visit.at(Status.CANCELLED),
        "calendar_sequence": int(visit.status is Status.CANCELLED),
        "version": len(visit.steps),
        "created_by": who(booked, visit, staff),
        "updated_at": visit.steps[-1].at,
    }


def event_rows(visit: DemoVisit, hospital_id: UUID, staff: dict[Role, Login]) -> list[Row]:
    """Return one row for each change of state."""
    return [
        {
            "hospital_id": hospital_id,
            "appointment_id": visit.id,
            "at": step.at,
            "actor_id": who(step, visit, staff),
            "from_status": step.before,
            "to_status": step.after,
            "reason": step.reason,
            "is_import": False,
        }
        for step in visit.steps
    ]


def consultation_row(chance: Seeded, visit: DemoVisit, hospital_id: UUID) -> Row | None:
    """Return what the doctor recorded, None for a visit that has not begun."""
    started = visit.at(Status.IN_PROGRESS)
    if started is None:
        return None
    complaint, diagnosis, code, medicine = visit.case
    done = visit.at(Status.COMPLETED)
    return {
        "id": chance.id_at(started),
        "hospital_id": hospital_id,
        "appointment_id": visit.id,
        "doctor_id": visit.doctor.id,
        "status": ConsultationStatus.COMPLETED if done else ConsultationStatus.STARTED,
        "chief_complaint": complaint if done else None,
        "diagnosis": [{"text": diagnosis, "code": code}] if done else [],
        "treatment_notes": "Explained the findings; come back if it does not get better." if done else None,
        "prescriptions": [_prescription(medicine)] if done and medicine else [],
        "started_at": started,
        "completed_at": done,
        "version": 2 if done else 1,
    }


def _prescription(text: str) -> dict[str, str]:
    """Part "Paracetamol 500 mg, three times a day, 5 days" into what the doctor's form asks for."""
    return dict(zip(("medicine", "frequency", "duration"), text.split(", "), strict=False))


def no_show_rows(chance: Seeded, visit: DemoVisit, hospital_id: UUID, staff: dict[Role, Login]) -> tuple[Row, Row]:
    """Return the log and the penalty of a missed visit."""
    mark = visit.mark
    if mark is None:
        raise ValueError("This visit was not missed.")
    common: Row = {"hospital_id": hospital_id, "appointment_id": visit.id, "patient_id": visit.patient.id}
    length = visit.slot.plan.ends_at - visit.slot.plan.starts_at
    log = common | {
        "id": chance.id_at(mark.at),
        "doctor_id": visit.doctor.id,
        "reason": mark.reason,
        "slot_time": visit.slot.plan.start,
        "timeout_minutes": int(length.total_seconds() // 60),
        "triggered_at": mark.at,
        "slot_released": mark.release,
        "slot_released_at": mark.at if mark.release else None,
        "notification_sent": True,
        "created_by": who(visit.steps[-1], visit, staff),
    }
    penalty = common | {
        "id": chance.id_at(mark.at),
        "email_sent": bool(visit.patient.contact.email),
        "created_at": mark.at,
    }
    return log, penalty
