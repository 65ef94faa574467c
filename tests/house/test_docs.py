"""What the documents say is so: every setting is described, links lead somewhere, the import's example comes in."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import AliasChoices

from hms.access.actors import Actor
from hms.cli import COMMANDS
from hms.domain.figures import DEFINITIONS
from hms.domain.imports import KNOWN_COLUMNS
from hms.processes.demo import accounts
from hms.processes.imports import ImportOptions, import_file
from hms.runtime import Runtime
from hms.settings import Settings
from tests.support.factories import make_hospital

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)


def described_settings() -> dict[str, str]:
    """Return variable → default of the configuration page."""
    found = {}
    for line in (ROOT / "docs" / "reference" / "configuration.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        for name in re.findall(r"`([A-Z_]{4,})`", cells[1]) if len(cells) > 3 else []:
            found[name] = cells[2].strip("`")
    return found


def test_every_setting_is_described_with_its_default() -> None:
    described = described_settings()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"HMS_{name.upper()}"
        default = field.default.get_secret_value() if hasattr(field.default, "get_secret_value") else field.default
        assert described.pop(variable) == str(default), variable
    assert described == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert lost == []


def test_import_columns_are_all_described() -> None:
    table = (ROOT / "docs" / "import.md").read_text()
    assert [name for name in sorted(KNOWN_COLUMNS) if f"`{name}`" not in table] == []


def test_example_of_the_import_comes_in(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    file = ROOT / "docs" / "import-example.csv"
    report = import_file(runtime, Actor.system(hospital.id), file, ImportOptions(create_doctors=True))
    assert (report.bad, report.unknown_columns) == ([], ())
    assert (report.past, report.reviews, report.booked, len(report.patients), len(report.doctors)) == (4, 1, 1, 4, 1)


def test_readme_names_every_command_and_account() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if name not in readme] == []
    shown = accounts(UUID(int=1), "-").emails.values()
    assert [email for email in shown if f"`{email}`" not in readme] == []


def test_every_figure_is_defined_in_the_same_words() -> None:
    reference = (ROOT / "docs" / "reference" / "figures.md").read_text()
    assert [name for name, words in DEFINITIONS.items() if f"| `{name}` | {words} |" not in reference] == []
