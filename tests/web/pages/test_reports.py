"""Monthly reports on the page: whose there are, and one of them with its visits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.models import Doctor, MonthlyReport
from hms.processes.jobs import run_job
from tests.support.callers import counted_statements
from tests.support.clinic import Clinic
from tests.support.factories import make_user
from tests.support.visits import rows


@pytest.fixture
def reports(clinic: Clinic, clock: FixedClock) -> dict[Doctor, MonthlyReport]:
    """Give the reports of the month that began with the clinic's morning, by doctor."""
    clock.advance(timedelta(days=11))
    assert run_job(clinic.runtime, clinic.hospital.id, JobName.MONTHLY_REPORT, RunSource.CRON).items == 2
    found = {row.doctor_id: row for row in rows(clinic.runtime, MonthlyReport)}
    return {doctor: found[doctor.id] for doctor in clinic.doctors}


def test_doctors_see_their_own_and_admins_everybody_s(clinic: Clinic, reports: dict[Doctor, MonthlyReport]) -> None:
    first, second = clinic.doctors
    own, all_of_them = (clinic.client(who).get("/reports").text for who in (first, clinic.admin))
    one = clinic.client(clinic.admin).get(f"/reports?doctor={second.id}").text
    for page, shown in ((own, {first}), (all_of_them, {first, second}), (one, {second})):
        assert {doctor for doctor, report in reports.items() if f"/reports/{report.id}" in page} == shown
    assert "January 2026" in own


def test_shows_totals_and_what_was_found(clinic: Clinic, reports: dict[Doctor, MonthlyReport]) -> None:
    page = clinic.client(clinic.doctors[0]).get(f"/reports/{reports[clinic.doctors[0]].id}").text
    assert "Asha Menon" in page
    assert "Bronchitis" in page
    assert "<dt>Completed</dt><dd>1</dd>" in page


def test_is_nobody_else_s(clinic: Clinic, reports: dict[Doctor, MonthlyReport]) -> None:
    path = f"/reports/{reports[clinic.doctors[0]].id}"
    nurse = make_user(clinic.runtime, clinic.hospital, Role.NURSE)
    answers = [clinic.client(who).get(path).status_code for who in (clinic.doctors[1], nurse, clinic.reception)]
    assert answers == [404, 403, 403]


def test_goes_on_behind_the_last_one_shown(
    clinic: Clinic, reports: dict[Doctor, MonthlyReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hms.web.pages.reports.SHOWN", 1)
    admin, seen, path = clinic.client(clinic.admin), [], "/reports"
    for _ in reports:
        page = admin.get(path).text
        seen += [report.id for report in reports.values() if f"/reports/{report.id}" in page]
        _, _, rest = page.partition('href="/reports?after=')
        path = f"/reports?after={rest.partition(chr(34))[0]}"
    assert sorted(seen) == sorted(report.id for report in reports.values())
    assert admin.get("/reports?after=nonsense").status_code == 200


def test_statements_are_few(clinic: Clinic, reports: dict[Doctor, MonthlyReport]) -> None:
    admin = clinic.client(clinic.admin)
    with counted_statements(clinic.runtime) as seen:
        admin.get(f"/reports/{reports[clinic.doctors[0]].id}")
    assert len(seen) == 3


def test_comes_as_a_file_too(clinic: Clinic, reports: dict[Doctor, MonthlyReport]) -> None:
    answer = clinic.client(clinic.doctors[0]).get(f"/reports/{reports[clinic.doctors[0]].id}.pdf")
    assert answer.mimetype == "application/pdf"
    assert "report-2026-01.pdf" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"%PDF-")
    assert clinic.client(clinic.doctors[1]).get(f"/reports/{reports[clinic.doctors[0]].id}.pdf").status_code == 404
