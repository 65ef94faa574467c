"""Health, figures, headers and request numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import text

from hms.clock import Clocks, FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.metrics import Metrics
from hms.processes.delivery import deliver_due
from hms.processes.jobs import run_job
from hms.queries.operations import job_states
from hms.runtime import Runtime, build
from hms.settings import Settings
from hms.web.app import create_app
from tests.support.callers import HttpHouse, counted_statements
from tests.support.factories import make_hospital


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(replace(runtime, metrics=Metrics()))


def test_alive_and_ready(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/health/live").json == {"status": "alive"}
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    checks = {"database": "ok", "schema": "ok", "broker": "ok", "jobs": "ok"}
    assert ready.json == {"status": "ready", "checks": checks}


def test_without_broker_and_jobs_degraded_but_ready(settings: Settings, clocks: Clocks, clock: FixedClock) -> None:
    runtime = build(settings.model_copy(update={"broker_url": "redis://127.0.0.1:1/0"}), clocks=clocks)
    make_hospital(runtime)
    clock.advance(timedelta(hours=2))
    ready = create_app(runtime).test_client().get("/health/ready")
    runtime.close()
    assert ready.status_code == 200
    assert ready.get_json()["status"] == "degraded"
    assert "HMS_BROKER_URL" in ready.get_json()["checks"]["broker"]
    assert ready.get_json()["checks"]["jobs"].startswith("HMS001: ")


def test_a_broker_that_answers_is_well(settings: Settings, clocks: Clocks, redis_url: str) -> None:
    runtime = build(settings.model_copy(update={"broker_url": redis_url}), clocks=clocks)
    ready = create_app(runtime).test_client().get("/health/ready")
    runtime.close()
    assert ready.get_json()["checks"]["broker"] == "ok"


def test_not_ready_before_the_migrations(app: Flask, runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    ready = app.test_client().get("/health/ready")
    assert (ready.status_code, ready.headers["Retry-After"]) == (503, "5")
    assert "hms migrate" in ready.get_json()["checks"]["schema"]


def test_without_a_database_alive_but_not_ready(settings: Settings, clocks: Clocks) -> None:
    gone = {"database_url": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"}
    runtime = build(settings.model_copy(update=gone), clocks=clocks)
    client = create_app(runtime).test_client()
    assert client.get("/health/live").status_code == 200
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert "HMS_DATABASE_URL" in ready.get_json()["checks"]["database"]
    assert "hms_http_requests_total" in client.get("/metrics").text
    login = client.post("/api/v1/auth/login", json={"email": "a@b.example", "password": "x"})
    assert (login.status_code, login.get_json()["error"]["code"], login.headers["Retry-After"]) == (503, "BUSY", "1")
    runtime.close()


def test_figures_count_requests_by_route_and_name_nobody(runtime: Runtime, app: Flask) -> None:
    house = HttpHouse(runtime, app)
    house.booked()
    for _ in range(3):
        house.reception.get(f"/patients/{house.patient.id}?secret=1")
    page = house.app.test_client().get("/metrics")
    assert page.mimetype == "text/plain"
    assert 'route="/api/v1/patients/<uuid:patient_id>",status="200"} 3.0' in page.text
    assert re.search(r'hms_outbox_messages{channel="email",state="waiting"} [1-9]', page.text)
    assert "hms_http_request_seconds_bucket" in page.text
    assert str(house.patient.id) not in page.text
    assert "secret" not in page.text


def test_every_answer_carries_its_number_and_protects_itself(app: Flask) -> None:
    for path in ("/health/live", "/api/v1/nothing", "/api/docs"):
        headers = app.test_client().get(path, headers={"X-Request-Id": "from-the-proxy-1"}).headers
        assert headers["X-Request-Id"] == "from-the-proxy-1"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-inline" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space here", "new%0aline-here"])
def test_a_request_number_that_could_spoil_the_log_is_replaced(app: Flask, given: str) -> None:
    number = app.test_client().get("/health/live", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{16}", number)


def test_over_https_browsers_are_told_to_stay_there(settings: Settings, clocks: Clocks) -> None:
    runtime = build(settings.model_copy(update={"public_url": "https://clinic.example"}), clocks=clocks)
    headers = create_app(runtime).test_client().get("/health/live").headers
    runtime.close()
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def test_two_houses_in_one_process_count_apart(runtime: Runtime) -> None:
    one, two = (create_app(replace(runtime, metrics=Metrics())).test_client() for _ in range(2))
    one.get("/health/live")
    pages: list[Any] = [client.get("/metrics").text for client in (one, two)]
    assert 'route="/health/live"' in pages[0]
    assert 'route="/health/live"' not in pages[1]


def test_figures_tell_what_changed_ran_and_waits(
    runtime: Runtime, clock: FixedClock, machine_clock: FixedClock
) -> None:
    counted = replace(runtime, metrics=Metrics())
    house = HttpHouse(counted, create_app(counted))
    house.booked()
    clock.advance(timedelta(hours=1))
    assert run_job(counted, house.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).is_well
    clock.advance(timedelta(minutes=2))
    machine_clock.advance(timedelta(hours=1))
    figures = figures_of(house.app)
    assert figures['hms_changes_total{action="appointment.booked"}'] == 1
    assert figures['hms_job_runs_total{job="NO_SHOW_CHECK",outcome="COMPLETED"}'] == 1
    assert figures['hms_job_healthy{hospital="HMS001",job="NO_SHOW_CHECK"}'] == 1
    assert figures['hms_job_last_success_age_seconds{hospital="HMS001",job="NO_SHOW_CHECK"}'] == 120
    assert figures['hms_job_consecutive_failures{hospital="HMS001",job="NO_SHOW_CHECK"}'] == 0
    assert figures['hms_outbox_messages{channel="email",state="waiting"}'] >= 1
    assert figures['hms_outbox_oldest_seconds{channel="email"}'] >= 3600
    assert figures['hms_database_connections{pool="reading",state="used"}'] == 0
    assert deliver_due(counted).delivered > 0
    figures = figures_of(house.app)
    assert figures['hms_deliveries_total{channel="email",outcome="delivered"}'] >= 1
    assert figures['hms_outbox_messages{channel="email",state="waiting"}'] == 0


def test_what_is_refused_or_only_rehearsed_is_no_change(runtime: Runtime) -> None:
    counted = replace(runtime, metrics=Metrics())
    house = HttpHouse(counted, create_app(counted))
    house.admin.patch(f"/doctors/{house.doctor.id}?preview=true", {"isAvailable": False})
    house.by_patient.patch(f"/doctors/{house.doctor.id}", {"isAvailable": False})
    assert not [name for name in figures_of(house.app) if name.startswith("hms_changes_total")]


def test_jobs_of_all_hospitals_take_one_statement(runtime: Runtime, clock: FixedClock) -> None:
    for number in range(3):
        hospital = make_hospital(runtime, code=f"HMS10{number}")
        run_job(runtime, hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
        run_job(runtime, hospital.id, JobName.HOUSEKEEPING, RunSource.CRON)
    with counted_statements(runtime) as statements:
        states = runtime.read(job_states, clock.now())
    assert [(state.hospital, state.job.value) for state in states[:2]] == [
        ("HMS100", "HOUSEKEEPING"),
        ("HMS100", "NO_SHOW_CHECK"),
    ]
    assert (len(states), len(statements)) == (6, 1)


def test_who_has_no_token_reads_no_figures(runtime: Runtime) -> None:
    settings = runtime.settings.model_copy(update={"metrics_token": SecretStr("scrape-me")})
    client = create_app(replace(runtime, settings=settings, metrics=Metrics())).test_client()
    answers = [
        client.get("/metrics", headers=headers).status_code
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer scrape-me"})
    ]
    assert answers == [401, 401, 200]


def test_browsers_keep_what_does_not_change(app: Flask) -> None:
    client = app.test_client()
    [styles] = re.findall(r'href="(/static/[0-9a-f]{12}/css/app\.css)"', client.get("/sign-in").text)
    with client.get(styles) as kept:
        assert (kept.status_code, kept.cache_control.max_age) == (200, 365 * 24 * 3600)
        assert kept.cache_control.public
    assert client.get("/static/another/css/app.css").status_code == 404


def figures_of(app: Flask) -> dict[str, float]:
    """Read the page as Prometheus does: name with labels → value."""
    figures = {}
    for family in text_string_to_metric_families(app.test_client().get("/metrics").text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            figures[f"{sample.name}{{{labels}}}"] = sample.value
    return figures
