"""The review list as a page: why each visit is there, decided one by one or all that are ticked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.models import Appointment, NoShowPenalty
from hms.processes.jobs import run_job
from hms.services import bookings
from hms.services.bookings import Cancel
from tests.support.callers import counted_statements
from tests.support.clinic import TODAY, Clinic, Visitor
from tests.support.factories import actor_of, make_holiday, make_user
from tests.support.visits import reload, rows


@pytest.fixture
def held(clinic: Clinic, clock: FixedClock) -> dict[str, str]:
    """Give the ticks of visits that were held back because the day became a holiday, by first name."""
    make_holiday(clinic.runtime, clinic.hospital, TODAY)
    clock.advance(timedelta(hours=9))
    assert run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).is_well
    waiting = rows(clinic.runtime, Appointment, Appointment.under_review)
    names = {visit: name for name, visit in clinic.visits.items()}
    return {names[row.id]: f"{row.id}:{row.version}" for row in waiting}


@pytest.fixture
def reception(clinic: Clinic) -> Visitor:
    return clinic.client(clinic.reception)


def state(clinic: Clinic, name: str) -> Status:
    return Status(reload(clinic.runtime, Appointment, clinic.visits[name]).status)


def test_says_why_each_visit_is_there(held: dict[str, str], reception: Visitor) -> None:
    page = reception.get("/reviews").text
    assert page.count("The hospital was closed on that day.") == len(held) + 1  # and among the reasons to choose
    assert all(key in page for key in held.values())
    assert "Nothing to decide" in reception.get("/reviews?reason=DOCTOR_ABSENT").text


def test_one_click_decides_one(clinic: Clinic, held: dict[str, str], reception: Visitor) -> None:
    done = reception.post("/reviews", {"one": f"CLINIC_FAULT {held['Divya']}", "visit": held["Grace"]})
    assert "1 visit: clinic’s fault." in done.text
    assert held["Divya"] not in done.text
    assert (state(clinic, "Divya"), state(clinic, "Grace")) == (Status.CANCELLED, Status.SCHEDULED)


def test_all_that_are_ticked(clinic: Clinic, held: dict[str, str], reception: Visitor) -> None:
    done = reception.post("/reviews", {"visit": list(held.values()), "decision": "NO_SHOW", "note": "Door was open"})
    assert f"{len(held)} visits: missed." in done.text
    assert len(rows(clinic.runtime, NoShowPenalty)) == len(held)


def test_what_changed_meanwhile_is_told_and_stops_nobody(
    clinic: Clinic, held: dict[str, str], reception: Visitor
) -> None:
    desk = actor_of(clinic.reception)
    clinic.runtime.transact(desk, bookings.cancel, Cancel(appointment_id=clinic.visits["Divya"]))
    done = reception.post("/reviews", {"visit": [held["Divya"], held["Grace"]], "decision": "ATTENDED"})
    assert "1 visit: attended." in done.text
    assert "1 visit could not be decided" in done.text
    assert (state(clinic, "Divya"), state(clinic, "Grace")) == (Status.CANCELLED, Status.COMPLETED)


@pytest.mark.parametrize(
    "form", [{}, {"decision": "NO_SHOW"}, {"visit": "x:y", "decision": "NO_SHOW"}, {"one": "MAYBE x"}]
)
def test_nonsense_decides_nothing(held: dict[str, str], reception: Visitor, form: dict[str, str]) -> None:
    refused = reception.post("/reviews", form)
    assert refused.status_code == 422
    assert "Nothing was decided" in refused.text
    assert all(key in refused.text for key in held.values())


def test_is_for_reception_and_admins(clinic: Clinic, held: dict[str, str]) -> None:
    assert clinic.client(clinic.admin).get("/reviews").status_code == 200
    for role in (Role.NURSE, Role.DOCTOR, Role.PATIENT):
        other = clinic.client(make_user(clinic.runtime, clinic.hospital, role))
        assert other.get("/reviews").status_code == 403
        assert other.post("/reviews", {"one": f"NO_SHOW {held['Divya']}"}).status_code == 403


def test_costs_three_statements_whatever_waits(clinic: Clinic, held: dict[str, str], reception: Visitor) -> None:
    assert len(held) > 2
    with counted_statements(clinic.runtime) as statements:
        reception.get("/reviews")
    assert len(statements) == 3
