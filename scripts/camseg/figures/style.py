"""How every figure looks, and how it is written: the same bytes from the same data."""

from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from camseg.io.files import whole_file

# apart for colour-blind readers (Okabe and Ito)
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
COLOURS = (BLUE, VERMILLION, GREEN, "#CC79A7", "#E69F00", "#56B4E9")  # of the same palette
STYLE: dict = {"font.size": 8, "svg.hashsalt": "camseg", "axes.spines.top": False}
STYLE |= {"axes.spines.right": False, "svg.fonttype": "none"}


def save(figure: Figure, paths: Iterable[str | Path]) -> None:
    """Write a figure to each path, in the format that its suffix names, without a date."""
    with mpl.rc_context(STYLE):
        for path in map(Path, paths):
            metadata = {".svg": {"Date": None}, ".png": {"Software": None}}[path.suffix]
            with whole_file(path) as temporary:
                figure.savefig(temporary, dpi=300, metadata=metadata)
