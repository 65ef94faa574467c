"""The automation over HTTP: by hand, from outside, and its health."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import update
from structlog.testing import capture_logs

from hms.clock import Clocks, FixedClock
from hms.domain.job_runs import JobName, RunStatus
from hms.domain.people import Role
from hms.gateways.null import null_gateways
from hms.models import Hospital, JobRun
from hms.runtime import build
from hms.settings import Settings
from tests.support.callers import HttpHouse
from tests.support.factories import add, make_doctor, make_hospital, make_patient
from tests.support.visits import make_visit, rows

KEY = "a-key-that-nobody-guesses"
HEADERS = {"x-cron-api-key": KEY}


@pytest.fixture
def open_house(settings: Settings, clocks: Clocks) -> Iterator[HttpHouse]:
    """Give a house that lets a monitor in."""
    with_key = settings.model_copy(update={"cron_api_key": SecretStr(KEY)})
    runtime = build(with_key, clocks=clocks, gateways=null_gateways())
    yield HttpHouse(runtime)
    runtime.close()


def running(house: HttpHouse, clock: FixedClock) -> JobRun:
    return JobRun(
        hospital_id=house.hospital.id,
        job_name=JobName.NO_SHOW_CHECK,
        status=RunStatus.RUNNING,
        started_at=clock.now(),
        heartbeat_at=clock.now(),
    )


def test_an_admin_runs_the_check(house: HttpHouse, clock: FixedClock) -> None:
    house.booked("09:00")
    clock.advance(timedelta(minutes=40))

    reply = house.admin.post("/no-show/trigger")

    assert set(reply.data) == {"runId", "status", "itemsProcessed", "durationMs"}
    assert (reply.data["status"], reply.data["itemsProcessed"]) == ("COMPLETED", 1)
    for role in (Role.RECEPTIONIST, Role.NURSE, Role.DOCTOR, Role.PATIENT):
        assert house.everybody[role].post("/no-show/trigger").refusal == (403, "FORBIDDEN")
        assert house.everybody[role].get("/no-show/cron-health").refusal == (403, "FORBIDDEN")


def test_a_second_run_is_told_that_one_is_under_way(house: HttpHouse, clock: FixedClock) -> None:
    add(house.runtime, running(house, clock))

    reply = house.admin.post("/no-show/trigger")

    assert reply.refusal == (409, "ALREADY_PROCESSING")
    assert reply.json["error"]["message"] == "Already processing"
    assert len(rows(house.runtime, JobRun)) == 1


def test_health_has_the_fields_that_monitors_read(house: HttpHouse) -> None:
    house.admin.post("/no-show/trigger")

    health = house.admin.get("/no-show/cron-health").data

    assert set(health) == {
        "jobName",
        "isHealthy",
        "healthMessage",
        "isWorkingHours",
        "lastRunTime",
        "lastRunStatus",
        "consecutiveFailures",
        "lastSuccessfulRun",
        "recentRuns",
        "stats",
    }
    assert set(health["lastSuccessfulRun"]) == {"id", "startedAt", "durationMs", "itemsProcessed"}
    assert health["stats"] == {"totalRuns": 1, "failedRuns": 0, "successRate": "100.0%"}
    assert (health["jobName"], health["isHealthy"], health["healthMessage"]) == ("NO_SHOW_CHECK", True, "OK")
    assert (health["isWorkingHours"], health["lastRunStatus"]) == (True, "success")
    assert health["lastRunTime"] == "2026-01-22T03:25:00.000Z"
    assert [run["source"] for run in health["recentRuns"]] == ["manual"]


def test_a_hospital_that_never_ran_is_not_well(house: HttpHouse) -> None:
    health = house.admin.get("/no-show/cron-health").data

    assert not health["isHealthy"]
    assert health["healthMessage"] != "OK"
    assert (health["lastRunTime"], health["lastRunStatus"], health["lastSuccessfulRun"]) == (None, None, None)


def test_a_monitor_runs_every_hospital(open_house: HttpHouse, clock: FixedClock) -> None:
    runtime = open_house.runtime
    theirs = make_hospital(runtime, "HMS002", "Europe/Vienna")
    open_house.booked("09:00")
    doctor, patient = make_doctor(runtime, theirs), make_patient(runtime, theirs)
    make_visit(runtime, theirs, doctor, patient, datetime(2026, 1, 22, 3, 30, tzinfo=UTC))
    clock.advance(timedelta(minutes=40))

    reply = open_house.stranger.post("/no-show/external-trigger", headers=HEADERS)

    assert reply.status == 200
    assert set(reply.data) == {"jobName", "isHealthy", "healthMessage", "durationMs", "hospitals", "itemsProcessed"}
    assert (reply.data["isHealthy"], reply.data["hospitals"]) == (True, 2)
    sources = {run.run_metadata["source"] for run in rows(runtime, JobRun)}
    assert (len(rows(runtime, JobRun)), sources) == (2, {"external"})
    add(runtime, running(open_house, clock))
    assert open_house.stranger.post("/no-show/external-trigger", headers=HEADERS).status == 200


def test_a_monitor_without_the_key_is_refused(open_house: HttpHouse) -> None:
    for headers in ({}, {"x-cron-api-key": ""}, {"x-cron-api-key": KEY + "x"}, {"x-cron-api-key": "ключ"}):
        encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
        reply = open_house.admin.post("/no-show/external-trigger", headers=encoded)
        assert reply.refusal == (401, "UNAUTHENTICATED"), headers
    assert rows(open_house.runtime, JobRun) == []


def test_a_refused_monitor_is_logged_without_the_key(open_house: HttpHouse) -> None:
    with capture_logs() as said:
        for headers in ({}, {"x-cron-api-key": "guessed-" + KEY}):
            open_house.stranger.post("/no-show/external-trigger", headers=headers)
        assert open_house.stranger.post("/no-show/external-trigger", headers=HEADERS).status == 200
    refused = [line for line in said if "refused" in line["event"]]
    assert [(line["log_level"], line["reason"]) for line in refused] == [("warning", "missing"), ("warning", "wrong")]
    assert KEY not in str(said)


def test_without_a_key_of_our_own_nobody_gets_in(house: HttpHouse) -> None:
    for headers in ({}, {"x-cron-api-key": ""}, HEADERS):
        closed = house.admin.post("/no-show/external-trigger", headers=headers)
        assert closed.refusal == (503, "NOT_CONFIGURED")
        assert closed.headers["Retry-After"].isdigit()
    assert rows(house.runtime, JobRun) == []


def test_a_monitor_that_calls_too_often_has_to_wait(open_house: HttpHouse, machine_clock: FixedClock) -> None:
    replies = [open_house.stranger.post("/no-show/external-trigger") for _ in range(21)]

    assert [reply.status for reply in replies] == [401] * 20 + [429]
    assert replies[-1].code == "RATE_LIMITED"
    assert replies[-1].headers["Retry-After"] == "61"
    assert open_house.stranger.post("/no-show/external-trigger", headers=HEADERS).status == 429
    machine_clock.advance(timedelta(seconds=61))
    assert open_house.stranger.post("/no-show/external-trigger", headers=HEADERS).status == 200


def test_a_check_that_fails_says_so(open_house: HttpHouse, clock: FixedClock) -> None:
    open_house.booked("09:00")
    clock.advance(timedelta(minutes=40))
    with open_house.runtime.database.writing() as session:
        session.execute(update(Hospital).values(settings={"no_show_catch_up_hours": "many"}))

    by_hand = open_house.admin.post("/no-show/trigger")
    from_outside = open_house.stranger.post("/no-show/external-trigger", headers=HEADERS)

    assert by_hand.refusal == from_outside.refusal == (503, "RUN_FAILED")
    assert by_hand.json["error"]["details"][0]["field"] == "run"
    assert [run.status for run in rows(open_house.runtime, JobRun)] == [RunStatus.FAILED] * 2
