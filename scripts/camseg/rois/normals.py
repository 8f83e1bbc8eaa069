"""Where a normal ROI is cut: opposite to its lesion, beside it, or from another patient's picture.

Each way gives a lesion's padded box a place, or says why there is none. The three are the values of
the key `rois: normal`; what each gives away of the label, docs/protocol.md says.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import pandas as pd

from camseg import distances
from camseg.datasets.views import Row, patient_or_image, rows_of, shape_of, side_of
from camseg.rois import boxes
from camseg.rois.boxes import Box, Wall
from camseg.rois.breast import Breast
from camseg.rois.lesions import Candidate, Rules
from camseg.seeds import generator

NEAREST = 0.02  # the share of the free places that is drawn from where distances are matched


def opposite(box: Box, wall: Wall, other: Wall, shape: tuple[int, int]) -> tuple[Box, dict] | None:
    """Return a box's place in another breast's image of `shape`, as far from the chest wall.

    `wall` is the chest wall in the box's own image, `other` in the other one. With it comes by how
    much it was shifted into the image; None if it does not fit.
    """
    return _shifted(boxes.mirror_box(box, wall, other), shape)


def same_place(box: Box, own: tuple[int, int], shape: tuple[int, int]) -> tuple[Box, dict] | None:
    """Return a box's place in an image of `shape` with its centre at the same share of the sides.

    `own` is the shape of the box's own image. Returned is what `opposite` returns.
    """
    x = round((box.x + box.w / 2) * shape[1] / own[1] - box.w / 2)
    y = round((box.y + box.h / 2) * shape[0] / own[0] - box.h / 2)
    return _shifted(box._replace(x=x, y=y), shape)


def _shifted(wanted: Box, shape: tuple[int, int]) -> tuple[Box, dict] | None:
    box = boxes.shift_inside(wanted, shape)
    return box and (box, {"shift_x": box.x - wanted.x, "shift_y": box.y - wanted.y})


def free_place(
    box: Box,
    blocked: Iterable[Box],
    breast: Breast | None,
    shape: tuple[int, int],
    rules: Rules,
    name: str,
) -> Box | str:
    """Return a place for a box of its size in its own image of `shape`, or why there is none.

    It shares no pixel with the boxes `blocked` and shows as much breast as the rules ask for, all
    of it where no `breast` is looked for. One such place is drawn, by `name` and the seed; with
    `normal_place: skin_distance` of those NEAREST whose centres lie about as far from the skin line
    as the box's own.
    """
    free = np.ones((shape[0] - box.h + 1, shape[1] - box.w + 1), bool)
    for other in blocked:
        top, left = max(other.y - box.h + 1, 0), max(other.x - box.w + 1, 0)
        free[top : other.y + other.h, left : other.x + other.w] = False
    if not free.any():
        return "there is no place of its size off all lesions in the same image"
    if breast is None:
        return _drawn(np.flatnonzero(free), free.shape[1], box, rules, name)
    sums = cv2.integral(breast.pixels.view(np.uint8))
    h, w = box.h, box.w
    share = (sums[h:, w:] - sums[:-h, w:] - sums[h:, :-w] + sums[:-h, :-w]) / np.float32(h * w)
    free &= share >= rules.min_breast_share * breast.pixels[box.slices].mean()
    places = np.flatnonzero(free)
    if not len(places):
        return "there is no place of its size off all lesions with enough breast in the same image"
    if rules.normal_place == "skin_distance":
        deep = distances.inside(breast.pixels)[box.h // 2 :, box.w // 2 :][
            : free.shape[0], : free.shape[1]
        ]
        off = np.abs(deep.ravel()[places] - deep[box.y, box.x])
        nearest = max(1, round(NEAREST * len(places)))
        places = places[np.sort(np.argsort(off, kind="stable")[:nearest])]
    return _drawn(places, free.shape[1], box, rules, name)


def _drawn(places: np.ndarray, width: int, box: Box, rules: Rules, name: str) -> Box:
    """Return the box at one of the flat indices of places, in rows of `width` places."""
    y, x = divmod(int(generator(rules.seed, "normal place", name).choice(places)), width)
    return box._replace(x=x, y=y)


class OtherImages:
    """The pictures that a study's lesions get their normal ROIs from: of patients without a lesion.

    `index` is a table of `views.read_index`. These patients are dealt out to those with lesions in
    an order drawn with the seed, as evenly as they go round, so that all lesions of a patient
    depend on one of them where it can be.
    """

    def __init__(self, index: pd.DataFrame, seed: int):
        usable = index[index["status"] == "usable"].sort_values(["case_id", "ics", "view"])
        rows = list(zip(rows_of(usable), usable["selected"], strict=True))
        ill = {patient_or_image(row) for row in rows_of(index) if row["abnormalities"]}
        self.pictures: dict[str, dict[str, Row]] = defaultdict(dict)  # by patient and view
        for row, _ in rows:
            if patient_or_image(row) not in ill:
                self.pictures[patient_or_image(row)].setdefault(row["view"], row)
        healthy = list(self.pictures)
        views = {view for pictures in self.pictures.values() for view in pictures}
        # one order for all views, called after the first of them
        random = generator(seed, "normal images", min(views, default=""))
        self.order = [healthy[place] for place in random.permutation(len(healthy))]
        lesions = dict.fromkeys(patient_or_image(row) for row, selected in rows if selected)
        self.turn = {patient: turn for turn, patient in enumerate(lesions)}

    def of(self, lesion: Candidate) -> Iterator[Row]:
        """Yield the pictures of a lesion's view, from those of the patient that it is dealt on."""
        turn = self.turn[patient_or_image(lesion.row)]
        for step in range(len(self.order)):
            pictures = self.pictures[self.order[(turn + step) % len(self.order)]]
            if lesion.row["view"] in pictures:
                yield pictures[lesion.row["view"]]

    def place(self, lesion: Candidate) -> Row | str:
        """Return the first picture that a lesion's box fits into, or why there is none."""
        assert lesion.box
        seen = False
        for row in self.of(lesion):
            seen = True
            if boxes.shift_inside(lesion.box, shape_of(row)):
                return row
        of_view = f" of the view {lesion.row['view']}" if side_of(lesion.row["view"]) else ""
        if seen:
            return f"its place does not fit into any picture{of_view} of a patient without lesions"
        return f"there is no picture{of_view} of a patient without lesions"
