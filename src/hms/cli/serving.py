"""Serve: everything in one process (`hms up`), or web, worker and beat as processes of their own."""

import multiprocessing
import os
import sys
import threading
from datetime import datetime

import click
from flask import Flask

from hms import logs, migrations
from hms.cli.demo_house import DemoOptions, demo_settings, open_demo
from hms.cli.running import Part, Stopper, Web, collect_rarely, run_parts
from hms.jobs import build_app, nudge_through
from hms.jobs.app import MEMORY
from hms.jobs.serving import BeatThread, WorkerThread
from hms.processes import demo_clock, monitoring
from hms.processes.demo import DemoAccounts
from hms.runtime import Runtime, build
from hms.settings import ConfigurationError, Settings
from hms.web.app import create_app


@click.command()
@click.option("--demo", is_flag=True, help="Show a made-up hospital; its accounts are printed. Loopback only.")
@click.option(
    "--now",
    metavar="WHEN",
    callback=lambda _context, _option, text: _when(text),
    help="With --demo: where the day begins, such as 2026-01-22T08:55 (hospital time unless it carries an offset). "
    "Default: 08:55 of today.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, demo_clock.MAX_SPEED, min_open=True),
    help="With --demo: how fast its time runs; 60 shows an hour in a minute.",
)
@click.option("--reset", is_flag=True, help="With --demo: forget what was done in it, and begin anew.")
def up(demo: bool, now: datetime | None, speed: float | None, reset: bool) -> None:
    """Run everything in one process: pages, worker and schedule. Ctrl-C or SIGTERM ends it in good order.

    The database is created or brought to this release's schema first.
    """
    stopper = Stopper()
    settings = Settings()
    options = DemoOptions(now=now, speed=speed, reset=reset)
    is_demo = demo or demo_clock.is_demo(settings.data_dir)
    if not is_demo and options != DemoOptions():
        raise click.UsageError("--now, --speed and --reset are for the demo: add --demo.")
    settings = demo_settings(settings) if is_demo else settings
    settings.check()
    if is_demo:
        runtime, accounts = open_demo(settings, options)
    else:
        runtime, accounts = _open(settings), None
    logs.configure(settings.log_level)
    try:
        well = _serve(runtime, accounts, stopper)
    finally:
        if is_demo:
            demo_clock.stop(settings)
        runtime.close()
    if not well:
        raise ConfigurationError("The worker or the schedule ended by itself; the log above says why.")


@click.command()
def web() -> None:
    """Serve pages and API only. Workers and beat are processes of their own, on this machine or others."""
    from granian import Granian  # noqa: PLC0415 -- heavy, and a server that only this command needs
    from granian.constants import Interfaces  # noqa: PLC0415

    settings = _production("web")
    # The processes must read where their figures go before they load the library that counts.
    multiprocessing.set_start_method("spawn")
    server = Granian(
        "hms.cli.serving:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_processes,
        blocking_threads=settings.web_threads,
        workers_kill_timeout=20,
        respawn_failed_workers=True,
        factory=True,
        websockets=False,
    )
    with monitoring.shared_figures():
        server.serve()


@click.command()
def worker() -> None:
    """Run a worker: it delivers messages and does jobs. Any number may run at once."""
    _run_alone("worker")


@click.command()
def beat() -> None:
    """Run the schedule that starts jobs on time. A second one does no harm."""
    _run_alone("beat")


def application() -> Flask:
    """Build the web application of one server process.

    `hms web` has looked at the database before. A process that takes a dead one's place starts without: were it to
    fail, the whole server would end, because the database is away for a moment.
    """
    settings = Settings()
    settings.check()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    logs.configure(settings.log_level)
    runtime = build(settings, clocks=demo_clock.clocks_for(settings))
    nudge_through(build_app(runtime), runtime)
    app = create_app(runtime)
    collect_rarely()
    return app


def _end_with_parent() -> None:
    """End this server process as soon as `hms web` is gone: what is left of a killed one must not answer for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _serve(runtime: Runtime, accounts: DemoAccounts | None, stopper: Stopper) -> bool:
    settings = runtime.settings
    app = build_app(runtime)
    nudge_through(app, runtime)
    try:
        server = Web(create_app(runtime), settings.host, settings.port, settings.web_threads)
    except OSError as error:
        raise ConfigurationError(
            f"HMS cannot listen on {settings.bind}: {error.strerror}. Set HMS_BIND to another port, such as "
            "127.0.0.1:8001."
        ) from error
    stopper.listen()
    _greet(settings, accounts)
    collect_rarely()
    return run_parts([BeatThread(app), WorkerThread(app)], stopper, server)


def _greet(settings: Settings, accounts: DemoAccounts | None) -> None:
    click.echo(f"HMS is at {settings.base_url}")
    if not settings.mail_server:
        click.echo(f"No mail server is set (MAIL_SERVER): mails are kept as files in {settings.data_dir / 'mail'}.")
    if not settings.sms_url.get_secret_value():
        click.echo(f"No SMS provider is set (SMS_URL): text messages are kept in {settings.data_dir / 'sms'}.")
    if accounts is not None:
        click.echo(f"Sign in with the password {accounts.password} as")
        for role, email in accounts.emails.items():
            click.echo(f"  {email:<28} {role.value.replace('_', ' ').lower()}")
    click.echo("Ctrl-C ends it.")
    sys.stdout.flush()


def _open(settings: Settings) -> Runtime:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.effective_database_url)
    return build(settings)


def _run_alone(name: str) -> None:
    stopper = Stopper()
    settings = _production(name)
    logs.configure(settings.log_level)
    stopper.listen()
    runtime = build(settings, clocks=demo_clock.clocks_for(settings))
    app = build_app(runtime)
    nudge_through(app, runtime)
    part: Part = WorkerThread(app) if name == "worker" else BeatThread(app)
    click.echo(f"The {name} runs. Ctrl-C or SIGTERM ends it.")
    sys.stdout.flush()
    collect_rarely()
    try:
        with monitoring.served(runtime):
            well = run_parts([part], stopper)
    finally:
        runtime.close()
    if not well:
        raise ConfigurationError(f"The {name} ended by itself; the log above says why.")


def _production(name: str) -> Settings:
    settings = Settings()
    settings.check()
    if settings.broker_url.startswith(MEMORY):
        raise ConfigurationError(
            f"hms {name} needs a broker that several processes share. Set HMS_BROKER_URL, for example to "
            f"{settings.redis_url}, or run everything in one process with: hms up"
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not migrations.is_current(settings.effective_database_url):
        raise ConfigurationError("The database is not at this release's schema yet. Run: hms migrate")
    return settings


def _when(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time such as 2026-01-22T08:55.") from None
