"""The `hms` command. Each subcommand's code loads when it is used, so that `hms --help` answers at once."""

import click

from hms import __version__
from hms.cli.lazy import Lazy, LazyGroup

COMMANDS: dict[str, Lazy] = {
    "init": Lazy("hms.cli.setup:init", "Create the database, a hospital and its first admin."),
    "migrate": Lazy("hms.cli.setup:migrate", "Bring the database to this release's schema."),
    "up": Lazy("hms.cli.serving:up", "Run everything in one process: pages, worker and schedule."),
    "web": Lazy("hms.cli.serving:web", "Serve pages and API only (production)."),
    "worker": Lazy("hms.cli.serving:worker", "Run a worker that delivers messages and does jobs (production)."),
    "beat": Lazy("hms.cli.serving:beat", "Run the schedule that starts jobs on time (production)."),
    "user": Lazy("hms.cli.users:user", "Create logins and set passwords."),
    "jobs": Lazy("hms.cli.jobs:jobs", "List the automatic jobs, and run one now."),
    "check": Lazy("hms.cli.check:check", "Recompute counts, blocks and days, and tell what differs."),
    "import": Lazy("hms.cli.imports:import_file", "Take over patients and appointments from a CSV file."),
    "demo": Lazy("hms.cli.demo:demo", "Load a made-up hospital to look around in."),
}


@click.group(cls=LazyGroup, commands_by_name=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hms")
def main() -> None:
    """HMS runs a hospital's outpatient day: calendars, bookings, visits, and no-shows that mark themselves.

    Settings come from the environment (HMS_...) or a file named .env; without any, data is kept in the
    folder var/. To look around: hms up --demo. To begin for real: hms init, then hms up.
    """
