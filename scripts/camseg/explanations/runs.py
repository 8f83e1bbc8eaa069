"""What an explanation costs: how often it has the network run."""

from dataclasses import dataclass


@dataclass
class Runs:
    """How often a batch was run through the network, forward, and how often back to the input."""

    forward: int = 0
    back: int = 0
