"""Calls of bindings that answer themselves stay inside the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from jackfield.flow import Flow, answered_locally

if TYPE_CHECKING:
    from jackfield.client.binding import Binding

Result = TypeVar("Result")


def answered(binding: Binding, flow: Flow[Result]) -> Flow[Result]:
    """``flow``, answered by the binding itself if it can."""
    return flow if binding.answer is None else answered_locally(flow, binding.answer)
