"""How a classifier is built, and how TensorFlow runs it; needs no TensorFlow."""

from dataclasses import dataclass

from camseg.networks.registry import own_code
from camseg.options import Options, option

HEADS = ("gap", "gap_dense", "flatten_dense")


@dataclass(frozen=True, kw_only=True)
class ClassifierOptions(Options):
    """A classifier of a study, a row of its tables: an entry of the configuration's `models`."""

    name: str = option(
        "letters, digits and `.`, `_`, `-`, the first one a letter or digit: a folder's name, too"
    )
    network: str = option(
        "its name in `keras.applications`, or `FILE.py:FUNCTION`, your own code that builds it; "
        "null for `name` itself"
    )
    head: str = option(
        "the layers after the last feature map: `gap` (global average pooling), `gap_dense` "
        "(pooling, then hidden dense layers), `flatten_dense` (dense layers on every position)",
        default="gap",
        choices=HEADS,
    )
    widths: tuple[int, ...] = option(
        "units of each hidden layer of `gap_dense` and `flatten_dense`", default=(), minimum=1
    )
    weights: str | None = option(
        "the initial weights: null (random), `imagenet`, or the path of a weights file",
        default=None,
    )
    trained: str | None = option(
        "the path of a classifier, `.keras`, trained elsewhere: it is taken as it is, in place of "
        "training one on original ROIs; null for none",
        default=None,
    )

    @property
    def weights_file(self) -> str | None:
        """The path of the weights file, if it has one."""
        return None if self.weights == "imagenet" else self.weights

    @property
    def code_file(self) -> str | None:
        """The path of the user's code that builds the network, if it is no network of Keras."""
        own = own_code(self.network)
        return None if own is None else own[0]


@dataclass(frozen=True, kw_only=True)
class BatchOptions(Options):
    """What of TensorFlow's way to compute determines a result to the bit."""

    batch_size: int = option("ROIs per training step", minimum=2)
    threads: int = option(
        "threads of TensorFlow's arithmetic; part of what determines a result, so never taken "
        "from --cores",
        minimum=1,
    )
    instructions: str = option(
        "of the processor that oneDNN may use: `any`, or none beyond `avx2`, by which training "
        "steps gave the same bits on processors with AVX-512 and without; up to a third slower",
        choices=("any", "avx2"),
        default="any",
    )

    @property
    def arithmetic(self) -> dict:
        """What of it TensorFlow is told, the arguments of `arithmetic.repeat`."""
        return {"threads": self.threads, "instructions": self.instructions}
