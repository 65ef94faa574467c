"""Triggers and constraints that Alembic has no words for, one script an engine and direction."""

from pathlib import Path

from alembic import op

HERE = Path(__file__).parent
SEPARATOR = "--;;"


def run_sql(name: str) -> None:
    """Run the script ``name`` of the present engine; statements are parted by lines of ``--;;``."""
    engine = op.get_bind().dialect.name
    script = (HERE / f"{name}.{engine}.sql").read_text(encoding="utf-8")
    if engine == "postgresql":
        script = script.replace("%", "%%")  # the driver reads a single one as a parameter
    for statement in script.split(SEPARATOR):
        op.get_bind().exec_driver_sql(statement)
