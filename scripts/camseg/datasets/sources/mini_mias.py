"""The reader of mini-MIAS as distributed: Info.txt, and mdb001.pgm to mdb322.pgm.

J. Suckling et al., "The Mammographic Image Analysis Society digital mammogram database" (1994).
Of what Info.txt says round its list of films, the reader knows: two films a patient, the right
breast first; circles whose y counts from the bottom; none where calcifications lie all over a film.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from camseg.datasets.annotations import Entry, Finding, glance, index_entries, lesions, read_view
from camseg.datasets.discovery import walk
from camseg.datasets.lists import one_of
from camseg.datasets.shapes import Shape
from camseg.datasets.views import Row
from camseg.errors import CamsegError
from camseg.formats.image_files import read_size

__all__ = ["glance", "index_cases", "lesions", "read_view"]  # what a reader is

FILM = re.compile(r"mdb(\d{3})", re.IGNORECASE)
SIZE = (1024, 1024)
PATHOLOGIES = {"B": "BENIGN", "M": "MALIGNANT"}
LESION = re.compile(
    r"(?P<type>CALC|CIRC|SPIC|MISC|ARCH|ASYM) (?P<severity>[BM])"
    r"( ((?P<x>\d+) (?P<y>\d+) (?P<r>\d+)|(?P<note>\*NOTE 3\*)))?"
)
NORMAL = "NORM"


def index_cases(listed: list[Path], folder: Path, grey: str) -> Iterator[list[Row]]:
    """Yield the index rows of every patient: two films, MLO. Info.txt lists them, a row a lesion.

    A film that it does not list is rejected. A lesion without a place keeps normal ROIs out of its
    film. There is no calibration: of `grey`, "robust" alone changes what is read.
    """
    info = one_of(listed)
    images = _images(folder)
    rows: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for number, line in enumerate(_read(info).splitlines(), start=1):
        film, *rest = line.split() or [""]
        if FILM.fullmatch(film):
            rows[film.lower()].append((f"{info}:{number}", " ".join(rest)))
    if not rows:
        raise CamsegError(f"{info}: has no line of a film, such as mdb001 G CIRC B 535 425 197")
    unlisted = {film: [(str(info), "")] for film in sorted(images.keys() - rows.keys())}
    entries = (
        _entry(film, place, text, images.get(film, []), folder)
        for film, lines in (dict(rows) | unlisted).items()
        for place, text in lines
    )
    return index_entries(entries, folder, grey)


def _read(path: Path) -> str:
    """Return Info.txt's text, of which no more than the films' lines has to be ASCII."""
    try:
        return path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise CamsegError(f"{path}: cannot be read: {error.strerror}") from error


def _images(folder: Path) -> dict[str, list[Path]]:
    """Return the films' files below a folder, sorted, by their names without .pgm."""
    images: dict[str, list[Path]] = defaultdict(list)
    for place, names in walk(folder):
        for name in sorted(names):
            stem, dot, suffix = name.lower().rpartition(".")
            if dot and suffix == "pgm" and FILM.fullmatch(stem):
                images[stem].append(place / name)
    return images


def _entry(film: str, place: str, text: str, images: list[Path], folder: Path) -> Entry:
    """Return what a line, `text` after the film's name, says of a film and its files."""
    number = int(film[3:])
    side, patient = "RIGHT" if number % 2 else "LEFT", f"p{(number + 1) // 2}"
    image = images[0] if images else folder / f"{film}.pgm"
    finding, fault = None, ""
    _, _, described = text.partition(" ")  # after the tissue
    lesion = LESION.fullmatch(described)
    if lesion:
        finding = _finding(place, lesion)
    elif not text:
        fault = f"{place}: has no line of {film}"
    elif described != NORMAL:
        fault = f"{place}: cannot be read: {film} {text}"
    fault = fault or _fault(film, images)
    return Entry(f"{patient}.MLO", patient, f"{side}_MLO", image, finding, fault)


def _finding(place: str, lesion: re.Match) -> Finding:
    described = PATHOLOGIES[lesion["severity"]], lesion["type"]
    if not lesion["x"]:
        note = f" ({lesion['note']})" if lesion["note"] else ""
        return Finding(*described, fault=f"{place}: no place is given{note}")
    circle = Shape("circle", (float(lesion["x"]), float(lesion["y"]), float(lesion["r"])))
    return Finding(*described, shapes=((circle,),), from_bottom=True)


def _fault(film: str, images: list[Path]) -> str:
    """Return why a film's files cannot be used, or ""; that there is none is told elsewhere."""
    if len(images) > 1:
        return f"{film} stands there twice, as {images[0]} and {images[1]}"
    try:
        size = read_size(images[0]) if images else SIZE
    except CamsegError as error:
        return str(error)
    if size == SIZE:
        return ""
    return (
        f"{images[0]}: has {size[0]} x {size[1]} pixels, mini-MIAS {SIZE[0]} x {SIZE[1]}: "
        "its lesions would be sought elsewhere"
    )
