"""Figures 1, 7, 9 and 10: images, their CAMs, and what the filters leave of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from camseg.errors import CamsegError
from camseg.figures.drawing import TYPE, WIDTH, fitting, middles, outline
from camseg.figures.panels import COLOURS, EDGE, foot, halves, head, lay_out, show
from camseg.io import store
from camseg.io.checked import REMEDY, read_table
from camseg.io.store import Rois
from camseg.report.results import DICE
from camseg.training import filtering

SHOWN, COLUMNS = 10, 5  # ROIs in Figure 10, and how many stand beside each other
WHITE = "white: the lesion's outline"
MANY = 16  # panels of Figure 7 that fit a page in rows of four


def read_dice(tables: Mapping[str, str | Path]) -> pd.DataFrame:
    """Return the Dice of every abnormal validation ROI: a row per ROI, by id, a column per model.

    `tables` maps a model to its TSV of score_dice.py. No network has seen these ROIs in training.
    Raises CamsegError if a TSV is not whole or has other ROIs than the rest.
    """
    columns = {}
    for model, path in tables.items():
        table = read_table(path, DICE, ["roi_id"]).set_index("roi_id")
        shown = (table["label"] == "abnormal") & (table["side"] == "validation")
        columns[model] = table["dice"][shown]
        first = next(iter(columns.values()))
        if table["dice"][shown].isna().any() or set(columns[model].index) != set(first.index):
            raise CamsegError(f"{path}: lacks a Dice, or is of other ROIs than the rest; {REMEDY}")
        if first.empty:
            raise CamsegError(f"{path}: has no abnormal validation ROI; {REMEDY}")
    return pd.DataFrame(columns).sort_index()


def median_roi(dice: pd.DataFrame) -> str:
    """Return the ROI of Figures 7 and 9: the one whose mean Dice over the models is the median.

    Of an even number of ROIs it is the upper one of the middle two; ties go by id.
    """
    mean = dice.mean(axis=1).sort_index().sort_values(kind="stable")
    return mean.index[middles(len(mean), 1)[0]]


def read_example(
    shards: Sequence[str | Path],
    cams: Mapping[str, str | Path],
    scores: Mapping[str, str | Path],
) -> tuple[Rois, dict[str, np.ndarray], pd.Series]:
    """Return the ROI of Figure 7, and its maps (S, S) uint8 and their Dice, both by name.

    `cams` and `scores` map names, of models or of methods, to their HDF5 files and TSVs.
    """
    dice = read_dice(scores)
    roi_id = median_roi(dice)
    rois = store.read_rois(shards)
    found = {name: store.read_cams(path, np.array([roi_id])).cam[0] for name, path in cams.items()}
    return rois.take(rois.roi_id == roi_id), found, dice.loc[roi_id]


def normal_partner(roi_id: str, rois: Rois) -> str:
    """Return the normal ROI among `rois` cut opposite to an abnormal one; without it, the first."""
    normal = rois.roi_id[rois.label == 0]
    partner = f"{roi_id.removesuffix('.abnormal')}.normal"
    return partner if partner in normal else min(normal)


def by_size(rois: Rois, count: int) -> np.ndarray:
    """Return the places of `count` abnormal ROIs, from small to large lesions: the `middles`.

    Lesions are ranked by their area in the pixels of the image they are cut from, then by id.
    """
    area = rois.mask.mean(axis=(1, 2)) * rois.box[:, 2:].astype(float).prod(axis=1)
    return np.lexsort([rois.roi_id.astype(str), area])[middles(len(rois), count)]


def figure1(image: np.ndarray, cam: np.ndarray, prediction: str) -> Figure:
    """Figure 1: any image (H, W, 3) uint8; its CAM (H, W) uint8 over it, alone and as a filter.

    `prediction` says which class the CAM explains.
    """
    high, wide = cam.shape
    colours = COLOURS(cam, bytes=True)[..., :3]
    panels = {
        "(a) Image": image,
        "(b) CAM overlaid": (image / 255 + colours / 255) / 2,
        "(c) CAM": cam,
        "(d) Image × CAM": filtering.apply(image, cam[..., np.newaxis]) / 255,
    }
    columns = 2 if wide >= high else 4
    with mpl.rc_context(TYPE):
        figure, grid = lay_out([1] * (4 // columns), columns, shape=min(high / wide, 2.5))
        for axes, (title, shown) in zip(grid.flat, panels.items(), strict=True):
            show(axes, shown)
            head(axes, title)
        foot(figure, prediction)
    return figure


def figure7(roi: Rois, cams: Mapping[str, np.ndarray], dice: Mapping[str, float]) -> Figure:
    """Figure 7: an abnormal ROI, its mask, and its CAMs by all models.

    `roi` holds that ROI alone; `cams` and `dice` map a model to its CAM, (S, S) uint8, and the
    CAM's Dice.
    """
    panels = len(cams) + 2
    choice = (4, 5) if panels <= MANY else (5, 6)
    columns = 3 if panels == 3 else min(choice, key=lambda columns: -panels % columns)
    titles = [[*halves(model), f"Dice {dice[model]:.3f}"] for model in cams]
    with mpl.rc_context(TYPE):
        figure, grid = lay_out([max(map(len, titles))] * -(-panels // columns), columns)
        show(grid.flat[0], roi.image[0])
        head(grid.flat[0], "ROI")
        show(grid.flat[1], 255 * roi.mask[0])
        head(grid.flat[1], "Mask")
        for axes, cam, title in zip(grid.flat[2:panels], cams.values(), titles, strict=True):
            show(axes, cam, COLOURS)
            outline(axes, roi.mask[0], "white", linewidth=1.2)
            head(axes, *title)
        foot(figure, f"ROI {roi.roi_id[0]}; {WHITE}")
    return figure


def figure9(
    rois: Rois, cam: np.ndarray, mask: np.ndarray, inverse: np.ndarray, model: str
) -> Figure:
    """Figure 9: a row per ROI, and what the regimes `cam`, `mask` and `inverse` leave of it.

    `cam`, `mask` and `inverse` are these regimes' weights of the ROIs, (n, S, S) uint8, as
    `filtering` gives them: the CAMs are those of `model`, a normal ROI's mask is a drawn one.
    """
    columns = {
        "Original": rois.image,
        "CAM": cam,
        "CAM- filtered": filtering.apply(rois.image, cam),
        "Mask used": mask,
        "Mask- filtered": filtering.apply(rois.image, mask),
        "Inverse- filtered": filtering.apply(rois.image, inverse),
    }
    with mpl.rc_context(TYPE):
        figure, grid = lay_out([3.4] * len(rois), len(columns))
        for roi, row in enumerate(grid):
            for axes, (title, images) in zip(row, columns.items(), strict=True):
                show(axes, images[roi], COLOURS if title == "CAM" else "gray")
                head(axes, *title.split(" "))
            name = f"{('Normal', 'Abnormal')[rois.label[roi]]} ROI {rois.roi_id[roi]}"
            style: dict = {"xycoords": "axes fraction", "textcoords": "offset points"}
            style |= {"fontsize": fitting([name], WIDTH - 2 * EDGE)}
            row[0].annotate(name, (0, 1), (0, 38), **style)  # points, above the panels' titles
        foot(figure, f"CAMs of {model}; black: removed")
    return figure


def figure10(rois: Rois, cams: np.ndarray, dice: Sequence[float], model: str) -> Figure:
    """Figure 10: abnormal ROIs and their CAMs (n, S, S) uint8 by one model, with each CAM's Dice.

    A ROI goes by the name of its pair: its id without ".abnormal".
    """
    names = [roi_id.removesuffix(".abnormal").split(".", 1) for roi_id in rois.roi_id]
    columns = min(COLUMNS, max(3, len(rois)))
    bands = -(-len(rois) // columns)
    with mpl.rc_context(TYPE):
        figure, grid = lay_out([2, 1] * bands, columns)
        places = zip(grid[::2].flat, grid[1::2].flat, strict=True)
        for roi, (above, below) in zip(range(len(rois)), places, strict=False):
            show(above, rois.image[roi])
            head(above, *names[roi])
            show(below, cams[roi], COLOURS)
            outline(below, rois.mask[roi], "white", linewidth=1.2)
            head(below, f"Dice {dice[roi]:.3f}")
        foot(figure, f"CAMs of {model}; {WHITE}")
    return figure
