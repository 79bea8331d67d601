"""Sessions, the queue, and the edges that people and programs talk to."""

VERSION = "1.0.0"
"""Told by workers; the settings tell it in the API's schema."""
