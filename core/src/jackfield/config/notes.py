"""Warnings about configuration: told to the log, where an application decides who sees them."""

from __future__ import annotations


def warn(text: str) -> None:
    """Tell the log ``jackfield`` of something that may be wrong."""
    import logging

    logging.getLogger("jackfield").warning("%s", text)
