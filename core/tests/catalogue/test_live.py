"""What providers say of their models themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from jackfield.capability import Capability
from jackfield.catalogue.live import Told, file_of, keep_told, live_shelf, read_told
from jackfield.catalogue.query import Catalogue
from jackfield.profile import Model, Profile
from jackfield.types import ModelInfo

MODELS = (
    ModelInfo("m", "M", datetime(2026, 1, 2, tzinfo=UTC), "acme", 10, 5, raw={"id": "m"}),
    ModelInfo("n"),
)


def test_a_list_comes_back_as_it_was_kept(tmp_path):
    """All but the provider's own words, in a file of the user's alone."""
    file = file_of(tmp_path / "models", "acme", "https://acme.invalid")

    keep_told(file, Told(7.0, MODELS))
    told = read_told(file)

    assert told is not None
    assert (7.0, ["m", "n"], MODELS[0].created) == (
        told.at,
        [one.id for one in told.models],
        told.models[0].created,
    )
    assert 0o600 == file.stat().st_mode & 0o777


def test_each_address_has_a_list_of_its_own(tmp_path):
    """A region may offer other models."""
    assert file_of(tmp_path, "acme", "https://a.invalid") != file_of(tmp_path, "acme", "https://b.invalid")


@pytest.mark.parametrize(
    "text", ["", "{}", '{"form": 0}', '{"form": 1, "at": 1, "models": [{}]}', "[" * 99_999]
)
def test_what_is_no_list_is_asked_for_anew(tmp_path, text):
    """Whatever is wrong with it."""
    file = tmp_path / "acme-0.json"
    file.write_text(text)

    assert (None, None) == (read_told(file), read_told(tmp_path / "none"))


def test_a_list_is_fresh_for_an_hour():
    """And never where the clock was set back."""
    told = Told(1000.0, ())

    assert [True, True, False, False] == [told.fresh(now) for now in (1000.0, 4599.0, 4600.0, 999.0)]


def test_a_list_is_joined_with_what_is_known():
    """What the provider says counts for more; what it does not say is as its package has it."""
    known = (Model("m", context=7, max_output=3, mode="embedding"), Model("gone"))
    profile = Profile("acme", "Acme", "chat_completions", models=known)

    catalogue = Catalogue(lambda _: [live_shelf(profile, MODELS)])

    found = {one.id: (one.context, one.max_output, one.mode, one.origin) for one in catalogue.find()}
    assert {"m": (10, 5, "embedding", "live"), "n": (None, None, "chat", "live")} == found
    assert catalogue.get("acme/m").can(Capability.EMBEDDINGS)


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path):
    """The list is asked for each time."""
    (tmp_path / "models").write_text("")

    keep_told(file_of(tmp_path / "models", "acme", ""), Told(1.0, MODELS))

    assert json.loads("null") is read_told(file_of(tmp_path / "models", "acme", ""))
