"""What codecs of operations have in common."""

from __future__ import annotations

import pytest

from jackfield.wire import Call, Dialect, Reply
from jackfield.wire.operations.codec import Codec, counted


class Half(Codec[str, str]):
    """Knows how to ask, and nothing else."""

    name = "half"
    path = ("half",)

    def render(self, request: str) -> Call:
        """The call that asks."""
        return self.call({"text": request})

    def parse(self, reply: Reply) -> str:
        """The answer of a reply."""
        return reply.body.decode()


def test_a_codec_without_all_of_its_verbs_is_not_made() -> None:
    """Its author hears of it when it is bound, not when the verb is needed."""
    with pytest.raises(TypeError, match=r"'read', 'write'|read, write"):
        Half(Dialect("acme", "https://api.acme.example"))  # type: ignore[abstract]  # which is the point


@pytest.mark.parametrize(
    ("value", "found"), [(12.0, 12), ("12", 12), (10**400, None), ("inf", None), (True, None), (1.5, None)]
)
def test_a_count_is_a_whole_number_of_some_size(value: object, found: int | None) -> None:
    """One of 400 digits was an overflow."""
    assert found == counted({"tokens": value}, "tokens")
