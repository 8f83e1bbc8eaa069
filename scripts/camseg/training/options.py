"""What determines a training besides its network and its ROIs; needs no TensorFlow."""

from dataclasses import dataclass

from camseg.networks.options import BatchOptions
from camseg.options import Options, option

# What early stopping and the schedule `plateau` may watch, and the sign that makes less better.
MONITORS = {"val_loss": 1, "val_accuracy": -1, "val_auc": -1}


@dataclass(frozen=True, kw_only=True)
class StepOptions(BatchOptions):
    """What a training step of any network is computed by."""

    kernels: str = option(
        "batch normalisation and Adam `fused`, which is faster, or Keras' own, `stock`: the same "
        "up to rounding, should a version of Keras not get on with the fused ones",
        choices=("fused", "stock"),
        default="fused",
    )
    precision: str = option(
        "what a step is computed in: `float32`, or `bfloat16`, of half the bits, for GPUs: "
        "weights, batch statistics, logits and loss stay float32, and so does all that a network "
        "does once it is trained",
        choices=("float32", "bfloat16"),
        default="float32",
    )
    xla: bool = option(
        "whether XLA compiles the step, which takes its time once; for GPUs: on a CPU each step is "
        "slower",
        default=False,
    )

    @property
    def fused(self) -> bool:
        """Whether the kernels are fused."""
        return self.kernels == "fused"


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(StepOptions):
    """The section `training` of the configuration."""

    epochs: int = option("the most epochs that a training runs", minimum=1)
    patience: int = option(
        "epochs without a better `monitor` before a training stops early", minimum=1
    )
    monitor: str = option(
        "what early stopping and the schedule `plateau` watch of the validation ROIs (of those for "
        "selection, with `split: test`): `val_loss`, `val_accuracy`, `val_auc`",
        choices=tuple(MONITORS),
    )
    keep: str = option(
        "whose weights a training ends with: its `best` epoch's (highest accuracy of the ROIs that "
        "`monitor` is of; of equals, lower loss; then the earlier), or its `last`",
        choices=("best", "last"),
    )
    learning_rate: float = option(
        "of Adam; written 0.001 or 1.0e-3, since YAML takes 1e-3 for text", above=0
    )
    schedule: str = option(
        "what becomes of the learning rate: `constant`, `cosine` (towards 0 at the last epoch), "
        "`plateau` (halved after every 10 epochs without a better `monitor`)",
        choices=("constant", "cosine", "plateau"),
    )
    class_weights: str | None = option(
        "`balanced` weighs losses inversely to the frequency of their class; null weighs all alike",
        choices=("balanced",),
    )
    flips: bool = option(
        "augmentation of the training ROIs after the filter: random flips up-down and left-right"
    )
    rotation: float = option(
        "augmentation, likewise: random rotations by at most so many degrees",
        minimum=0,
        maximum=180,
    )
    batchnorm_momentum: float | None = option(
        "of every BatchNormalization layer; null keeps each network's own (.9997 to .99), too slow "
        "for short trainings",
        minimum=0,
        below=1,
    )


@dataclass(frozen=True, kw_only=True)
class Settings(TrainingOptions):
    """The options of one training, with the seed derived for it."""

    seed: int = option("what the training's random numbers follow from", minimum=0)


@dataclass(frozen=True, kw_only=True)
class ExecutionOptions(Options):
    """The section `execution` of the configuration: it changes no result and repeats nothing."""

    save_every_minutes: int = option(
        "a training saves its state at the end of an epoch, at most so often; 0 for every one",
        minimum=0,
    )
    memory_mb: int = option(
        "a training whose ROIs take more than this reads them from their files batch by batch",
        minimum=0,
    )
    tensorboard: bool = option("logs for TensorBoard in the folder `tensorboard` beside each model")
