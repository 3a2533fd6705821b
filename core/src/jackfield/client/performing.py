"""Operations beside completions from their beginning: of a model or a route, told to whoever observes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jackfield.client.attempts import UNREPEATABLE
from jackfield.client.calling import decided
from jackfield.client.local import answered
from jackfield.client.operate import operating
from jackfield.client.plan import plan_operation
from jackfield.errors import KINDS, ErrorInfo, JackfieldError
from jackfield.flow import NOW, Flow
from jackfield.identity import request_id
from jackfield.options import OPERATIONS
from jackfield.policy.route import Facts, Router, triggers
from jackfield.types.routes import ROUTE

if TYPE_CHECKING:
    from jackfield.client.binding import Binding
    from jackfield.client.client import Bindings
    from jackfield.client.plan import Plan
    from jackfield.client.requests import Maker

_FEW = 500  # tokens that an operation is thought to take in, for choosing by cost


def performing(
    client: Bindings, name: str | None, operation: str, make: Maker, options: Mapping[str, Any]
) -> Flow[Any]:
    """The answer to an operation of a model, or of the first of a route's targets that gives one."""
    if name is not None and name.startswith(ROUTE):

        def plan_of(binding: Binding) -> Plan:
            return plan_operation(binding, operation, make, options)

        needs = frozenset({OPERATIONS[operation].capability})
        flow = _routed(client, client.routes.router(name), Facts(needs=needs, tokens=_FEW), plan_of)
    else:
        binding = client.bind(name)
        flow = answered(binding, operating(binding, plan_operation(binding, operation, make, options)))
    return flow if client.services.fence is None else _told(client, name or "", operation, flow)


def _routed(client: Bindings, router: Router, facts: Facts, plan_of: Callable[[Binding], Plan]) -> Flow[Any]:
    decision = decided(client, router, facts, (yield NOW))
    failed: JackfieldError | None = None
    for candidate in decision.candidates:
        binding = client.services.measured(candidate.model, router.route.name)
        plan = plan_of(binding)
        try:
            return (yield from answered(binding, operating(binding, plan)))
        except JackfieldError as exc:
            failed = exc
        if not triggers(router.route.fallback_on, failed.info) or not _may_repeat(plan, failed.info):
            break
    assert failed is not None
    raise failed


def _may_repeat(plan: Plan, error: ErrorInfo) -> bool:
    """Whether the operation may be done elsewhere: it was certainly not done, or doing it twice is doing it once."""
    return plan.operation not in UNREPEATABLE or error.sent == "no" or KINDS[error.kind].billed == "no"


def _told(client: Bindings, name: str, operation: str, flow: Flow[Any]) -> Flow[Any]:
    from jackfield.client.watching import Telling
    from jackfield.telemetry.events import CallStarted

    assert client.services.fence is not None
    call = request_id()
    telling = Telling(client.services.fence, call, CallStarted(call, name, operation))
    try:
        answer = yield from flow
    except JackfieldError as exc:
        telling.finished(None, exc.info)
        raise
    except BaseException:
        telling.finished(gone=True)
        raise
    telling.finished(answer)
    return answer
