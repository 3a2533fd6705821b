"""DeepSeek on Vertex AI for jackfield: chat completions at the endpoint all open models share."""

from __future__ import annotations

from jackfield_vertex import auth
from jackfield_vertex.partners import open_chat

__all__ = ["auth", "completion"]

completion = open_chat()
