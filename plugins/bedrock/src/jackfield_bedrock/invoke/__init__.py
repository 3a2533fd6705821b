"""The wires of InvokeModel: every maker's models in the format their maker gave them."""

from __future__ import annotations

from typing import Any

from jackfield_bedrock.families import plain_id

NAME = "invoke"


def invoke_class(model: str) -> Any:
    """The wire of the model's maker."""
    from jackfield_bedrock.invoke.forms import form_of
    from jackfield_bedrock.invoke.prompts import Prompted
    from jackfield_bedrock.invoke.wires import InvokeChat, InvokeMessages, InvokeNova

    plain = plain_id(model)
    if plain.startswith("anthropic."):
        return InvokeMessages
    if plain.startswith("amazon.nova"):
        return InvokeNova
    return InvokeChat if form_of(plain) is None else Prompted
