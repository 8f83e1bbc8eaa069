"""Panels of images in rows and columns, as the figures made of images have them.

Lengths of a layout are in mm; a CAM's colours stand for its grey levels, 0 to 255.
"""

import re
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from camseg.figures.drawing import MM, WIDTH, fitting

COLOURS = mpl.colormaps["viridis"]  # perceptually uniform, also in grey and for the colour-blind
LONG = 14  # letters that fit a narrow panel in full size
EDGE, GAP, LINE = 1, 3, 5.1  # round the figure, between panels, of a line of type


def lay_out(
    titles: Sequence[float], columns: int, *, shape: float = 1, foot: bool = True
) -> tuple[Figure, np.ndarray]:
    """Return a figure and its empty panels, (rows, columns) axes.

    `titles` has the lines of type above each row of panels, `shape` is a panel's height over its
    width; `foot` leaves room for `foot`.
    """
    width = (WIDTH - 2 * EDGE - GAP * (columns - 1)) / columns
    height = shape * width
    bottoms = np.cumsum([lines * LINE + GAP + height for lines in titles])
    total = bottoms[-1] + (GAP + LINE if foot else 0) + EDGE
    figure = Figure(figsize=(WIDTH * MM, total * MM))
    grid = np.empty((len(titles), columns), object)
    for row, column in np.ndindex(grid.shape):
        left = EDGE + column * (width + GAP)
        box = left / WIDTH, 1 - bottoms[row] / total, width / WIDTH, height / total
        grid[row, column] = axes = figure.add_axes(box)
        axes.set_axis_off()
    return figure, grid


def show(axes: Axes, image: np.ndarray, colours: str | mpl.colors.Colormap = "gray") -> None:
    """Show an image (H, W) or (H, W, 3), grey levels 0 to 255, in a panel."""
    rows, columns = image.shape[:2]
    axes.imshow(image, colours, vmin=0, vmax=255, extent=(0, columns, rows, 0))


def head(axes: Axes, *lines: str) -> None:
    """Write lines above a panel, as large as all of them fit its width."""
    width = axes.get_position(original=True).width * WIDTH
    axes.set_title("\n".join(lines), fontsize=fitting(lines, width))


def halves(name: str) -> list[str]:
    """Return a name in two lines if it is long and has a place to break it at."""
    places = [mark.end() for mark in re.finditer("[-_ ]", name)]
    if len(name) <= LONG or not places:
        return [name]
    middle = min(places, key=lambda place: abs(2 * place - len(name)))
    return [name[:middle], name[middle:]]


def foot(figure: Figure, text: str, maps: str = "CAM") -> None:
    """Write a text below the panels, and beside it which colour stands for which grey of `maps`."""
    height = figure.get_size_inches()[1] / MM
    middle, bar, digits = EDGE + LINE / 2, 40, 10
    left = WIDTH - EDGE - digits - bar
    axes = figure.add_axes((left / WIDTH, (middle - 1.5) / height, bar / WIDTH, 3 / height))
    axes.set_axis_off()
    axes.imshow(np.arange(256)[np.newaxis], COLOURS, aspect="auto", vmin=0, vmax=255)
    style: dict = {"transform": axes.transAxes, "verticalalignment": "center"}
    axes.text(-0.04, 0.5, f"{maps}: 0", horizontalalignment="right", **style)
    axes.text(1.04, 0.5, "255", **style)
    size = fitting([text], left - 25)
    figure.text(EDGE / WIDTH, middle / height, text, verticalalignment="center", fontsize=size)
