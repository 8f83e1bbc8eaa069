"""The reader of raw DDSM cases: a folder a case, with its .ics, .LJPEG and .OVERLAY files."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from camseg import ddsm, ljpeg
from camseg.discovery import find_ics
from camseg.errors import CamsegError
from camseg.views import Lesion, lesion_columns, new_row

HEADER_BYTES = 1 << 18  # of a .LJPEG; the header of a real one has about 80


def index_cases(folder: Path, grey: str) -> Iterator[list[dict]]:
    """Yield, case by case, the index rows of its LEFT_CC and RIGHT_CC views.

    `scanner` says how grey levels are read (see `ddsm.eight_bit`): with `grey` "min_max" so for
    all, otherwise by their scanner's calibration.
    """
    listed, files = None, {}  # the folder that `files` are in: some copies keep many cases in one
    for ics in find_ics(folder):
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
            if ics.parent != listed:
                listed = ics.parent
                files = {path.name.upper(): path for path in sorted(listed.iterdir())}
            for row in views.values():
                row |= {"case_id": case.case_id, "patient_id": case.case_id}
                row["digitizer"] = case.digitizer
                try:
                    row["scanner"] = (
                        ddsm.MIN_MAX
                        if grey == ddsm.MIN_MAX
                        else ddsm.scanner_of(case.case_id, case.digitizer)
                    )
                    _index_view(row, case, files, folder)
                except CamsegError as error:
                    row["reason"] = str(error)
        yield list(views.values())


def _index_view(row: dict, case: ddsm.Case, files: dict[str, Path], folder: Path) -> None:
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
    picture = files.get(f"{name}.LJPEG") or files.get(f"{name}.LJPEG.GZ")
    overlay = files.get(f"{name}.OVERLAY") or files.get(f"{name}.OVERLAY.GZ")
    if overlay:
        row["outlines"] = overlay.relative_to(folder)
        abnormalities = ddsm.read_overlay(overlay)
        row |= lesion_columns((lesion.pathology, lesion.lesion_types) for lesion in abnormalities)
    elif view.overlay:
        raise CamsegError(f"{name}.OVERLAY is missing, which the .ics announces")
    if not picture:
        raise CamsegError(f"{name}.LJPEG is missing")
    row["picture"] = picture.relative_to(folder)
    header = ddsm.read_bytes(picture, ddsm.LJPEG_LIMIT, head=HEADER_BYTES)
    try:
        ddsm.check_header(ljpeg.read_header(header), view)
    except CamsegError as error:
        raise CamsegError(f"{picture}: {error}") from error


def lesions(row: dict, folder: Path, outline: str) -> list[Lesion]:
    """Return the abnormalities of a view's .OVERLAY, in order."""
    shape = int(row["lines"]), int(row["pixels_per_line"])
    found = []
    for abnormality in ddsm.read_overlay(folder / row["outlines"]):
        chosen = abnormality.outlines[-1 if outline == "core" else 0]
        found.append(
            Lesion(
                abnormality.pathology,
                abnormality.lesion_types,
                chosen.kind,
                chosen.closed,
                chosen.beyond(shape),
                partial(ddsm.fill_outline, chosen, shape),
            )
        )
    return found


def read_view(row: dict, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Decode a view's .LJPEG; its scanner's calibration gives optical densities."""
    view = ddsm.View(
        row["view"],
        lines=int(row["lines"]),
        pixels_per_line=int(row["pixels_per_line"]),
        bits_per_pixel=int(row["bits_per_pixel"]),
        resolution=float(row["resolution"]),
        overlay=bool(row["outlines"]),
    )
    grey = ddsm.read_picture(folder / row["picture"], view)
    return ddsm.eight_bit(grey, row["scanner"]), ddsm.brightness(grey, row["scanner"])
