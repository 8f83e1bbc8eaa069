"""What determines a training besides its network and its ROIs; needs no TensorFlow."""

import math
from dataclasses import dataclass

from camseg.errors import CamsegError

# What early stopping and the schedule `plateau` may watch, and the sign that makes less better.
MONITORS = {"val_loss": 1, "val_accuracy": -1, "val_auc": -1}
SCHEDULES = ("constant", "cosine", "plateau")
KEEPS = ("best", "last")


@dataclass(frozen=True)
class Settings:
    """What determines a training besides its network and its ROIs."""

    epochs: int  # at most
    patience: int  # epochs without a better monitored value before an early stop
    monitor: str  # of MONITORS
    keep: str  # of KEEPS: the epoch whose weights the model ends with; the best by accuracy
    batch_size: int  # ROIs a step, at most
    learning_rate: float
    schedule: str  # of SCHEDULES: what becomes of the learning rate
    class_weights: str | None  # "balanced": losses weigh inversely to their class' frequency
    flips: bool  # augmentation: at random up-down, left-right
    rotation: float  # augmentation: at most so many degrees
    batchnorm_momentum: float | None  # of every BatchNormalization layer; None: the network's own
    seed: int
    threads: int  # inside an operation: they order its float sums

    def __post_init__(self) -> None:
        """Raise CamsegError if a value makes no sense."""
        for name in ("epochs", "patience", "batch_size", "threads"):
            if getattr(self, name) < 1:
                raise CamsegError(f"{name} is {getattr(self, name)}: must be at least 1")
        for name, known in (("monitor", MONITORS), ("schedule", SCHEDULES), ("keep", KEEPS)):
            if getattr(self, name) not in known:
                raise CamsegError(
                    f"{name} is {getattr(self, name)!r}: must be one of {', '.join(known)}"
                )
        if self.class_weights not in (None, "balanced"):
            raise CamsegError(f"class weights are {self.class_weights!r}: must be balanced or none")
        if not 0 <= self.learning_rate < math.inf:
            raise CamsegError(f"learning rate is {self.learning_rate}: must be finite, not below 0")
        if not 0 <= self.rotation <= 180:
            raise CamsegError(f"rotation is {self.rotation}: must be 0 to 180 degrees")
        momentum = self.batchnorm_momentum
        if not (momentum is None or (isinstance(momentum, float | int) and 0 <= momentum < 1)):
            raise CamsegError(
                f"BatchNorm's momentum is {momentum!r}: must be none, or 0 to below 1"
            )
