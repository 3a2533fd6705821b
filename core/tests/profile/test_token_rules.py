"""How a provider counts tokens, as data."""

from __future__ import annotations

import pytest

from jackfield.errors import BadConfig
from jackfield.profile import read_profile
from jackfield.profile.counting import USUAL

HEAD = 'spec = 1\nid = "acme"\nname = "Acme"\nwire = "chat_completions"\n'


@pytest.fixture
def profile(tmp_path):
    def profile(rules):
        (tmp_path / "profile.toml").write_text(HEAD + rules)
        return read_profile(tmp_path)

    return profile


def test_of_each_figure_the_first_rule_counts(profile):
    """Those of some models stand before those of all."""
    rules = '[[tokens]]\nmodels = ["a*"]\nscale = 1.5\ntokenizer = "tiktoken:x"\n[[tokens]]\nscale = 1.2\nturn = 0\n'
    found = profile(rules)

    a, b = found.counting("a-1"), found.counting("b-1")

    assert ((1.5, 0, "tiktoken:x", None), (1.2, 0, "")) == (
        (a.scale, a.turn, a.tokenizer, a.prompt),
        (b.scale, b.turn, b.tokenizer),
    )


def test_a_tokenizer_may_be_named_like_the_model(profile):
    """As on hubs, where each model has a repository; what is behind a colon is no part of its name."""
    found = profile('[[tokens]]\ntokenizer = "tokenizers:{model}"\n')

    assert "tokenizers:maker/m" == found.counting("maker/m:fast").tokenizer


def test_answers_are_kept_but_not_forever(profile):
    """Names come from callers."""
    found = profile("[[tokens]]\nturn = 1\n")

    assert found.counting("a") is found.counting("a")
    assert 1 == [found.counting(str(number)) for number in range(3000)][-1].turn
    assert len(found._counted) <= 1024


def test_without_rules_it_is_as_with_most(profile):
    """One value for all, so that it can be told by identity."""
    assert profile("").counting("any") is USUAL
    assert profile('[[tokens]]\nmodels = ["a*"]\nturn = 1\n').counting("b") is USUAL


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("scale = 0", "scale: must be above 0"),
        ('tokenizer = "guess:x"', "tokenizer: must be one of tiktoken"),
        ('tokenizer = "tekken:"', "tokenizer: must be one of tiktoken"),
        ("turns = 3", "did you mean `turn`"),
        ("prompt = -1", "0 or more"),
    ],
)
def test_what_is_no_rule_is_refused(profile, rule, words):
    """With its place."""
    with pytest.raises(BadConfig, match=words):
        profile(f"[[tokens]]\n{rule}\n")
