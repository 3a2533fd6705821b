"""gemini is held to the contract."""

from jackfield.testing import ProviderContract


class TestGemini(ProviderContract):
    """Chosen by its profile."""

    provider = "gemini"
