"""The dashboard and the alert rules ask for figures that HMS really shows, in sentences that Prometheus understands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.metrics import Metrics
from hms.processes.delivery import deliver_due
from hms.processes.jobs import run_job
from hms.runtime import Runtime
from hms.web.app import create_app
from tests.support.callers import HttpHouse

FOLDER = Path(__file__).parents[2] / "infra" / "monitoring"
PROMETHEUS_OWN = {"up"}


def dashboard() -> Any:
    return json.loads((FOLDER / "dashboard.json").read_text())


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> Iterator[str]:
    """Give every expression, the dashboard's with its variables filled in."""
    yield from (rule["expr"] for rule in alerts())
    for panel in dashboard()["panels"]:
        yield from (target["expr"].replace("$hospital", "HMS001") for target in panel["targets"])


def selectors(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each name that is asked for, with the labels that must equal something."""
    for name, labels in re.findall(r"\b(hms_\w+|up)(?:\{([^}]*)\})?", expression):
        yield name, dict(re.findall(r'(\w+)="([^"]*)"', labels))


@pytest.fixture
def shown(runtime: Runtime, clock: FixedClock) -> dict[str, list[dict[str, str]]]:
    """Give the figures of a house in which something happened: name → labels of each."""
    counted = replace(runtime, metrics=Metrics())
    house = HttpHouse(counted, create_app(counted))
    house.booked()
    run_job(counted, house.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    clock.advance(timedelta(minutes=1))
    deliver_due(counted)
    house.stranger.get("/nothing")
    page = house.app.test_client().get("/metrics").text
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(page):
        found.setdefault(family.name, [])
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def test_every_expression_is_promql_over_figures_that_are_shown(shown: dict[str, list[dict[str, str]]]) -> None:
    asked = list(expressions())
    assert len(asked) > 15
    for expression in asked:
        promql_parser.parse(expression)
        for name, labels in selectors(expression):
            # What has not happened in the little house, such as a run at hand, has a name and no line.
            assert name in PROMETHEUS_OWN or name in shown, f"{name} in {expression}"
            known = {label for line in shown.get(name, []) for label in line}
            assert name in PROMETHEUS_OWN or not shown[name] or set(labels) <= known, f"{labels} in {expression}"


def test_labels_by_which_is_summed_exist(shown: dict[str, list[dict[str, str]]]) -> None:
    everywhere = {label for lines in shown.values() for line in lines for label in line}
    wanted = {
        label
        for expression in expressions()
        for by in re.findall(r"by \(([^)]*)\)", expression)
        for label in by.split(", ")
    }
    assert wanted <= everywhere


def test_every_alert_says_what_it_means_and_how_bad_it_is() -> None:
    rules = alerts()
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        promql_parser.parse(rule["expr"])


def test_panels_do_not_overlap_and_fit_the_grid() -> None:
    cells = [
        (x, y)
        for panel in dashboard()["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
