"""Framings: the cutting of a body's bytes into records. No record is interpreted here."""

from __future__ import annotations
