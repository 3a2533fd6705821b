"""The wire of the models of one maker, which are spoken to in its own format."""

from __future__ import annotations

from jackfield_azure_openai.located import Located

from jackfield.wire.messages import Messages


class FoundryMessages(Located, Messages):
    """Messages of a deployment."""
