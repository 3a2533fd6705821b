"""Mistral AI on Vertex AI for jackfield: chat completions, passed on by Google Cloud."""

from __future__ import annotations

from jackfield_vertex import auth
from jackfield_vertex.partners import raw_chat

__all__ = ["auth", "completion"]

completion = raw_chat("mistralai")
