"""The one exception a user is meant to read."""


class CamsegError(ValueError):
    """Something is wrong with what the user gave: one line with file, place, reason and remedy."""
