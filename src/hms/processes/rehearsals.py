"""What a change would do, found out by doing it and taking it back."""

from collections.abc import Callable
from typing import Concatenate, Generic, ParamSpec, TypeVar

from hms.access.actors import Actor
from hms.runtime import Runtime
from hms.transaction import Work

P = ParamSpec("P")
R = TypeVar("R")


class _TakenBack(Exception, Generic[R]):
    """Carries the result out of a transaction that must not commit."""

    def __init__(self, result: R) -> None:
        super().__init__()
        self.result = result


def rehearse(
    runtime: Runtime, actor: Actor, service: Callable[Concatenate[Work, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run a service, roll everything back and return its result, so that a preview never differs from the change.

    Raises what the service raises. The rows are locked for that moment; no message leaves.
    """

    def take_back(work: Work) -> R:
        raise _TakenBack(service(work, *args, **kwargs))

    try:
        return runtime.transact(actor, take_back)
    except _TakenBack as taken_back:
        result: R = taken_back.result
        return result
