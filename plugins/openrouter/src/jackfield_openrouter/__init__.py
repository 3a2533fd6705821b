"""openrouter for jackfield; everything about it is in profile.toml and models.toml."""
