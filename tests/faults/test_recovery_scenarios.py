"""What happens when the automation stops, when all of HMS is down, and when the check fails again and again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import hcl2
import pytest
from pydantic import SecretStr
from sqlalchemy import update

from hms.clock import Clocks, FixedClock
from hms.domain.job_runs import JobName, RunSource, RunStatus
from hms.domain.people import Role
from hms.gateways.null import null_gateways
from hms.models import Appointment, Hospital, JobRun
from hms.processes.jobs import run_job
from hms.runtime import build
from hms.settings import Settings
from tests.support.callers import Caller, HttpHouse
from tests.support.clinic import serve
from tests.support.cron_watcher import KEY, watching
from tests.support.processes import free_port
from tests.support.visits import reload, rows

ALARM = Path(__file__).parents[2] / "infra" / "terraform"
TEN = datetime(2026, 1, 22, 4, 30, tzinfo=UTC)  # in Kolkata
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def house(settings: Settings, clocks: Clocks) -> Iterator[HttpHouse]:
    """Give a house that lets the watcher in."""
    runtime = build(
        settings.model_copy(update={"cron_api_key": SecretStr(KEY)}), clocks=clocks, gateways=null_gateways()
    )
    yield HttpHouse(runtime)
    runtime.close()


def tick(house: HttpHouse) -> None:
    """Run the check as the schedule does."""
    run_job(house.runtime, house.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)


def test_1_the_schedule_stops_and_the_watcher_takes_its_place(
    house: HttpHouse, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed = [UUID(house.booked(start, house.new_patient())["id"]) for start in ("09:00", "10:00")]
    clock.move_to(TEN)
    tick(house)
    clock.advance(timedelta(minutes=40))  # and no beat fires
    told = house.admin.get("/no-show/cron-health").data
    assert (told["isHealthy"], told["healthMessage"]) == (False, "No success for 40 minutes inside working hours")
    with serve(house.app) as address, watching(address, monkeypatch) as watcher:
        monkeypatch.setenv("TIMEOUT_SECONDS", "20")
        assert watcher.run()["healthy"]
        assert watcher.figures()["CronHealthStatus"] == [1.0]
        assert watcher.mails() == []
    assert [reload(house.runtime, Appointment, visit).status for visit in missed] == ["NO_SHOW"] * 2
    told = house.admin.get("/no-show/cron-health").data
    assert (told["isHealthy"], told["healthMessage"]) == (True, "OK")
    assert [run["source"] for run in told["recentRuns"]] == ["external", "cron"]


def test_2_everything_is_down_and_the_alarm_goes_off_at_the_second_call(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    with watching(f"http://127.0.0.1:{free_port()}", monkeypatch) as watcher:
        for _ in range(2):
            assert "refused" in str(watcher.run()["error"])
            seen.append(min(watcher.figures()["CronHealthStatus"]))
        mails = watcher.mails()
    assert [mail["Subject"] for mail in mails] == ["[ALARM] HMS Cron Health Check Failed"] * 2
    assert (is_alarmed([1.0]), is_alarmed([1.0, *seen[:1]]), is_alarmed([1.0, *seen])) == (False, False, True)
    assert not is_alarmed([*seen, 1.0])


def is_alarmed(figures: list[float]) -> bool:
    """Judge the figures of CronHealthStatus, one for each period, as the alarm in Terraform does."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ALARM.glob("*.tf")))
    kinds = {
        kind.strip('"'): next(iter(named.values()))
        for each in hcl2.loads(text)["resource"]
        for kind, named in each.items()
    }
    alarm = kinds["aws_cloudwatch_metric_alarm"]
    assert alarm["comparison_operator"].strip('"') == "LessThanThreshold"
    last = figures[-alarm["evaluation_periods"] :]
    return len(last) == alarm["evaluation_periods"] and all(figure < alarm["threshold"] for figure in last)


def test_3_the_check_fails_and_all_admins_hear_of_it_once(house: HttpHouse, clock: FixedClock) -> None:
    admins = [house.admin, house.caller_with(Role.HOSPITAL_ADMIN)]
    house.booked("09:30")
    clock.move_to(TEN - FIVE_MINUTES)
    tick(house)  # nothing is due as yet, so it goes well
    set_policy(house, no_show_catch_up_hours="many")
    for failures in (1, 2, 3, 4):
        clock.advance(FIVE_MINUTES)
        tick(house)
        told = house.admin.get("/no-show/cron-health").data
        assert (told["consecutiveFailures"], told["lastRunStatus"]) == (failures, "error")
        assert told["isHealthy"] is (failures < 3)
        heard = ["HIGH"] if failures >= 3 else []
        assert [news(admin, "JOB_FAILING") for admin in admins] == [heard] * 2
    assert news(house.reception, "JOB_FAILING") == []
    failed = rows(house.runtime, JobRun, JobRun.status == RunStatus.FAILED)
    assert len(failed) == 4
    assert all("TypeError" in run.error_message for run in failed), failed[0].error_message
    set_policy(house)
    tick(house)
    assert [news(admin, "JOB_RECOVERED") for admin in admins] == [["HIGH"]] * 2
    told = house.admin.get("/no-show/cron-health").data
    assert (told["isHealthy"], told["consecutiveFailures"], told["healthMessage"]) == (True, 0, "OK")
    assert told["lastSuccessfulRun"]["itemsProcessed"] == 1


def set_policy(house: HttpHouse, **values: object) -> None:
    """Change the hospital's settings past everything that would refuse it."""
    with house.runtime.database.writing() as session:
        session.execute(update(Hospital).values(settings=values))


def news(who: Caller, kind: str) -> list[str]:
    """Return the priorities of the notifications of a kind that somebody sees."""
    return [each["priority"] for each in who.get("/notifications").data if each["type"] == kind]
