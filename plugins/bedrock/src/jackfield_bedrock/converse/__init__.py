"""The wire of the Converse API: one form of request and answer for the models of all makers."""

from __future__ import annotations

from jackfield_bedrock.converse.wire import Converse

__all__ = ["Converse"]
