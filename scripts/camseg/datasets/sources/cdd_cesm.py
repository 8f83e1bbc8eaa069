"""The reader of CDD-CESM: pictures as JPEG, lesions as regions of the VGG Image Annotator (VIA).

R. Khaled et al., "Categorized contrast enhanced mammography dataset for diagnostic and artificial
intelligence research" (2022). A picture's name says all but its lesions: P1_L_DM_MLO.jpg is patient
1, left, low energy (CM: subtracted), MLO.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from camseg.datasets import shapes
from camseg.datasets.annotations import (
    Entry,
    Finding,
    glance,
    index_entries,
    lesions,
    read_view,
)
from camseg.datasets.discovery import walk
from camseg.datasets.lists import read_lines
from camseg.datasets.shapes import Shape
from camseg.datasets.views import Row
from camseg.errors import CamsegError
from camseg.formats.image_files import read_size

__all__ = ["glance", "index_cases", "lesions", "read_view"]  # what a reader is

NAME = re.compile(r"P(\d+)_([LR])_(DM|CM)_(CC|MLO)", re.IGNORECASE)
SIDES = {"L": "LEFT", "R": "RIGHT"}
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".dcm")
MASKS = "masks"  # a folder of masks, beside that of the pictures, which go before the regions
LABELS = "radiology-manual-annotations.csv"
FILE, REGION = "filename", "region_shape_attributes"
NAMED, PATHOLOGY = "image_name", "pathology classification/ follow up"
NORMAL = "NORMAL"
BEYOND = 64  # pixels that a region may leave its picture by


def index_cases(listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield, case by case, the index rows of a left and a right picture of one kind and projection.

    Each region is a lesion. A picture without one is normal if the manual annotations call it so;
    where these are not there as a CSV, it is rejected. There is no calibration: `grey` changes
    nothing.
    """
    regions: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in listed:
        for place, line in read_lines(path, (FILE, REGION), FILE):
            regions[_stem(line[FILE])].append((place, line[REGION]))
    pictures, masks, tables = _files(folder)
    pathologies = {
        _stem(line[NAMED]): line[PATHOLOGY].strip().upper()
        for path in tables
        for _, line in read_lines(path, (NAMED, PATHOLOGY), NAMED)
    }
    entries = [
        entry
        for name, paths in sorted(pictures.items())
        for entry in _entries(name, paths, regions.get(name, []), masks, pathologies)
    ]
    missing = sorted(set(regions) - set(pictures))
    entries += [
        Entry(name, "", "", None, fault=f"{regions[name][0][0]}: there is no picture {name}")
        for name in missing
    ]
    return index_entries(entries, folder, grey)


def _stem(name: str) -> str:
    """Return a picture's name as it is compared: without suffix and blanks, in capitals."""
    bare = name.strip()
    stem = bare.rpartition(".")[0] if bare.lower().endswith(SUFFIXES) else bare
    return stem.strip().upper()


def _files(folder: Path) -> tuple[dict[str, list[Path]], dict[tuple[Path, str], Path], list[Path]]:
    """Return the pictures by name, the masks by the folder above theirs and name, the tables."""
    pictures: dict[str, list[Path]] = defaultdict(list)
    masks, tables = {}, []
    for place, names in walk(folder):
        for name in sorted(names):
            path = place / name
            if name.lower() == LABELS:
                tables.append(path)
            elif path.suffix.lower() in SUFFIXES and place.name.lower() == MASKS:
                masks[place.parent, _stem(name)] = path
            elif path.suffix.lower() in SUFFIXES:
                pictures[_stem(name)].append(path)
    return pictures, masks, tables


def _entries(
    name: str,
    paths: list[Path],
    regions: list[tuple[str, str]],
    masks: dict[tuple[Path, str], Path],
    pathologies: dict[str, str],
) -> Iterator[Entry]:
    """Yield the entries of a picture: one for each lesion, or one if there is none."""
    image, parts = paths[0], NAME.fullmatch(name)
    if not parts:
        fault = f"{image}: its name is not like P1_L_DM_MLO: patient, side, DM or CM, CC or MLO"
        yield Entry(name, "", "", None, fault=fault)
        return
    patient, side, kind, projection = parts.groups()
    described = f"P{patient}.{projection}.{kind}", f"P{patient}", f"{SIDES[side]}_{projection}"
    fault = f"{paths[1]}: is there twice, also as {image}" if len(paths) > 1 else ""
    pathology = pathologies.get(name, "")
    mask = masks.get((image.parent.parent, name))
    if mask:
        yield Entry(*described, image, Finding(pathology, "", (mask,)), fault)
    elif regions:
        for place, text in regions:
            yield Entry(*described, image, _finding(place, text, pathology, image), fault)
    elif pathology == NORMAL:
        yield Entry(*described, image, None, fault)
    elif pathology:
        finding = Finding(pathology, "", fault=f"{image} is {pathology}, and has no region or mask")
        yield Entry(*described, image, finding, fault)
    else:
        lacking = (
            f"{image}: no region, mask or line of Radiology-manual-annotations.csv tells of it"
        )
        yield Entry(*described, image, None, fault or lacking)


def _finding(place: str, text: str, pathology: str, image: Path) -> Finding:
    """Return the lesion that a region is, with its fault if it cannot be used."""
    try:
        shape, size = _shape(text), read_size(image)
        beyond = shapes.beyond(shape, size)
        if beyond > BEYOND:
            raise CamsegError(
                f"the {shape.kind} leaves the picture of {size[1]} x {size[0]} pixels by {beyond}: "
                "is it the picture that it was drawn on?"
            )
        return Finding(pathology, "", shapes=((shape,),))
    except CamsegError as error:
        return Finding(pathology, "", fault=f"{place}: {error}")


def _shape(text: str) -> Shape:
    """Return the shape that VIA's attributes of a region describe; an open line is closed."""
    try:
        given = json.loads(text)
        kind = given["name"]
        if kind in ("polygon", "polyline"):
            points = zip(given["all_points_x"], given["all_points_y"], strict=True)
            return Shape("polygon", tuple(float(value) for point in points for value in point))
        keys = {
            "circle": ("cx", "cy", "r"),
            "ellipse": ("cx", "cy", "rx", "ry"),
            "rect": ("x", "y", "width", "height"),
        }[kind]
        numbers = [float(given[key]) for key in keys]
    except (ValueError, TypeError, KeyError) as error:
        if isinstance(error, KeyError) and error.args == ("point",):
            raise CamsegError("the region is a point, which has no area") from error
        raise CamsegError(f"the region {text[:80]!r} is none of VIA's shapes") from error
    if kind == "ellipse":
        numbers.append(float(given.get("theta", 0)))
    return Shape("box" if kind == "rect" else kind, tuple(numbers))
