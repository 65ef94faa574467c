"""The command line does what it says, and tells failures in one line."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from hms.access.passwords import matches
from hms.cli import COMMANDS, main
from hms.cli.users import parted
from hms.domain.job_runs import JobName
from hms.domain.people import Role
from hms.domain.policy import Policy
from hms.models import Doctor, FigureHospitalDay, FigureMark, Hospital, LoginSession, User
from hms.runtime import Runtime
from tests.support.factories import make_hospital, make_user

PASSWORD = "long-enough-1"
INIT = ("init", "--code", "clinic1", "--name", "Clinic One", "--timezone", "Asia/Kolkata")
ADMIN = ("--admin-email", "Asha@Clinic.example", "--admin-name", "Asha Rao", "--admin-password", PASSWORD)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run every command in an empty folder, with its data there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HMS_SQLITE_SYNCHRONOUS", "OFF")
    return tmp_path


@pytest.fixture
def on_database(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """Let commands work on the test's own database, on both engines."""
    monkeypatch.setenv("HMS_DATABASE_URL", runtime.settings.database_url)
    return runtime


def hms(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=typed)


def refused(result: Result) -> str:
    """Return the one line of a failure."""
    assert result.exit_code != 0
    assert "Traceback" not in result.output
    [line] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    return line.removeprefix("Error: ")


def one_user(runtime: Runtime, email: str) -> User:
    with runtime.reading() as session:
        return session.scalars(select(User).where(User.email == email)).one()


def test_help_tells_every_command_without_loading_them() -> None:
    script = "import sys; from hms.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    shown, loaded = done.stdout.rsplit("\n", 2)[:2]
    assert all(name in shown and lazy.help in shown for name, lazy in COMMANDS.items())
    assert not {"sqlalchemy", "flask", "celery", "pydantic"} & set(loaded.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = hms(name, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: main {name}")
    assert len(result.output.splitlines()) > 5


def test_init_makes_database_hospital_and_admin(folder: Path) -> None:
    result = hms(*INIT, *ADMIN)
    assert (result.exit_code, result.output) == (0, "Hospital CLINIC1 is ready. Start it with: hms up\n")
    assert (folder / "var" / "hms.db").exists()
    assert hms("jobs", "list").exit_code == 0


def test_init_asks_for_what_is_left_out(on_database: Runtime) -> None:
    typed = f"clinic1\nClinic One\nAsia/Kolkata\nasha@clinic.example\nAsha Rao\n{PASSWORD}\n{PASSWORD}\n"
    assert hms("init", typed=typed).exit_code == 0
    user = one_user(on_database, "asha@clinic.example")
    assert (user.role, user.first_name, user.last_name) == (Role.HOSPITAL_ADMIN, "Asha", "Rao")
    assert matches(user.password_hash, PASSWORD)
    with on_database.reading() as session:
        hospital = session.scalars(select(Hospital)).one()
    assert (hospital.id, hospital.code, hospital.timezone) == (user.hospital_id, "CLINIC1", "Asia/Kolkata")


@pytest.mark.parametrize(("option", "gate"), [("--evidence-gate", True), ("--no-evidence-gate", False), (None, False)])
def test_init_offers_the_evidence_gate(folder: Path, option: str | None, gate: bool) -> None:
    assert hms(*INIT, *ADMIN, *([option] if option else [])).exit_code == 0
    with closing(sqlite3.connect(folder / "var" / "hms.db")) as database:
        [stored] = database.execute("SELECT settings FROM hospitals").fetchone()
    assert Policy.from_settings(json.loads(stored)).evidence_gate is gate


def test_init_refuses_in_one_line_and_keeps_nothing(on_database: Runtime) -> None:
    wrong = hms("init", "--code", "c", "--name", "C", "--timezone", "Nowhere", *ADMIN)
    assert "code must have 2 to 16 letters" in refused(wrong)
    assert "Asia/Kolkata" in refused(wrong)
    assert "password" in refused(hms(*INIT, *ADMIN[:-1], "short"))
    with on_database.reading() as session:
        assert session.scalars(select(Hospital)).all() == []
    assert hms(*INIT, *ADMIN).exit_code == 0
    assert refused(hms(*INIT, *ADMIN)) == "There is already a hospital CLINIC1."


def test_migrate_may_run_again(folder: Path) -> None:
    assert [hms("migrate").exit_code for _ in range(2)] == [0, 0]
    assert (folder / "var" / "hms.db").exists()


def test_users_are_created_and_get_new_passwords(on_database: Runtime) -> None:
    hospital = make_hospital(on_database)
    nurse = ("user", "create", "Nurse@clinic.example", "--role", "nurse", "--name", "Grace Otieno")
    assert hms(*nurse, "--password", PASSWORD).exit_code == 0
    assert "already has a login" in refused(hms(*nurse, "--password", PASSWORD))
    before = one_user(on_database, "nurse@clinic.example")
    with on_database.database.writing() as session:
        moment = datetime(2026, 1, 22, tzinfo=UTC)
        session.add(
            LoginSession(
                hospital_id=hospital.id,
                user_id=before.id,
                created_at=moment,
                expires_at=datetime(2099, 1, 1, tzinfo=UTC),
            )
        )
    assert hms("user", "passwd", "nurse@clinic.example", typed="another-one-2\nanother-one-2\n").exit_code == 0
    assert matches(one_user(on_database, "nurse@clinic.example").password_hash, "another-one-2")
    with on_database.reading() as session:
        assert session.scalars(select(LoginSession.revoked_at)).one() is not None
    assert refused(hms("user", "passwd", "nobody@clinic.example", "--password", PASSWORD)) == "There is no such login."
    assert "no email address" in refused(hms("user", "create", "x", "--role", "nurse", "--password", PASSWORD))


def test_doctor_gets_a_calendar(on_database: Runtime) -> None:
    make_hospital(on_database)
    doctor = ("user", "create", "rao@clinic.example", "--role", "doctor", "--name", "Asha Rao", "--slot-minutes", "20")
    assert hms(*doctor, "--password", PASSWORD).exit_code == 0
    with on_database.reading() as session:
        assert session.scalars(select(Doctor.slot_duration)).one() == 20
    assert "--slot-minutes" in refused(hms(*doctor[:-1], "3", "--password", PASSWORD))


def test_hospital_is_named_where_there_are_several(on_database: Runtime) -> None:
    assert refused(hms("jobs", "list")) == "There is no hospital yet. Run: hms init"
    make_hospital(on_database, "AAA")
    make_hospital(on_database, "BBB")
    assert "(AAA, BBB)" in refused(hms("jobs", "list"))
    assert refused(hms("jobs", "list", "--hospital", "CCC")) == "There is no hospital CCC. There is: AAA, BBB."
    assert hms("jobs", "list", "--hospital", "bbb").exit_code == 0


def test_jobs_are_listed_rehearsed_and_run(on_database: Runtime) -> None:
    make_user(on_database, make_hospital(on_database), Role.HOSPITAL_ADMIN)
    listed = hms("jobs", "list").output.splitlines()
    assert [line.split()[0] for line in listed] == [job.value for job in JobName]
    assert "would handle 0" in hms("jobs", "run", "no_show_check", "--dry-run").output
    assert "NO_SHOW_CHECK done: 0 items" in hms("jobs", "run", "NO_SHOW_CHECK").output
    assert "never" not in hms("jobs", "list").output.splitlines()[0]
    assert "cannot be rehearsed" in refused(hms("jobs", "run", "HOUSEKEEPING", "--dry-run"))


def test_import_tells_what_came_in_and_which_lines_did_not(on_database: Runtime, folder: Path) -> None:
    make_hospital(on_database)
    file = folder / "books.csv"
    file.write_text("patient_ref,first_name,last_name\nP1,Asha,Rao\nP2,,Rao\n")
    result = hms("import", str(file))
    assert result.exit_code == 1
    assert "line 3: first_name: is missing" in result.stderr
    assert "1  new patients" in result.stdout
    file.write_text("patient_ref,first_name,last_name\nP1,Asha,Rao\n")
    assert hms("import", str(file)).exit_code == 0
    file.write_text("name\n")
    assert "lacks the columns" in refused(hms("import", str(file)))


def test_after_an_import_the_figures_of_its_days_are_kept(on_database: Runtime, folder: Path) -> None:
    make_hospital(on_database)
    file = folder / "books.csv"
    header = "patient_ref,first_name,last_name,appointment_ref,doctor_email,doctor_name,date,start_time,outcome\n"
    line = "P1,Asha,Rao,A{0},rao@clinic.example,Dr. A Rao,2026-01-{0},09:00,{1}\n"
    first = header + line.format(12, "attended") + line.format(13, "no_show")
    file.write_text(first)
    assert "days counted" not in hms("import", "--create-doctors", "--dry-run", str(file)).stderr
    assert kept_days(on_database) == {}
    result = hms("import", "--create-doctors", "--count-history", str(file))
    assert (result.exit_code, "days counted." in result.stderr) == (0, True)
    assert kept_days(on_database) == {"2026-01-12": 0, "2026-01-13": 1}
    file.write_text(first + line.format(14, "no_show"))
    assert "Figures of 1 days counted." in hms("import", str(file)).stderr
    assert kept_days(on_database) == {"2026-01-12": 0, "2026-01-13": 1, "2026-01-14": 1}


def kept_days(runtime: Runtime) -> dict[str, int]:
    """Return how many visits were missed on the days whose figures are kept and wait for nothing."""
    with runtime.reading() as session:
        assert session.scalars(select(FigureMark.day)).all() == []
        return {str(row.day): row.missed for row in session.scalars(select(FigureHospitalDay))}


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({}, "There is no database in var yet. Run: hms init"),
        ({"HMS_DATABASE_URL": "nothing"}, "HMS_DATABASE_URL is not the address of a database."),
        ({"HMS_DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "The database does not answer: connection failed"),
        ({"HMS_SQLITE_SYNCHRONOUS": "MAYBE"}, "HMS_SQLITE_SYNCHRONOUS is OFF, NORMAL, FULL or EXTRA."),
        ({"HMS_MODE": "production"}, "HMS_SECRET_KEY is missing"),
        ({"HMS_BIND": "no address"}, ""),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, str], line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert line in refused(hms("jobs", "list"))


def test_traces_are_shown_to_those_who_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HMS_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("HMS_DATABASE_URL", "nothing")
    assert hms("jobs", "list").exception is not None
    assert os.environ["HMS_LOG_LEVEL"] == "DEBUG"


@pytest.mark.parametrize(
    ("name", "parts"), [("Asha Rao", ("Asha", "Rao")), ("Madhu", ("Madhu", "")), ("Ana de Sousa", ("Ana de", "Sousa"))]
)
def test_names_are_parted_at_the_last_space(name: str, parts: tuple[str, str]) -> None:
    assert parted(name) == parts
