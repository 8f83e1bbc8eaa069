"""Which cases and CC views there are, and which of them can be used, from headers and text only."""

import os
from collections.abc import Iterator
from pathlib import Path

from camseg import ddsm, ljpeg
from camseg.discovery import find_ics
from camseg.errors import CamsegError

COLUMNS = (
    *("case_id", "patient_id", "view", "status", "reason", "abnormalities", "scanner", "lines"),
    *("pixels_per_line", "bits_per_pixel", "resolution", "ics", "ljpeg", "overlay"),
)
HEADER_BYTES = 1 << 16  # of a .LJPEG; the header of a real one has about 80


def index_cases(folder: Path) -> Iterator[list[dict]]:
    """Yield, case by case, the index rows of its LEFT_CC and RIGHT_CC views.

    A row has the keys COLUMNS; `status` is "usable" or "rejected", the latter with its `reason`.
    Paths are relative to `folder`. `abnormalities` counts the outlined lesions of a view.
    """
    indexed: dict[str, Path] = {}
    for ics in find_ics(folder):
        blank = dict.fromkeys(COLUMNS, "") | {"ics": ics.relative_to(folder), "abnormalities": 0}
        views = {"LEFT_CC": dict(blank), "RIGHT_CC": dict(blank)}
        try:
            case = ddsm.read_ics(ics)
            if case.case_id in indexed:
                raise CamsegError(f"the same case stands in {indexed[case.case_id]} too")
            indexed[case.case_id] = ics.relative_to(folder)
        except CamsegError as error:
            for name, row in views.items():
                row |= {"case_id": ics.name.split(".")[0], "view": name}
                _reject(row, error, folder)
        else:
            files = {path.name.upper(): path for path in ics.parent.iterdir()}
            for name, row in views.items():
                row |= {"case_id": case.case_id, "patient_id": case.case_id, "view": name}
                try:
                    _index_view(row, case, files, folder)
                except CamsegError as error:
                    _reject(row, error, folder)
        for row in views.values():
            row["status"] = "rejected" if row["reason"] else "usable"
        yield list(views.values())


def _reject(row: dict, error: CamsegError, folder: Path) -> None:
    row["reason"] = str(error).replace(f"{folder}{os.sep}", "")


def _index_view(row: dict, case: ddsm.Case, files: dict[str, Path], folder: Path) -> None:
    """Fill in one view's row; raise CamsegError with the reason if the view cannot be used."""
    if row["view"] not in case.views:
        raise CamsegError("the .ics does not list this view")
    view = case.views[row["view"]]
    row |= {
        "lines": view.lines,
        "pixels_per_line": view.pixels_per_line,
        "bits_per_pixel": view.bits_per_pixel,
        "resolution": view.resolution,
        "scanner": ddsm.scanner_of(case.case_id, case.digitizer),
    }
    name = f"{case.case_id.replace('-', '_')}.{view.name}".upper()
    picture = files.get(f"{name}.LJPEG") or files.get(f"{name}.LJPEG.GZ")
    overlay = files.get(f"{name}.OVERLAY") or files.get(f"{name}.OVERLAY.GZ")
    if overlay:
        row["overlay"] = overlay.relative_to(folder)
        row["abnormalities"] = len(ddsm.read_overlay(overlay))
    elif view.overlay:
        raise CamsegError(f"{name}.OVERLAY is missing, which the .ics announces")
    if not picture:
        raise CamsegError(f"{name}.LJPEG is missing")
    row["ljpeg"] = picture.relative_to(folder)
    header = ddsm.read_bytes(picture, ddsm.LJPEG_LIMIT, head=HEADER_BYTES)
    try:
        ddsm.check_header(ljpeg.read_header(header), view)
    except CamsegError as error:
        raise CamsegError(f"{picture}: {error}") from error
