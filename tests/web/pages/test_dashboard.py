"""The dashboard: today and a period beside the one before, each word explained, every chart with its numbers."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from hms.clock import FixedClock
from hms.domain.figures import DEFINITIONS
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.processes.jobs import run_job
from tests.support.callers import counted_statements
from tests.support.clinic import TODAY, Clinic
from tests.support.factories import make_hospital, make_user


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))


def test_tells_how_today_and_the_period_stand(clinic: Clinic, clock: FixedClock) -> None:
    clock.advance(timedelta(hours=9))
    run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    page = clinic.client(clinic.admin).get("/dashboard")
    assert page.status_code == 200
    words = plain(page.text)
    assert "Today, Thursday 22 January" in words
    assert "Wed 24 Dec 2025 to Thu 22 Jan 2026" in words
    assert "Counted less than a minute ago" in words
    for title in (
        "Visits and no-shows by day",
        "No-show rate by doctor",
        "Time by doctor",
        "How long patients waited",
        "How far ahead visits are booked",
        "Reminders and confirmations",
        "5 of 5 patients, 5 counting",
    ):
        assert title in words
    assert f"/no-shows?from={TODAY}&amp;to={TODAY}" in page.text


def test_every_chart_has_its_numbers_and_every_word_its_meaning(clinic: Clinic) -> None:
    html = clinic.client(clinic.admin).get("/dashboard").text
    charts = re.findall(r'data-chart="([\w-]+)"', html)
    assert len(charts) >= 3
    assert all(f'<table class="rows" id="{chart}"' in html for chart in charts)
    described = re.findall(r'aria-describedby="(means-[\w-]+)"', html)
    told = dict(re.findall(r'role="tooltip" class="term-meaning" id="(means-[\w-]+)">([^<]*)<', html))
    assert len(described) == len(set(described)) == len(told) > 10
    for meaning in described:
        assert unescape(told[meaning]) == DEFINITIONS[meaning.split("-")[1]]


def test_a_long_period_is_drawn_by_weeks_and_one_doctor_can_be_chosen(clinic: Clinic) -> None:
    admin = clinic.client(clinic.admin)
    doctor = clinic.doctors[0]
    html = admin.get(f"/dashboard?from=2025-10-01&to={TODAY}&doctor={doctor.id}").text
    assert "Visits and no-shows by week" in html
    assert f'<option value="{doctor.id}" selected>' in html
    assert (
        admin.get(f"/dashboard?doctor={make_user(clinic.runtime, clinic.hospital, Role.NURSE).id}").status_code == 404
    )


@pytest.mark.parametrize(
    "query", ["from=x&to=y", "from=2026-01-22", "from=2026-01-22&to=2026-01-01", "from=1990-01-01&to=2026-01-01"]
)
def test_a_period_that_makes_no_sense_falls_back(clinic: Clinic, query: str) -> None:
    page = clinic.client(clinic.admin).get(f"/dashboard?{query}")
    assert (page.status_code, "The last 30 days are shown." in page.text) == (200, True)


def test_figures_are_counted_anew_only_when_asked(clinic: Clinic) -> None:
    admin = clinic.client(clinic.admin)
    admin.get("/dashboard")
    with counted_statements(clinic.runtime) as statements:
        admin.get("/dashboard")
    assert [one for one in statements if "figure_progress" in one] == []
    answer = admin.get(f"/dashboard?refresh=1&from=2026-01-01&to={TODAY}&doctor=")
    assert (answer.status_code, "refresh" in answer.headers["Location"]) == (303, False)
    assert f"from=2026-01-01&to={TODAY}" in answer.headers["Location"]


def test_an_empty_hospital_is_told_what_will_appear(clinic: Clinic) -> None:
    other = make_user(clinic.runtime, make_hospital(clinic.runtime, "HMS009"), Role.HOSPITAL_ADMIN)
    html = clinic.client(other).get("/dashboard").text
    assert "No visits in this period" in html
    assert "nothing usual yet" in html


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.NURSE])
def test_the_dashboard_is_for_admins(clinic: Clinic, role: Role) -> None:
    page = clinic.client(make_user(clinic.runtime, clinic.hospital, role)).get("/dashboard")
    assert (page.status_code, "/dashboard" in page.text) == (403, False)
