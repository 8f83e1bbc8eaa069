"""Where heat maps of one's own are, with their masks and images: which files count.

Needs Python alone: the workflow itself asks, too. What is in them, `scoring.map_files` reads.
"""

from dataclasses import dataclass
from pathlib import Path

from camseg.errors import CamsegError

MAPS, MASKS, IMAGES = "maps", "masks", "images"
NIFTI = (".nii", ".nii.gz")
SUFFIXES = (".npy", ".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".pgm", *NIFTI)
HDF5 = (".h5", ".hdf5")
IN_ONE = (".npz", *HDF5)  # a file that holds all maps of a method, or all masks or images
TABLES = ("table.tsv", "table.csv")
PAGE = "docs/own_maps.md says how"


@dataclass(frozen=True)
class MapFolder:
    """What a folder of heat maps holds: a folder, or one file, of each method, of masks, of images.

    And the table; the last two may be None.
    """

    methods: dict[str, Path]
    masks: Path
    images: Path | None
    table: Path | None

    def files(self) -> list[Path]:
        """Return all files that count."""
        places = [*self.methods.values(), self.masks, self.images]
        found = [path for place in places if place for path in _files_at(place)]
        return [*found, self.table] if self.table else found


def suffix_of(path: Path) -> str:
    """Return a path's suffix in small letters; of packed NIfTI both its parts, .nii.gz."""
    return NIFTI[1] if path.name.lower().endswith(NIFTI[1]) else path.suffix.lower()


def files_in(folder: Path) -> list[Path]:
    """Return the files of SUFFIXES at any depth in a folder, sorted, but for hidden ones."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if suffix_of(path) in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]


def find(folder: Path) -> MapFolder:
    """Return what a folder with `maps`, `masks` and perhaps `images` and a table holds.

    Each of the three is a folder, or a file of IN_ONE (`masks.npz`). Where `maps` is a folder with
    no files of maps itself, each folder or file of IN_ONE in it is a method, called as that is.
    Raises CamsegError, saying what to do, if maps or masks are missing or empty, or there are two.
    """
    maps = _one(folder, MAPS, (MAPS, *(f"{MAPS}{suffix}" for suffix in IN_ONE)))
    masks, images = (
        _one(folder, kind, (kind, *(f"{kind}{suffix}" for suffix in IN_ONE)))
        for kind in (MASKS, IMAGES)
    )
    if maps is None or masks is None:
        lacking = MAPS if maps is None else MASKS
        raise CamsegError(f"{folder}: has no {lacking}: put them into {folder / lacking} ({PAGE})")
    methods = {MAPS: maps}
    if maps.is_dir() and not any(suffix_of(path) in SUFFIXES for path in _shown(maps)):
        inside = [path for path in _shown(maps) if path.is_dir() or suffix_of(path) in IN_ONE]
        methods = {path.name if path.is_dir() else path.stem: path for path in inside}
        if len(methods) < len(inside):
            raise CamsegError(f"{maps}: two methods have one name: rename one of them")
    found = MapFolder(methods, masks, images, _one(folder, "tables", TABLES))
    for kind, place in [(MAPS, path) for path in methods.values() or [maps]] + [
        (kind, place) for kind, place in ((MASKS, masks), (IMAGES, images)) if place
    ]:
        if not _files_at(place):
            raise CamsegError(f"{place}: holds no {kind}: put them there ({PAGE})")
    return found


def _shown(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]


def _files_at(place: Path) -> list[Path]:
    return files_in(place) if place.is_dir() else [place]


def _one(folder: Path, kind: str, names: tuple[str, ...]) -> Path | None:
    """Return which of the names is in a folder; CamsegError if more than one are."""
    there = [folder / name for name in names if (folder / name).exists()]
    if len(there) > 1:
        raise CamsegError(f"{there[0]} and {there[1]}: both hold {kind}: keep one of them")
    return there[0] if there else None
