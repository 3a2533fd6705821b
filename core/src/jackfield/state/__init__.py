"""State that several processes share: limits, budgets, gates and cached answers.

Without one, everything is kept in the process. ``open_state`` opens what the table ``[state]`` names: ``redis``, or
what another distribution offers under the entry-point group ``jackfield.state``: a factory that takes the settings
and returns a ``State``.
"""

from __future__ import annotations

from jackfield.config.state import StateSettings
from jackfield.state.base import Give, Health, Outcome, Reserve, State, StateUnavailable, Take, Took

GROUP = "jackfield.state"


def open_state(settings: StateSettings) -> State | None:
    """The place that processes share; ``None`` where each keeps its own."""
    if settings.backend == "memory":
        return None
    if settings.backend == "redis":
        from jackfield.state.redis import RedisState

        return RedisState(settings)
    return _offered(settings)


def _offered(settings: StateSettings) -> State:
    """What another distribution offers."""
    from importlib.metadata import entry_points

    from jackfield.errors import BadConfig, ErrorInfo
    from jackfield.profile.schema import suggestion

    offers = {entry.name: entry for entry in entry_points(group=GROUP)}
    entry = offers.get(settings.backend)
    if entry is None:
        known = ("memory", "redis", *sorted(offers))
        msg = f"state.backend: there is no `{settings.backend}`{suggestion(settings.backend, known)}"
        raise BadConfig(ErrorInfo("config", msg, hint=f"installed are {', '.join(known)}"))
    state: State = entry.load()(settings)
    return state


__all__ = [
    "GROUP",
    "Give",
    "Health",
    "Outcome",
    "Reserve",
    "State",
    "StateUnavailable",
    "Take",
    "Took",
    "open_state",
]
