"""The explorer's page, whole: its own code and style, the table of all ROIs, small pictures.

Without JavaScript it is a table with pictures, of the example's maps.
"""

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np

from camseg.errors import CamsegError
from camseg.explorer.packing import pack_image
from camseg.io.store import Rois

SIDE = 56  # pixels of a small picture
QUALITY = 70  # of their JPEG
COLOURS = np.rint(255 * mpl.colormaps["viridis"](np.arange(256))[:, :3]).astype(np.uint8)  # RGB
PLACE = re.compile(r"<!--(\w+)-->|/\*(\w+)\*/")  # in the template, of what is put in


def small_pictures(rois: Rois, maps: Sequence[np.ndarray | None] | None = None) -> str:
    """Return a JPEG of all ROIs, in rows of `per_row`, each SIDE pixels wide: base64.

    The lesion's outline is white; with `maps` the heat map (S, S) uint8 of each, or None, lies half
    transparent on the image.
    """
    across = per_row(len(rois))
    sheet = np.zeros((-(-len(rois) // across) * SIDE, across * SIDE, 3), np.uint8)
    for number, (image, mask) in enumerate(zip(rois.image, rois.mask, strict=True)):
        row, column = divmod(number, across)
        small = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        shown = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
        if maps and (grey := maps[number]) is not None:
            colours = COLOURS[cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)]
            shown = cv2.addWeighted(shown, 0.5, colours[:, :, ::-1].copy(), 0.5, 0)
        outline = cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        contours, _ = cv2.findContours(outline, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(shown, contours, -1, (255, 255, 255), 1)
        sheet[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = shown
    return pack_image(sheet, QUALITY)


def per_row(count: int) -> int:
    """Return how many small pictures stand beside each other: as many rows as columns."""
    return max(1, int(np.ceil(np.sqrt(count))))


def plain_table(data: Mapping[str, Any], shown: Mapping[str, str]) -> str:
    """Return the rows of the table that stands for the page where there is no JavaScript.

    `data` is what the page is given, `shown` names the model, explanation, regime and split.
    """
    names = ("explanation", "model", "split")
    scores = next(each for each in data["sets"] if all(each[key] == shown[key] for key in names))
    names = ("regime", "model", "split")
    given = next(
        each for each in data["trainings"] if all(each[key] == shown[key] for key in names)
    )
    sides = {side[0]: side for side in data["sides"]}
    rois = data["rois"]
    lines = []
    for number, roi_id in enumerate(rois["id"]):
        abnormal = rois["abnormal"][number]
        probability = given["probability"][number]
        kind = "abnormal" if abnormal else "normal"
        verdict = ""
        if probability is not None:
            verdict = "right" if (probability > 0.5) == bool(abnormal) else "wrong"
        row, column = divmod(number, data["across"])
        place = f"background-position: -{column * SIDE}px -{row * SIDE}px"
        cells = [
            f'<span class="picture" style="{place}" role="img" aria-label="image of the ROI, '
            f'{"lesion outlined" if abnormal else "no lesion"}"></span>',
            f'<span class="picture map" style="{place}" role="img" '
            'aria-label="its heat map on the image"></span>',
            escape(roi_id),
            kind,
            sides[data["splits"][shown["split"]][number]],
            verdict,
            _number(probability),
            _number(scores["dice"][number]),
            _number(scores["placement"][number]),
            _number(rois["share"][number]),
        ]
        lines.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def fill(template: str, parts: Mapping[str, str]) -> str:
    """Return a template with `parts` in the places of their names: <!--name--> or /*name*/.

    Raises CamsegError if a place has no part, or a part no place.
    """
    places = {html or code for html, code in PLACE.findall(template)}
    if places != set(parts):
        odd = ", ".join(sorted(places ^ set(parts)))
        raise CamsegError(f"the explorer's page: {odd}: no place, or nothing to put there")
    return PLACE.sub(lambda match: parts[match[1] or match[2]], template)


def render(
    files: Sequence[str | Path],
    data: Mapping[str, Any],
    shown: Mapping[str, str],
    pictures: str,
    maps: str,
) -> str:
    """Return the page. `files` are its own: a template, .html, styles and scripts, in that order.

    `data` is all the scripts are given, JSON values; `pictures` and `maps` are the small pictures,
    without and with the heat maps of what is `shown` first.
    """
    texts = [(Path(path).suffix, Path(path).read_text(encoding="utf-8")) for path in files]
    of_kind = {
        kind: "".join(text for suffix, text in texts if suffix == kind)
        for kind in (".html", ".css", ".js")
    }
    colours = "".join(f"{red:02x}{green:02x}{blue:02x}" for red, green, blue in COLOURS)
    given = {**data, "shown": dict(shown), "colours": colours}
    return fill(
        of_kind[".html"],
        {
            "style": of_kind[".css"],
            "pictures": pictures,
            "maps": maps,
            "title": escape(data["title"]),
            "shown": escape(", ".join(shown.values())),
            "rows": plain_table(data, shown),
            # no text in it may end the script
            "data": json.dumps(given, separators=(",", ":")).replace("<", "\\u003c"),
            "script": of_kind[".js"],
        },
    )
