"""deepseek is held to the contract."""

from jackfield.testing import ProviderContract


class TestDeepseek(ProviderContract):
    """Chosen by its profile."""

    provider = "deepseek"
