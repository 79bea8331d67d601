"""Tools of a developer's machine; nothing here runs in production."""
