"""anthropic is held to the contract."""

from jackfield.testing import ProviderContract


class TestAnthropic(ProviderContract):
    """Chosen by its profile."""

    provider = "anthropic"
