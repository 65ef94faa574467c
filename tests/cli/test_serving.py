"""`hms up` as an operator starts it: ready soon, ended in good order, clear words when it cannot."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from hms.cli import main
from hms.runtime import build
from hms.settings import Settings
from tests.support.factories import make_hospital
from tests.support.processes import free_port
from tests.support.served import Served, served


def test_up_gets_ready_answers_what_has_begun_before_it_ends_and_starts_again(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, "up", port=port) as house:
        house.wait_ready()
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"GET /health/ready HTTP/1.1\r\nHost: hms\r\nConnection: close\r\n\r\n")
            house.process.send_signal(signal.SIGTERM)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200"), answer
        assert house.process.wait(30) == 0, house.output
        assert_said_well(house, port)
    with served(tmp_path, "up", port=port) as house:
        house.wait_ready()
        assert house.stop(signal.SIGINT) == 0, house.output
        assert_said_well(house, port)


def assert_said_well(house: Served, port: int) -> None:
    """Fail unless it told where it is and where mails go, and ended without a fault."""
    assert f"HMS is at http://127.0.0.1:{port}" in house.output
    assert "mails are kept as files" in house.output
    assert "Traceback" not in house.output


def test_the_demo_shows_its_accounts_and_goes_on_where_it_stood(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, "up", "--demo", "--now", "2026-01-22T08:55", "--speed", "60", port=port) as house:
        house.wait_ready()
        assert house.stop() == 0, house.output
    for name in ("admin", "reception", "nurse", "doctor", "patient"):
        assert f"{name}@hms001.example" in house.output
    stood = json.loads((tmp_path / "var" / "clock.json").read_text())
    assert stood["origin"].startswith("2026-01-22T03:")
    assert (stood["started"], stood["speed"]) == (None, 60)


def test_web_serves_with_several_processes_and_takes_them_along(
    tmp_path: Path, postgresql_database: str, redis_url: str
) -> None:
    port = free_port()
    settings = {"database_url": postgresql_database, "broker_url": redis_url, "redis_url": redis_url}
    with served(tmp_path, "web", port=port, settings=settings) as house:
        house.wait_ready()
        for path, words in (("/sign-in", "Sign in"), ("/api/v1/openapi.json", '"openapi":"3.1')):
            assert words in fetched(port, path)
        for _ in range(8):  # whichever process answers
            fetched(port, "/sign-in")
        counted = 'hms_http_requests_total{method="GET",route="/sign-in",status="200"} 9.0'
        assert all(counted in fetched(port, "/metrics") for _ in range(4)), fetched(port, "/metrics")
        assert house.stop() == 0, house.output
        wait_until_nobody_is_left(house.process.pid)  # its own helper ends as soon as it sees that it is alone


def test_server_processes_do_not_outlive_a_killed_web(tmp_path: Path, postgresql_database: str, redis_url: str) -> None:
    settings = {"database_url": postgresql_database, "broker_url": redis_url, "web_processes": "1"}
    with served(tmp_path, "web", port=free_port(), settings=settings) as house:
        house.wait_ready()
        house.process.kill()
        house.process.wait()
        wait_until_nobody_is_left(house.process.pid)
    assert house.process.returncode == -signal.SIGKILL


def test_a_server_process_takes_anothers_place_while_the_database_is_away(tmp_path: Path) -> None:
    ask = "from hms.cli.serving import application; print(application().test_client().get('/health/ready').status)"
    away = {
        "HMS_DATABASE_URL": f"postgresql://hms@127.0.0.1:{free_port()}/hms",
        "HMS_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    said = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, env=os.environ | away, capture_output=True, text=True, check=False
    )
    assert said.stdout.startswith("503"), said.stderr


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (["up", "--demo"], {"bind": "0.0.0.0:8000"}, "only binds to loopback"),
        (["up", "--demo"], {"mode": "production"}, "HMS_MODE is production"),
        (["up"], {"mode": "production"}, "HMS_SECRET_KEY"),
        (["up", "--speed", "60"], {}, "add --demo"),
        (["up", "--demo", "--now", "tomorrow"], {}, "is no time"),
        (["up", "--demo", "--speed", "0"], {}, "not in the range 0<x<=3600"),
        (["web"], {}, "HMS_BROKER_URL"),
        (["worker"], {}, "hms up"),
        (["beat"], {}, "hms up"),
        (["worker"], {"broker_url": "redis://127.0.0.1:1/0"}, "Run: hms migrate"),
    ],
)
def test_what_cannot_work_is_said_and_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], settings: dict[str, str], said: str
) -> None:
    result = run(tmp_path, monkeypatch, *words, **settings)
    assert result.exit_code in (1, 2)
    assert said in result.output


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with served(tmp_path, "up", port=port) as house:
            assert house.process.wait(60) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in house.output


def test_the_demo_leaves_a_real_hospital_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(tmp_path, monkeypatch, "migrate").exit_code == 0
    runtime = build(Settings(_env_file=None, data_dir=tmp_path / "var"))
    make_hospital(runtime, "REAL01")
    runtime.close()
    assert "not the demo's" in run(tmp_path, monkeypatch, "up", "--demo").output
    assert "leaves it alone" in run(tmp_path, monkeypatch, "up", "--demo", "--reset").output
    assert not (tmp_path / "var" / "clock.json").exists()


def wait_until_nobody_is_left(group: int) -> None:
    """Wait until no process of the group runs any more."""
    end = monotonic() + 5
    while is_anybody_left(group):
        assert monotonic() < end
        sleep(0.05)


def is_anybody_left(group: int) -> bool:
    """Tell whether a process of the group still runs."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def fetched(port: int, path: str) -> str:
    """Read a page of a served house, over a connection of its own."""
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return str(answer.read(), "utf-8")


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str, **settings: str) -> Result:
    """Run a command that ends before it serves, in this process."""
    monkeypatch.chdir(folder)
    environment = {f"HMS_{name.upper()}": value for name, value in settings.items()}
    return CliRunner().invoke(main, words, env=environment)
