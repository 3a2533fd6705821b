"""openai is held to the contract."""

from jackfield.testing import ProviderContract


class TestOpenai(ProviderContract):
    """Chosen by its profile."""

    provider = "openai"
