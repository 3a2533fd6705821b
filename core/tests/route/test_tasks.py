"""Tasks are told from what is said, in the order that is laid down."""

from __future__ import annotations

import pytest

from jackfield.errors import InvalidRequest
from jackfield.policy.route.tasks import Detector, task_named

detector = Detector()


def test_what_the_caller_says_wins():
    """An explicit task is believed, whatever the prompt is about."""
    found = detector.detect("Translate this into German", "You are a programmer", "planning")

    assert ("Planning", 1.0) == (found.task, found.confidence)


def test_the_system_prompt_comes_before_the_phrases():
    """What a model is there for says more than one request of it."""
    assert "Translation" == detector.detect("summarize this", "You are a translator.").task


@pytest.mark.parametrize(
    ("prompt", "task"),
    [
        ("What stage are we at?", "General"),
        ("a heritage that is staggering", "General"),
        ("Create a project plan", "Planning"),
        ("CREATE A PLAN", "Planning"),
        ("Translate this into German", "Translation"),
        ("put it in a cupboard", "General"),
        ("labelled bottles", "General"),
        ("implementation of the treaty", "General"),
    ],
)
def test_phrases_stand_on_word_boundaries(prompt, task):
    """A phrase within a word is none."""
    assert task == detector.detect(prompt).task


def test_a_long_prompt_that_tells_nothing_is_long_form():
    """More than a thousand characters; not a thousand."""
    assert ["General", "LongFormGeneration"] == [detector.detect("x" * size).task for size in (1000, 1001)]


def test_a_phrase_counts_before_length():
    """A long prompt with an instruction is what the instruction says."""
    assert "Translation" == detector.detect("Translate this into French: " + "la " * 600).task


def test_an_empty_prompt_is_general():
    """Nothing said tells nothing."""
    found = detector.detect("")

    assert ("General", 0.5) == (found.task, found.confidence)


def test_words_in_passing_are_less_sure_than_instructions():
    """A weak word is above the usual threshold alone, and below it where two disagree."""
    weak, two = detector.detect("a label"), detector.detect("a brief label")

    assert (0.75, 0.6) == (weak.confidence, two.confidence)


def test_configured_phrases_count():
    """Phrases of one's own, with a gap, tell of a task, too."""
    own = Detector({"Validation": ["does ... hold water"]})

    assert "Validation" == own.detect("Does this story hold water?").task


def test_configured_system_words_count():
    """Words of one's own in system prompts, too."""
    assert (
        "Planning"
        == Detector(system_words={"Planning": ["wegweiser"]}).detect("hm", "Du bist ein Wegweiser").task
    )


def test_answers_are_kept_within_bounds():
    """The oldest answer gives way; no prompt is kept."""
    small = Detector(entries=2)
    for word in ("one", "two", "three"):
        small.detect(word)

    assert 2 == len(small._kept.kept())
    assert small.detect("three") is small.detect("three")


def test_signals_tell_domain_style_and_complexity():
    """Further words tell more, for rules."""
    found = detector.signals("Explain how a database index speeds up an SQL query")

    assert ("technical", "moderate") == (found.domain, found.complexity)
    assert "complex" == detector.signals("design and compare two systems").complexity
    assert detector.signals("what is it") is detector.signals("what is it")


def test_a_slip_in_a_task_is_answered():
    """A task is named however it is spelt; what is none is refused with what may be meant."""
    assert "LongFormGeneration" == task_named("long_form")
    with pytest.raises(InvalidRequest, match="did you mean `Planning`"):
        task_named("planing")


def test_a_far_instruction_is_a_guess():
    """What stands amid a long prompt is rather its subject than its task."""
    assert 0.7 == detector.detect("word " * 200 + "summarize " + "word " * 200).confidence


@pytest.mark.parametrize(
    ("prompt", "task"),
    [
        ("Write a detailed plan for the move", "Planning"),
        ("Write a comprehensive test for the parser", "CodeGeneration"),
        ("Write a summary of chapter four", "Summarization"),
        ("Summarize this, then translate it into French", "Summarization"),
    ],
)
def test_where_several_phrases_stand(prompt, task):
    """The first one counts; at one place a subject says more than a length."""
    assert {task} == {Detector().detect(prompt).task for _ in range(5)}


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        ("Re-summarize nothing; summarize this.", "`summarize`"),  # the first is part of a word
        ("“Summarize” is what I said — übrigens.", "`summarize`"),  # letters and signs beyond ASCII
        ("x_summarize desummarize summarize-ish", "nothing"),
    ],
)
def test_a_phrase_is_found_behind_what_only_looks_like_it(prompt, why):
    """Words that contain a phrase are passed over, and the phrase itself is found after them."""
    assert why in detector.detect(prompt).why


def test_of_two_phrases_at_one_place_the_same_counts_always():
    """Whichever comes first in the tables, and in whatever order this process keeps its sets."""
    orders = [["draft a ... poem", "draft a ... song"], ["draft a ... song", "draft a ... poem"]]

    found = {Detector({"Planning": order}).detect("Draft a nice poem song").why for order in orders}

    assert {"`draft a ... poem` in the prompt"} == found
