"""After a failure the next target stands in, where the failure is of a kind that lets it."""

from __future__ import annotations

import pytest

from jackfield.errors import KINDS, ErrorInfo
from jackfield.policy.route import triggers
from jackfield.types.routes import TRIGGERS

SERVER = ErrorInfo("server", "broken")


@pytest.mark.parametrize("kind", KINDS)
def test_what_makes_the_next_target_stand_in(kind):
    """Throttles, outages, timeouts, lost connections and dead credentials do; what is the request's own does not."""
    expected = kind.startswith((*TRIGGERS, "config.credentials")) and not kind.startswith("request")

    assert expected == triggers(TRIGGERS, ErrorInfo(kind))


def test_the_triggers_are_a_setting():
    """Only what is set lets the next target stand in; what has to be asked for can be."""
    assert not triggers(("timeout",), SERVER)
    assert triggers(("request.policy",), ErrorInfo("request.policy"))
