"""``python -m jackfield.cli`` is the command ``jackfield``."""

from __future__ import annotations

from jackfield.cli import main

main()
