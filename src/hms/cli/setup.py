"""`hms init` and `hms migrate`: a database, a hospital, its first admin."""

import click

from hms import migrations
from hms.settings import Settings


@click.command()
def migrate() -> None:
    """Create the database if there is none, and bring it to this release's schema.

    Safe to run again: an up-to-date database stays as it is.
    """
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if settings.database_url == "" or not migrations.is_current(settings.effective_database_url):
        migrations.upgrade(settings.effective_database_url)
    click.echo("The database is at this release's schema.")
