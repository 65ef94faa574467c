"""A broker that is away costs a booking nothing."""

from hms.clock import stopwatch
from hms.jobs import build_app, nudge_through
from hms.runtime import Runtime
from tests.support.factories import make_hospital, make_patient
from tests.support.letters import states, tell
from tests.support.processes import free_port


def test_a_broker_that_is_away_neither_raises_nor_delays(runtime: Runtime) -> None:
    broker = f"redis://127.0.0.1:{free_port()}/0"
    runtime.settings = runtime.settings.model_copy(update={"broker_url": broker})
    nudge_through(build_app(runtime), runtime)
    hospital = make_hospital(runtime)
    patient = make_patient(runtime, hospital)
    began = stopwatch()
    for _ in range(100):
        runtime.nudge()
    assert stopwatch() - began < 0.5
    tell(runtime, hospital, patient)
    assert states(runtime) == ["PENDING"]
