"""Which cases and CC views there are, and which of them can be used, from headers and text only."""

import os
from collections.abc import Iterator
from pathlib import Path

from camseg import ddsm, ljpeg
from camseg.discovery import find_ics
from camseg.errors import CamsegError
from camseg.selection import EVERYTHING, Selection, lesion_kinds

COLUMNS = (
    *("case_id", "patient_id", "view", "status", "reason", "abnormalities", "selected"),
    *("lesion_types", "pathologies", "digitizer", "scanner", "lines", "pixels_per_line"),
    *("bits_per_pixel", "resolution", "ics", "ljpeg", "overlay"),
)
HEADER_BYTES = 1 << 16  # of a .LJPEG; the header of a real one has about 80


def index_cases(
    folder: Path, *, selection: Selection = EVERYTHING, grey: str = "optical_density"
) -> Iterator[list[dict]]:
    """Yield, case by case, the index rows of its LEFT_CC and RIGHT_CC views.

    A row has the keys COLUMNS; `status` is "usable", or "rejected" or "unselected" with its
    `reason`. Paths are relative to `folder`. `scanner` says how grey levels are read (see
    `ddsm.eight_bit`): with `grey` "min_max" so for all, otherwise by their scanner's calibration.
    """
    headers = find_ics(folder)
    selection.check_volumes(ics.relative_to(folder) for ics in headers)
    indexed: dict[str, Path] = {}
    for ics in headers:
        place = ics.relative_to(folder)
        name = ics.name.split(".")[0]
        blank = dict.fromkeys(COLUMNS, "") | {"case_id": name, "ics": place, "abnormalities": 0}
        views = {view: blank | {"view": view} for view in ("LEFT_CC", "RIGHT_CC")}
        if selection.takes_case(place):
            _index_case(views, folder, indexed, selection, grey)
            for row in views.values():
                row["status"] = "rejected" if row["reason"] else "usable"
        else:
            volume = place.parent.parent.name or "."
            for row in views.values():
                row |= {"status": "unselected", "reason": f"volume {volume} is not selected"}
        yield list(views.values())


def lesion_columns(lesions: list[ddsm.Abnormality], selection: Selection) -> dict:
    """Return what a view's row says of its outlined lesions.

    `abnormalities` is their number; `selected` are the numbers, from 1, of those that `selection`
    takes; `lesion_types` and `pathologies` have an entry a lesion ("MASS; CALCIFICATION+MASS").
    """
    taken = [n for n, lesion in enumerate(lesions, start=1) if selection.takes_lesion(lesion)]
    return {
        "abnormalities": len(lesions),
        "selected": " ".join(map(str, taken)),
        "lesion_types": "; ".join("+".join(lesion_kinds(lesion)) for lesion in lesions),
        "pathologies": "; ".join(lesion.pathology for lesion in lesions),
    }


def _index_case(
    views: dict[str, dict],
    folder: Path,
    indexed: dict[str, Path],
    selection: Selection,
    grey: str,
) -> None:
    """Fill in the rows of a case's views, with the `reason` where one cannot be used."""
    place = views["LEFT_CC"]["ics"]
    try:
        case = ddsm.read_ics(folder / place)
        if case.case_id in indexed:
            raise CamsegError(f"the same case stands in {indexed[case.case_id]} too")
    except CamsegError as error:
        for row in views.values():
            _reject(row, error, folder)
        return
    indexed[case.case_id] = place
    files = {path.name.upper(): path for path in (folder / place).parent.iterdir()}
    for row in views.values():
        row |= {"case_id": case.case_id, "patient_id": case.case_id, "digitizer": case.digitizer}
        try:
            row["scanner"] = (
                ddsm.MIN_MAX
                if grey == ddsm.MIN_MAX
                else ddsm.scanner_of(case.case_id, case.digitizer)
            )
            _index_view(row, case, files, folder, selection)
        except CamsegError as error:
            _reject(row, error, folder)


def _reject(row: dict, error: CamsegError, folder: Path) -> None:
    row["reason"] = str(error).replace(f"{folder}{os.sep}", "")


def _index_view(
    row: dict, case: ddsm.Case, files: dict[str, Path], folder: Path, selection: Selection
) -> None:
    """Fill in one view's row; raise CamsegError with the reason if the view cannot be used."""
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
        row["overlay"] = overlay.relative_to(folder)
        row |= lesion_columns(ddsm.read_overlay(overlay), selection)
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
