"""ollama is held to the contract."""

from jackfield.testing import ProviderContract


class TestOllama(ProviderContract):
    """Chosen by its profile."""

    provider = "ollama"
