"""The tests' own servers are real, fresh and gone afterwards."""

from __future__ import annotations

import http.client
import smtplib
import socket
import ssl
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import redis as redis_client
from sqlalchemy import create_engine, inspect, make_url, text

from hms.clock import FixedClock
from hms.runtime import Runtime
from tests.support.http import HttpPeer
from tests.support.postgres import Postgres
from tests.support.smtp import SmtpPeer
from tests.support.sockets import OutsideWorldError


def connect(peer: SmtpPeer, timeout: float = 5) -> smtplib.SMTP:
    client = smtplib.SMTP(peer.host, peer.port, timeout=timeout)
    client.starttls(context=ssl.create_default_context())
    return client


def send(peer: SmtpPeer, subject: str) -> None:
    with connect(peer) as client:
        client.login(peer.username, peer.password)
        client.sendmail("clinic@example.org", ["asha@example.org"], f"Subject: {subject}\r\n\r\nHello\r\n")


def test_mail_is_taken_over_starttls_after_login(smtp_peer: SmtpPeer) -> None:
    send(smtp_peer, "Reminder")
    [mail] = smtp_peer.wait_for(1)
    assert (mail.sender, mail.recipients, mail.login) == ("clinic@example.org", ("asha@example.org",), "hms")
    assert mail.message["Subject"] == "Reminder"


def test_mail_without_tls_or_with_a_wrong_password_is_refused(smtp_peer: SmtpPeer) -> None:
    with smtplib.SMTP(smtp_peer.host, smtp_peer.port, timeout=5) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.mail("clinic@example.org")[0] == 530
    with connect(smtp_peer) as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login(smtp_peer.username, "wrong")


def test_planned_refusal_happens_once(smtp_peer: SmtpPeer) -> None:
    smtp_peer.refuse("451 Try again later", at="RCPT")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(smtp_peer, "first")
    send(smtp_peer, "second")
    assert [mail.message["Subject"] for mail in smtp_peer.mails] == ["second"]


def test_dropped_reply_leaves_the_mail_delivered(smtp_peer: SmtpPeer) -> None:
    smtp_peer.drop(at="REPLY")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(smtp_peer, "Reminder")
    assert len(smtp_peer.wait_for(1)) == 1


def test_stalled_server_runs_into_the_client_timeout(smtp_peer: SmtpPeer) -> None:
    smtp_peer.stall(5, at="MAIL")
    client = connect(smtp_peer, timeout=0.5)
    client.login(smtp_peer.username, smtp_peer.password)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        client.mail("clinic@example.org")


def post(peer: HttpPeer, body: bytes, timeout: float = 5) -> int:
    client = http.client.HTTPConnection(peer.netloc, timeout=timeout)
    try:
        client.request("POST", "/notify", body)
        return client.getresponse().status
    finally:
        client.close()


def test_http_peer_keeps_what_it_is_sent(http_peer: HttpPeer) -> None:
    assert post(http_peer, b'{"to": "+910000000000"}') == 200
    [request] = http_peer.wait_for(1)
    assert (request.method, request.path, request.json()) == ("POST", "/notify", {"to": "+910000000000"})


def test_http_peer_fails_as_planned_and_then_recovers(http_peer: HttpPeer) -> None:
    http_peer.answer(503)
    assert post(http_peer, b"first") == 503
    http_peer.drop()
    with pytest.raises(http.client.RemoteDisconnected):
        post(http_peer, b"second")
    http_peer.stall(5)
    with pytest.raises(TimeoutError):
        post(http_peer, b"third", timeout=0.3)
    assert post(http_peer, b"fourth") == 200
    assert [request.body for request in http_peer.requests] == [b"first", b"second", b"third", b"fourth"]


def test_redis_is_empty_and_keeps_nothing(redis_url: str) -> None:
    with redis_client.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")
        assert client.config_get("save")["save"] == ""


def test_postgres_has_contrib_and_an_ordinary_role(postgres: Postgres) -> None:
    name = postgres.create()
    address = make_url(postgres.url(name)).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(hide_password=False)) as connection:
        connection.execute("CREATE EXTENSION btree_gist")
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    postgres.drop(name)
    assert row == (postgres.superuser.username == address.username,)


def test_database_is_migrated_and_fresh(database: str) -> None:
    engine = create_engine(database)
    assert "alembic_version" in inspect(engine).get_table_names()
    engine.dispose()


@pytest.mark.parametrize("address", [("93.184.215.14", 80), ("10.0.0.1", 80)])
def test_sockets_to_elsewhere_are_closed(address: tuple[str, int]) -> None:
    with socket.socket() as client, pytest.raises(OutsideWorldError, match="sockets are closed"):
        client.connect(address)


def test_names_elsewhere_are_not_looked_up() -> None:
    with pytest.raises(OutsideWorldError, match=r"example\.org"):
        socket.getaddrinfo("example.org", 80)


def test_server_ends_with_its_session_even_when_killed() -> None:
    script = """
        import os, signal, sys
        from tests.support.processes import free_port
        from tests.support.redis import start_redis
        from tools.services import REDIS

        with start_redis(REDIS.find({"PATH": os.environ["PATH"]}) or "redis-server", free_port()) as (server, _, port):
            from tests.support.processes import answers
            assert server.wait_until(lambda: answers(port))
            print(port, server.folder, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == -9, done.stderr
    port, folder = done.stdout.split()
    deadline = time.monotonic() + 20
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).exists()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(port))) != 0


def test_runtime_stands_on_a_fresh_database_and_a_fixed_clock(runtime: Runtime, clock: FixedClock) -> None:
    with runtime.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM hospitals")) == 0
    clock.advance(timedelta(minutes=5))
    assert runtime.clocks.hospital.now() - runtime.clocks.machine.now() == timedelta(minutes=5)
