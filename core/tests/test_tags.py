"""Whose a call is."""

from __future__ import annotations

import pytest

from jackfield.errors import InvalidRequest
from jackfield.types import NO_TAGS, Tags


def test_named_tags_have_fields_and_others_are_kept():
    """Everybody's words, and one's own."""
    assert Tags(user="ann", more={"team": "blue"}) == Tags.of({"user": "ann", "team": "blue"})


def test_no_tags_are_one_value():
    """The usual call makes none."""
    assert Tags.of(None) is Tags.of({}) is Tags.checked({}) is NO_TAGS


def test_tags_win_over_those_they_are_laid_over():
    """Field by field."""
    over = Tags(user="ann", more={"team": "blue"}).over(
        Tags(user="bob", project="shop", more={"team": "red", "a": "b"})
    )

    assert Tags(user="ann", project="shop", more={"team": "blue", "a": "b"}) == over


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("ann", "must be a mapping"),
        ({"user": 1}, "tag `user` must be a text"),
        ({"user": "x" * 201}, "tag `user` must be a text"),
        ({"": "x"}, "name of a tag"),
        ({"route": "cheap"}, "the tag `route` is not yours to set"),
        ({"provider": "acme"}, "the tag `provider` is not yours to set"),
        ({f"t{number}": "x" for number in range(23)}, "23 tags"),
    ],
)
def test_what_is_no_tag_is_refused(given, fault):
    """Before anything is sent, and without saying more of it than its name."""
    with pytest.raises(InvalidRequest, match=fault):
        Tags.of(given)
