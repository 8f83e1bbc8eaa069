"""How every figure looks, and how it is written: the same bytes from the same data."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from camseg.io.files import whole_file

# apart for colour-blind readers (Okabe and Ito)
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
COLOURS = (BLUE, VERMILLION, GREEN, "#CC79A7", "#E69F00", "#56B4E9")  # of the same palette
MARKERS = "osD^vP"
STYLE: dict = {"font.size": 8, "svg.hashsalt": "camseg", "axes.spines.top": False}
STYLE |= {"axes.spines.right": False, "svg.fonttype": "none"}
DPI = 300
STRIP = 0.2  # inches below a figure that has a note: whole pixels, so that all else stays as it is
FIRST = re.compile(r"[^.;]+")  # what of a caption names the figure


def looks(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the colour and the marker of each of a study's classifiers, by their order in it.

    They are those in every chart; of 36 classifiers no two are alike, of 6 not in grey either.
    """
    found = {}
    for number, name in enumerate(dict.fromkeys(names)):
        again, colour = divmod(number, len(COLOURS))
        marker = MARKERS[(number + again) % len(MARKERS)]
        found[name] = {"color": COLOURS[colour], "marker": marker}
    return found


def read_caption(path: str) -> str:
    """Return the caption in a file, which is the one that the report shows."""
    return Path(path).read_text(encoding="utf-8").strip()


def save(figure: Figure, paths: Iterable[str | Path], caption: str = "", note: str = "") -> None:
    """Write a figure to each path, in the format that its suffix names, without a date.

    A `note` on the study's data stands in a strip below the figure. An SVG has the `caption` as its
    description, and the caption's beginning as its title, for those who cannot see it.
    """
    width, height = figure.get_size_inches()
    box = Bbox.from_extents(0, -STRIP if note else 0, width, height)
    if note:
        figure.dpi = DPI
        if figure.get_constrained_layout():
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # all is where it belongs
        for legend in figure.legends:  # those at the figure's edge stay there, not at the strip's
            if legend.get_bbox_to_anchor() is figure.bbox:
                legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
        style: dict = {"fontsize": STYLE["font.size"], "color": "0.3"}
        figure.text(0.04 / width, -STRIP / 2 / height, note, verticalalignment="center", **style)
    with mpl.rc_context(STYLE):
        for path in map(Path, paths):
            metadata = {".svg": {"Date": None}, ".png": {"Software": None}}[path.suffix]
            with whole_file(path) as temporary:
                figure.savefig(temporary, dpi=DPI, metadata=metadata, bbox_inches=box)
                if path.suffix == ".svg":
                    _describe(temporary, caption)


def _describe(path: Path, caption: str) -> None:
    """Write a caption into an SVG, where browsers and screen readers look for it."""
    begin, tag, rest = path.read_text(encoding="utf-8").partition("<svg ")
    attributes, _, content = rest.partition(">")
    words = ""
    if title := FIRST.match(caption):
        words = f"\n <title>{escape(title[0])}</title>\n <desc>{escape(caption)}</desc>"
    text = f'{begin}{tag}role="img" {attributes}>{words}{content}'
    path.write_text(text, encoding="utf-8")
