"""The settings of the ledger."""

from __future__ import annotations

import pytest

from jackfield.config import Settings
from jackfield.errors import BadConfig
from jackfield.ledger import open_ledger
from jackfield.types import NO_TAGS, Tags


def loaded(tmp_path, overrides=None, **env):
    return Settings.load(overrides, env={"JACKFIELD_HOME": str(tmp_path / "home"), **env}, cwd=tmp_path)


def test_it_is_off_by_default(tmp_path):
    """And calls have no tags."""
    settings = loaded(tmp_path)

    assert (None, NO_TAGS, None) == (settings.ledger, settings.tags, open_ledger(settings))


def test_it_may_be_turned_off_in_a_layer_above(tmp_path):
    """Where a file turned it on."""
    (tmp_path / "home" / "config").mkdir(parents=True)
    (tmp_path / "home" / "config" / "config.toml").write_text('ledger = "sqlite"\n')

    assert open_ledger(loaded(tmp_path)) is not None
    assert open_ledger(loaded(tmp_path, JACKFIELD_LEDGER="off")) is None


def test_the_embedded_one_lies_in_the_state_directory(tmp_path):
    """One for each user."""
    book = open_ledger(loaded(tmp_path, {"ledger": "sqlite"}))

    assert tmp_path / "home" / "state" / "ledger.sqlite" == book.store.path
    assert book is open_ledger(loaded(tmp_path, {"ledger": True}))


def test_an_address_is_taken_from_a_variable(tmp_path):
    """So that no password stands in a file."""
    env = {"LEDGER": "postgresql://ann:hunter2@db.example/x"}
    settings = loaded(tmp_path, {"ledger": "env:LEDGER"})

    assert "in PostgreSQL" == open_ledger(settings, env).store.name
    with pytest.raises(BadConfig, match="`LEDGER`, which is not set"):
        open_ledger(settings, {})


@pytest.mark.parametrize("value", ["mysql://ann:hunter2@db.example/x", "", 7])
def test_what_is_no_place_is_refused(tmp_path, value):
    """Without showing it: it may hold a password."""
    with pytest.raises(BadConfig, match="ledger: ") as caught:
        loaded(tmp_path, {"ledger": value})

    assert "hunter2" not in str(caught.value)


def test_a_project_cannot_move_a_users_accounts(tmp_path):
    """It can say what its calls are put down to."""
    (tmp_path / "jackfield.toml").write_text('[tags]\nproject = "shop"\n')
    assert Tags(project="shop") == loaded(tmp_path).tags
    (tmp_path / "jackfield.toml").write_text('ledger = "/elsewhere"\n')
    with pytest.raises(BadConfig, match="ledger: not allowed here"):
        loaded(tmp_path)


def test_tags_of_several_places_are_laid_over_each_other(tmp_path):
    """The nearest wins, tag by tag."""
    (tmp_path / "jackfield.toml").write_text('[tags]\nproject = "shop"\nteam = "red"\n')

    expected = Tags(user="ann", project="shop", more={"team": "blue"})
    assert expected == loaded(tmp_path, {"tags": {"team": "blue"}}, JACKFIELD_TAGS__USER="ann").tags


def test_tags_that_are_none_are_refused(tmp_path):
    """With their path."""
    with pytest.raises(BadConfig, match="tags: the tag `user` must be a text"):
        loaded(tmp_path, {"tags": {"user": 1}})


def test_an_address_is_masked_where_settings_are_shown(tmp_path):
    """It may hold a password."""
    settings = loaded(tmp_path, {"ledger": "postgresql://ann:hunter2@db.example/x"})

    assert ["***"] == [entry.value for entry in settings.entries() if entry.path == "ledger"]
