"""vertex-anthropic is held to the contract."""

from jackfield.testing import ProviderContract


class TestVertexAnthropic(ProviderContract):
    """Chosen by its profile."""

    provider = "vertex-anthropic"
