"""groq is held to the contract."""

from jackfield.testing import ProviderContract


class TestGroq(ProviderContract):
    """Chosen by its profile."""

    provider = "groq"
