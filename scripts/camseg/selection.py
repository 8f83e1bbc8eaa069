"""Which volumes and lesions of a data set a study takes: the config's section `selection`."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from camseg.ddsm import Abnormality
from camseg.errors import CamsegError


@dataclass(frozen=True)
class Selection:
    """What is taken; an empty tuple takes all. Letter case does not matter."""

    lesion_types: tuple[str, ...] = ()  # MASS, CALCIFICATION, ...: one of a lesion's is enough
    pathologies: tuple[str, ...] = ()  # MALIGNANT, BENIGN, BENIGN_WITHOUT_CALLBACK, UNPROVEN, ...
    volumes: tuple[str, ...] = ()  # names of folders above a case: cancer_01, cancers, ...

    def takes_case(self, place: PurePath) -> bool:
        """Return whether an .ics at `place`, relative to the data set's folder, is taken."""
        return _among(self.volumes, place.parent.parts)

    def takes_lesion(self, lesion: Abnormality) -> bool:
        """Return whether a lesion is taken, by its types and its pathology."""
        return _among(self.lesion_types, lesion_kinds(lesion)) and _among(
            self.pathologies, [lesion.pathology]
        )

    def check_volumes(self, places: Iterable[PurePath]) -> None:
        """Raise CamsegError if no .ics of `places` lies below one of the volumes."""
        folders = {part for place in places for part in place.parent.parts}
        for volume in self.volumes:
            if not _among((volume,), folders):
                raise CamsegError(
                    f"config: selection.volumes: no case lies below a folder named {volume}"
                )


EVERYTHING = Selection()


def lesion_kinds(lesion: Abnormality) -> list[str]:
    """Return a lesion's types without their details: MASS of 'MASS SHAPE OVAL MARGINS OBSCURED'."""
    return sorted({text.partition(" ")[0] for text in lesion.lesion_types})


def _among(wanted: tuple[str, ...], names: Iterable[str]) -> bool:
    names = {name.casefold() for name in names}
    return not wanted or any(name.casefold() in names for name in wanted)
