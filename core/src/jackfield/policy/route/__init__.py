"""Routes: which of several models answers a call, and which one stands in for it.

Pure decisions: time, chance and what is known of the targets come in, an ordered list with reasons goes out.
"""

from __future__ import annotations

from jackfield.policy.route.affinity import Bound, bound_to
from jackfield.policy.route.measures import Measure, Measures, Meter, Outcome
from jackfield.policy.route.router import Router, Shared
from jackfield.policy.route.tasks import Detection, Detector, task_named
from jackfield.policy.route.values import Candidate, Decision, Dropped, Facts, Known, Ranker
from jackfield.policy.route.verdicts import refusal, triggers

__all__ = [
    "Bound",
    "Candidate",
    "Decision",
    "Detection",
    "Detector",
    "Dropped",
    "Facts",
    "Known",
    "Measure",
    "Measures",
    "Meter",
    "Outcome",
    "Ranker",
    "Router",
    "Shared",
    "bound_to",
    "refusal",
    "task_named",
    "triggers",
]
