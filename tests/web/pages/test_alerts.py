"""The panel of patients who wait: follows what happens, lets those who may take alerts up and resolve them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.domain.stage_alerts import AlertStatus, AlertType
from hms.models import StageAlert
from hms.processes.jobs import run_job
from tests.support.callers import counted_statements
from tests.support.clinic import Clinic, Visitor
from tests.support.factories import make_hospital, make_user
from tests.support.visits import rows


@pytest.fixture
def alert(clinic: Clinic, clock: FixedClock) -> StageAlert:
    """Give the alert of a patient who checked in and waits for vitals."""
    clinic.check_in("Divya")
    clock.advance(timedelta(minutes=55))
    assert run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).is_well
    found = rows(clinic.runtime, StageAlert, StageAlert.appointment_id == clinic.visits["Divya"])
    [row] = [row for row in found if row.alert_type is AlertType.NO_VITALS]
    assert isinstance(row, StageAlert)
    return row


@pytest.fixture
def nurse(clinic: Clinic) -> Visitor:
    return clinic.client(make_user(clinic.runtime, clinic.hospital, Role.NURSE))


def test_follows_what_is_raised_and_costs_two_statements(clinic: Clinic, alert: StageAlert, nurse: Visitor) -> None:
    panel = nurse.get("/alerts/live")
    assert str(alert.id) in panel.text
    assert "No vitals yet" in panel.text
    assert "I see to it" in panel.text
    with counted_statements(clinic.runtime) as statements:
        again = nurse.get("/alerts/live", headers={"If-None-Match": panel.headers["ETag"]})
    assert again.status_code == 304
    assert len(statements) <= 3


def test_every_staff_page_has_the_panel_and_patients_pages_have_none(clinic: Clinic, nurse: Visitor) -> None:
    for path in ("/board", "/calendar", "/notifications", "/queue"):
        page = nurse.get(path).text
        assert page.count('id="alerts"') == 1, path
        assert "js/alerts.js" in page
    assert 'id="alerts"' not in clinic.client(clinic.patients["Divya"]).get("/").text


def test_is_taken_up_and_resolved_in_the_panel(clinic: Clinic, alert: StageAlert, nurse: Visitor) -> None:
    taken = nurse.post(f"/alerts/{alert.id}/acknowledge", headers={"X-Panel": "1"})
    assert taken.status_code == 200
    assert "sees to it" in taken.text
    assert f"/alerts/{alert.id}/acknowledge" not in taken.text
    resolved = nurse.post(f"/alerts/{alert.id}/resolve", headers={"X-Panel": "1"})
    assert str(alert.id) not in resolved.text
    assert rows(clinic.runtime, StageAlert, StageAlert.id == alert.id)[0].status is AlertStatus.RESOLVED
    late = nurse.post(f"/alerts/{alert.id}/acknowledge", headers={"X-Panel": "1"})
    assert late.status_code == 409
    assert re.search("resolved", late.text, re.IGNORECASE)


def test_works_without_scripts(alert: StageAlert, nurse: Visitor) -> None:
    assert str(alert.id) in nurse.get("/alerts").text
    assert nurse.post(f"/alerts/{alert.id}/acknowledge").status_code == 303
    assert nurse.post(f"/alerts/{alert.id}/resolve").status_code == 303
    assert str(alert.id) not in nurse.get("/alerts").text


def test_says_when_nobody_waits(nurse: Visitor) -> None:
    assert "Nobody waits too long" in nurse.get("/alerts").text
    assert "<li" not in nurse.get("/alerts/live").text


def test_only_those_who_may_handle_alerts_of_their_hospital(clinic: Clinic, alert: StageAlert) -> None:
    assert clinic.client(clinic.reception).post(f"/alerts/{alert.id}/resolve").status_code == 403
    assert clinic.client(clinic.patients["Divya"]).get("/alerts/live").status_code == 403
    other = clinic.client(make_user(clinic.runtime, make_hospital(clinic.runtime, "HMS002"), Role.NURSE))
    assert str(alert.id) not in other.get("/alerts").text
    assert other.post(f"/alerts/{alert.id}/resolve").status_code == 404
