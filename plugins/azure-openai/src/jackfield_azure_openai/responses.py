"""Responses of a deployment; on the older surface, too, the body names it and the path does not."""

from __future__ import annotations

from jackfield.wire.responses import Responses
from jackfield_azure_openai.located import Located


class AzureResponses(Located, Responses):
    """Responses of a deployment."""
