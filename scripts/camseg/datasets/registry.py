"""The sources of data that a study can choose from; needs Python alone: the workflow reads it, too.

What reads a source's files is the module of its `reader`'s name in `camseg.datasets.sources`. One
without a reader has no cases, but heat maps of one's own: `camseg.datasets.map_folder`.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from camseg.datasets import discovery, map_folder
from camseg.errors import CamsegError


@dataclass(frozen=True)
class Source:
    """A source: its name in print, its reader, and what the configuration's `dataset: path` is.

    `path` is "folder", "file" (which then lists the cases itself) or "" for cases that the
    workflow makes. In a folder, files whose whole names match the regular expression `listing` (in
    any letter case, at any depth) list the cases; `missing` says what to do where there is none.
    `whole` says that every picture is a region already cut, `boxes` that what stands for a lesion's
    outline is a box round it: every table and figure then says so. `note` stands below every
    figure.
    """

    title: str
    reader: str = ""
    path: str = "folder"
    listing: str = ""
    missing: str = ""
    whole: bool = False
    boxes: bool = False
    note: str = ""


DDSM = Source(
    "DDSM",
    "ddsm",
    listing=r".*\.ics(\.gz)?",
    missing="no .ics file at any depth below it; put DDSM case folders there "
    "(resources/ddsm/README.md says how), or set dataset: path to where they are",
)
TABLE = Source(
    "a table of images",
    "table",
    path="file",
    missing="is no file; set dataset: path to the table of images itself "
    "(docs/datasets.md says what stands in it)",
)
SOURCES = {
    "phantom": replace(
        DDSM, title="synthetic DDSM", path="", note="Synthetic images (phantoms), not mammograms"
    ),
    "ddsm": DDSM,
    "cbis_ddsm": Source(
        "CBIS-DDSM",
        "cbis_ddsm",
        listing=r"(mass|calc)_case_description_(train|test)_set\.csv",
        missing="no mass_case_description_train_set.csv or the like at any depth below it; put "
        "CBIS-DDSM's CSVs and images there (docs/datasets.md says how), or set dataset: path to "
        "where they are",
    ),
    "cdd_cesm": Source(
        "CDD-CESM",
        "cdd_cesm",
        listing=r"Radiology_hand_drawn_segmentations_v2\.csv",
        missing="no Radiology_hand_drawn_segmentations_v2.csv at any depth below it; put "
        "CDD-CESM's annotations and pictures there (docs/data.md says how), or set dataset: path "
        "to where they are",
    ),
    "image_folder": Source(
        "folders of images",
        "image_folder",
        listing=r".*\.(png|jpe?g|tiff?|bmp|pgm|webp|dcm|dicom)",
        missing="no image at any depth below it; put folders of images and masks there "
        "(docs/data.md says how), or set dataset: path to where they are",
    ),
    "mini_mias": Source(
        "mini-MIAS",
        "mini_mias",
        listing=r"Info\.txt",
        missing="no Info.txt at any depth below it; put mini-MIAS there, Info.txt and films "
        "(docs/data.md says how), or set dataset: path to where they are",
    ),
    "inbreast": Source(
        "INbreast",
        "inbreast",
        listing=r"INbreast\.csv",
        missing="no INbreast.csv at any depth below it; put INbreast there, its INbreast.xls saved "
        "as INbreast.csv (docs/data.md says how), or set dataset: path to where they are",
    ),
    "vindr_mammo": Source(
        "VinDr-Mammo",
        "vindr_mammo",
        listing=r"finding_annotations\.csv",
        missing="no finding_annotations.csv at any depth below it; put VinDr-Mammo's CSV and its "
        "folder images there (docs/data.md says how), or set dataset: path to where they are",
        boxes=True,
        note="Boxes stand for the lesions' outlines",
    ),
    "table": TABLE,
    "rois": replace(TABLE, title="regions already cut", whole=True),
    "maps": Source("heat maps of your own"),
}


def require_cases(source: Source, path: Path) -> None:
    """Raise CamsegError, saying what to do, if nothing at `path` lists a case of a source.

    Or, of one without a reader, if there are no heat maps and masks.
    """
    if not source.reader:
        map_folder.find(path)
    elif not discovery.lists_cases(path, source.listing):
        raise CamsegError(f"{path}: {source.missing}")
