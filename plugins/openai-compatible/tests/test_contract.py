"""openai-compatible is held to the contract."""

from jackfield.testing import ProviderContract


class TestOpenaiCompatible(ProviderContract):
    """Chosen by its profile."""

    provider = "openai-compatible"
