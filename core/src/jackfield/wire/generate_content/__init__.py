"""The wire format ``generateContent``: turns of parts, thoughts with signatures, streams without an end mark."""

from __future__ import annotations

from jackfield.wire.generate_content.wire import GenerateContent

__all__ = ["GenerateContent"]
