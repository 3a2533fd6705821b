"""The values a caller sends and receives."""

from __future__ import annotations

import attrs
import pytest

from jackfield import (
    Citation,
    Completion,
    Document,
    Finish,
    Image,
    Malformed,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    Timeouts,
    ToolCall,
    ToolResult,
    Usage,
)


def test_a_string_is_one_text_part() -> None:
    """A message made of a string has one text part."""
    assert (Text("hi"),) == Message("user", "hi").parts


def test_strings_among_parts_become_text() -> None:
    """Strings and parts may be mixed; their order stays."""
    picture = Image("image/png", data=b"x")

    message = Message("user", ["look", picture, "well?"])

    assert (Text("look"), picture, Text("well?")) == message.parts


@pytest.mark.parametrize("sources", [{}, {"data": b"x", "url": "https://a.example/b"}])
def test_media_needs_exactly_one_source(sources: dict[str, object]) -> None:
    """Media without a source, or with two, is refused."""
    with pytest.raises(ValueError, match="exactly one of data, url and file_id"):
        Image("image/png", **sources)


def test_media_of_a_path_guesses_its_type(tmp_path) -> None:
    """A file's media type follows from its name."""
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF")

    found = Document.from_path(path)

    assert Document("application/pdf", data=b"%PDF", name="report.pdf") == found


def test_a_data_url_is_taken_apart() -> None:
    """A ``data:`` URL becomes bytes, and back."""
    found = Image.from_url("data:image/gif;base64,aGk=")

    assert Image("image/gif", data=b"hi") == found
    assert found.data_url == "data:image/gif;base64,aGk="


def test_an_address_stays_an_address() -> None:
    """An address is not fetched; its type is guessed without the query."""
    found = Image.from_url("https://a.example/cat.jpg?size=2")

    assert found == Image("image/jpeg", url="https://a.example/cat.jpg?size=2")
    assert found.data_url == "https://a.example/cat.jpg?size=2"


def test_repr_of_media_shows_no_bytes() -> None:
    """The bytes of media are counted in its repr, not shown."""
    assert "<3 bytes>" in repr(Image("image/png", data=b"abc"))


def test_arguments_of_a_call_are_an_object() -> None:
    """The argument text is parsed when asked for; none at all is an empty object."""
    assert ToolCall("1", "f", '{"a": [1]}').arguments == {"a": [1]}
    assert ToolCall("1", "f", "").arguments == {}
    assert ToolCall("1", "f", "null").arguments == {}


@pytest.mark.parametrize("text", ["[1]", '{"a":', "nonsense"])
def test_arguments_that_are_no_object_are_malformed(text: str) -> None:
    """Models send invalid argument JSON; asking for it says so."""
    with pytest.raises(Malformed):
        _ = ToolCall("1", "f", text).arguments


def test_a_result_joins_its_texts() -> None:
    """The text of a tool result leaves other parts out."""
    assert ToolResult("1", ["a", Image("image/png", data=b""), "b"]).text == "ab"


def test_usage_buckets_add_up() -> None:
    """The buckets are disjoint, so the totals are their sums."""
    usage = Usage(1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

    assert usage.total_input == 63
    assert usage.total_output == 960


def test_a_completion_sorts_its_parts() -> None:
    """Text, reasoning, calls, citations and refusal are views of the parts."""
    cited = Citation(url="https://a.example")
    call = ToolCall("1", "f")
    parts = (
        Reasoning("hm"),
        Text("yes", (cited,)),
        call,
        ToolCall("2", "search", hosted=True),
        Refusal("no"),
    )

    answer = Completion(parts)

    assert ("yes", "hm", (call,), (cited,), "no") == (
        answer.text,
        answer.reasoning,
        answer.tool_calls,
        answer.citations,
        answer.refusal,
    )
    assert Message("assistant", parts) == answer.message


def test_a_completion_prints_as_its_text() -> None:
    """``str`` is the text, ``repr`` one line of facts."""
    answer = Completion((Text("hi"),), Finish("stop"), Usage(3, output=1), "m", "acme")

    assert str(answer) == "hi"
    assert repr(answer) == "<Completion acme/m: 3 in, 1 out, charge unknown, stop>"


def test_an_unknown_usage_is_not_zero() -> None:
    """A completion without usage says that it is unknown."""
    assert "usage unknown" in repr(Completion(()))


def test_values_are_frozen() -> None:
    """Nothing of a value can be set anew."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Text("a").text = "b"  # type: ignore[misc]


def test_opaque_payloads_are_not_shown() -> None:
    """A signature does not fill the repr."""
    assert "secret" not in repr(Reasoning("hm", Opaque("acme", "messages", {"signature": "secret"})))


def test_timeouts_evolve() -> None:
    """One clock is set anew, the others stay."""
    assert Timeouts(total=9.0) == Timeouts().evolve(total=9.0)
