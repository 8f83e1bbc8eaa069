"""What a study of synthetic cases is made of; needs no NumPy."""

from dataclasses import dataclass

from camseg.options import Options, option


@dataclass(frozen=True, kw_only=True)
class PhantomOptions(Options):
    """The section `phantom` of the configuration."""

    cases: int = option(
        "how many synthetic cases are written; more cases leave the earlier ones unchanged",
        minimum=1,
        maximum=9999,
    )
    contrast: tuple[float, float] = option(
        "the lesions' contrast in optical density, drawn uniformly from low to high",
        above=0,
        default=(0.45, 1.0),
    )
