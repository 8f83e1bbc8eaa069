"""What a study takes of a data set, and how it reads it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from camseg.errors import CamsegError
from camseg.options import Options, option


@dataclass(frozen=True, kw_only=True)
class GreyOptions(Options):
    """The key `grey` of the configuration's section `rois`."""

    grey: str = option(
        "8-bit grey: `optical_density`, by each scanner's calibration; `min_max`, each image's raw "
        "grey stretched from its least to its greatest, so that an unknown scanner is no reason to "
        "reject a view; `robust`, from its 0.1st to its 99.9th percentile, so that a hot pixel "
        "does not squeeze the rest",
        choices=("optical_density", "min_max", "robust"),
    )


@dataclass(frozen=True, kw_only=True)
class Selection(Options):
    """The section `selection` of the configuration. Letter case does not matter."""

    lesion_types: tuple[str, ...] = option(
        "the lesions to take, by type: `MASS`, `CALCIFICATION`; one with several types is taken "
        "for any of them; empty for all",
        default=(),
    )
    pathologies: tuple[str, ...] = option(
        "by pathology: `MALIGNANT`, `BENIGN`, `BENIGN_WITHOUT_CALLBACK`, `UNPROVEN`; empty for all",
        default=(),
    )
    volumes: tuple[str, ...] = option(
        "the cases to take, by the name of a folder above them at any level: `cancer_01`, or "
        "`cancers`; empty for all",
        default=(),
    )

    def takes_case(self, place: PurePath) -> bool:
        """Return whether a case whose file is at `place`, below the data set's folder, is taken."""
        return _among(self.volumes, place.parent.parts)

    def takes_lesion(self, types: str, pathology: str) -> bool:
        """Return whether a lesion is taken, by its types ("CALCIFICATION+MASS") and pathology."""
        return _among(self.lesion_types, types.split("+")) and _among(self.pathologies, [pathology])

    def check_volumes(self, folders: set[str]) -> None:
        """Raise CamsegError if a volume is none of the `folders` that cases lie in."""
        for volume in self.volumes:
            if not _among((volume,), folders):
                raise CamsegError(
                    f"config: selection.volumes: no case lies below a folder named {volume}"
                )


EVERYTHING = Selection()


def _among(wanted: tuple[str, ...], names: Iterable[str]) -> bool:
    names = {name.casefold() for name in names}
    return not wanted or any(name.casefold() in names for name in wanted)
