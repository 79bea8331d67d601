"""What can go wrong."""


class CannotFetch(Exception):
    """One line for whoever runs the command."""
