"""The table of what routes save is what the study says, and the study is the same each time."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import costs as study


def test_the_workload_is_the_same_each_time():
    """Fixed by its seed; of all ten kinds, and two fifths of it demanding."""
    first, second = study.workload(), study.workload()

    assert first == second
    assert set(study.TYPICAL_TOKENS) == {asked.task for asked in first}
    assert (400, 167) == (len(first), sum(asked.demanding for asked in first))


def test_the_table_is_what_the_study_says(monkeypatch, tmp_path):
    """Where it is not, `python tests/studies/costs.py --write` puts it right."""
    for name in ("JACKFIELD_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(study.os, "environ", dict(study.os.environ))
    monkeypatch.chdir(tmp_path)
    page = study.PAGE.read_text(encoding="utf-8")

    assert page == study.written(page, study.table(study.run()))
