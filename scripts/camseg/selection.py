"""Which volumes and lesions of a data set a study takes: the config's section `selection`."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from camseg.errors import CamsegError


@dataclass(frozen=True)
class Selection:
    """What is taken; an empty tuple takes all. Letter case does not matter."""

    lesion_types: tuple[str, ...] = ()  # MASS, CALCIFICATION, ...: one of a lesion's is enough
    pathologies: tuple[str, ...] = ()  # MALIGNANT, BENIGN, BENIGN_WITHOUT_CALLBACK, UNPROVEN, ...
    volumes: tuple[str, ...] = ()  # names of folders above a case: cancer_01, cancers, ...

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
