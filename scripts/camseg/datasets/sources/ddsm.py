"""The reader of raw DDSM cases: one folder per case, with its .ics, .LJPEG and .OVERLAY files."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from camseg.datasets.views import Lesion, Outline, Row, describe_lesions, new_row, shape_of
from camseg.errors import CamsegError
from camseg.formats import ddsm, ljpeg

HEADER_BYTES = 1 << 18  # of a .LJPEG; the header of a real one has about 80
GLANCE = 8  # rows


def index_cases(listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield, case by case, the index rows of its LEFT_CC and RIGHT_CC views; .ics files list them.

    `scanner` says how grey levels are read (see `ddsm.eight_bit`): with `grey` "min_max" or
    "robust" so for all, otherwise by their scanner's calibration.
    """
    place_of_files, files = None, {}  # some copies keep many cases in one folder
    for ics in listed:
        place = ics.relative_to(folder)
        views = {name: new_row(view=name, ics=place) for name in ("LEFT_CC", "RIGHT_CC")}
        if not str(place).isprintable():  # the index could not be written, or not be read again
            name = ascii(str(place))[1:-1]
            for row in views.values():
                row |= {"case_id": name, "ics": name}
                row["reason"] = f"the path {name} has a control character or is no UTF-8"
            yield list(views.values())
            continue
        try:
            case = ddsm.read_ics(ics)
        except CamsegError as error:
            for row in views.values():
                row |= {"case_id": ics.name.split(".")[0], "reason": str(error)}
        else:
            if ics.parent != place_of_files:
                place_of_files = ics.parent
                files = {path.name.upper(): path for path in sorted(ics.parent.iterdir())}
            for row in views.values():
                row |= {"case_id": case.case_id, "patient_id": case.case_id}
                row["digitizer"] = case.digitizer
                try:
                    row["scanner"] = (
                        grey
                        if grey in ddsm.UNCALIBRATED
                        else ddsm.scanner_of(case.case_id, case.digitizer)
                    )
                    _index_view(row, case, files, folder)
                except CamsegError as error:
                    row["reason"] = str(error)
        yield list(views.values())


def _index_view(row: Row, case: ddsm.Case, files: dict[str, Path], folder: Path) -> None:
    """Fill in one view's row; raise CamsegError with the reason if the view cannot be used."""
    if row["view"] in case.faults:
        raise CamsegError(case.faults[row["view"]])
    if row["view"] not in case.views:
        raise CamsegError("the .ics does not list this view")
    view = case.views[row["view"]]
    row |= {
        "lines": view.lines,
        "pixels_per_line": view.pixels_per_line,
        "bits_per_pixel": view.bits_per_pixel,
        "resolution": view.resolution,
    }
    name = f"{case.case_id.replace('-', '_')}.{view.name}".upper()
    image = files.get(f"{name}.LJPEG") or files.get(f"{name}.LJPEG.GZ")
    overlay = files.get(f"{name}.OVERLAY") or files.get(f"{name}.OVERLAY.GZ")
    if overlay:
        row["outlines"] = overlay.relative_to(folder)
        abnormalities = ddsm.read_overlay(overlay)
        describe_lesions(row, ((each.pathology, each.lesion_types) for each in abnormalities))
    elif view.overlay:
        raise CamsegError(f"{name}.OVERLAY is missing, which the .ics announces")
    if not image:
        raise CamsegError(f"{name}.LJPEG is missing")
    row["image"] = image.relative_to(folder)
    header = ddsm.read_bytes(image, ddsm.LJPEG_LIMIT, head=HEADER_BYTES)
    try:
        ddsm.check_header(ljpeg.read_header(header), view.shape)
    except CamsegError as error:
        raise CamsegError(f"{image}: {error}") from error


def lesions(row: Row, folder: Path) -> list[Lesion]:
    """Return the abnormalities of a view's .OVERLAY, in order, of each the BOUNDARY first."""
    shape = shape_of(row)
    return [
        Lesion(
            abnormality.pathology,
            abnormality.lesion_types,
            tuple(
                Outline(each.kind, partial(_draw, each, shape), each.closed, each.beyond(shape))
                for each in abnormality.outlines
            ),
        )
        for abnormality in ddsm.read_overlay(folder / row["outlines"])
    ]


def _draw(outline: ddsm.Outline, shape: tuple[int, int]) -> tuple[np.ndarray, str]:
    return ddsm.fill_outline(outline, shape), ""


def read_view(row: Row, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Decode a view's .LJPEG; its scanner's calibration gives optical densities."""
    grey = ddsm.read_image(folder / row["image"], shape_of(row))
    return ddsm.eight_bit(grey, row["scanner"]), ddsm.brightness(grey, row["scanner"])


def glance(row: Row, folder: Path) -> np.ndarray:
    """Decode the first rows of a view's .LJPEG."""
    path = folder / row["image"]
    head = ddsm.read_bytes(path, ddsm.LJPEG_LIMIT, head=HEADER_BYTES)
    try:
        return ljpeg.decode(head, rows=min(GLANCE, ljpeg.read_header(head).height))
    except CamsegError as error:
        raise CamsegError(f"{path}: {error}") from error
