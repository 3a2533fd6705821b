"""DeepSeek at Google Cloud: where calls go, and what failures mean."""

from __future__ import annotations

import pytest

import jackfield

MODEL = "deepseek-ai/deepseek-v4.1-flash-maas"

TOKEN = "ya29.not-a-real-token"
SETTINGS = {"access_token": TOKEN, "project": "river-project"}


# -- the profile -----------------------------------------------------------------------------------


def test_nothing_about_chat_is_left_open(unstated):
    """The profile is found without the package."""
    assert not unstated


# -- where calls go --------------------------------------------------------------------------------


def test_calls_go_to_the_host_of_their_location(sent):
    """Under project, publisher and model."""
    call = sent("deepseek-ai/deepseek-v4.1-flash-maas", settings=SETTINGS)

    assert (
        "https://aiplatform.googleapis.com/v1/projects/river-project/locations/global/endpoints/openapi/chat/completions"
        == call.url
    )
    assert f"Bearer {TOKEN}" == call.headers["authorization"]


# -- requests --------------------------------------------------------------------------------------


def test_how_much_to_reason_cannot_be_said(sent):
    """Told before anything is sent."""
    with pytest.raises(jackfield.Unsupported, match="reasoning"):
        sent(MODEL, settings=SETTINGS, reasoning="low")


# -- whole exchanges -------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_reasoning_comes_beside_the_answer(replayed, stream):
    """Whole and streamed."""
    name, prompt = f"vertex-deepseek/{MODEL}", "Name three rivers."
    with replayed("stream" if stream else "completion", **SETTINGS) as client:
        if stream:
            answer = client.stream(name, prompt).completion()
        else:
            answer = client.complete(name, prompt, max_tokens=50)

    assert ("Three are asked for.", "Aare, Limmat, Inn.") == (answer.reasoning, answer.text)
    assert (9, 31) == (answer.usage.input, answer.usage.output)


def test_a_right_that_is_missing_is_told(replayed):
    """In the host's words."""
    with (
        replayed("error", **SETTINGS) as client,
        pytest.raises(jackfield.Unauthorized, match=r"endpoints\.predict"),
    ):
        client.complete(f"vertex-deepseek/{MODEL}", "hi")
