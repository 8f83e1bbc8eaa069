"""The DDSM's own formats: .ics case headers, .OVERLAY outlines, scanners' grey levels, images.

Facts about the formats: M. Heath et al., "The digital database for screening mammography" (2000),
and the database's calibration pages. Any of the files may be gzipped (`.gz`).
"""

import gzip
import re
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from scipy import ndimage

from camseg.errors import CamsegError
from camseg.formats import ljpeg
from camseg.formats.pictures import MIN_MAX, ROBUST, grey_range

ICS_LIMIT = 1 << 16  # bytes; real ones have about 600
OVERLAY_LIMIT = 1 << 22  # bytes; real ones have up to some 10,000
LJPEG_LIMIT = 1 << 28  # bytes; real ones have up to some 20 million
OUTSIDE_LIMIT = 64  # pixels an outline may leave its image by; in the real database at most 16

VIEWS = ("LEFT_CC", "RIGHT_CC", "LEFT_MLO", "RIGHT_MLO")
STEPS = np.array(
    [(0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1)], dtype=np.int64
)  # chain code 0..7 = N NE E SE S SW W NW, as (column, row); rows grow downwards


@dataclass(frozen=True)
class View:
    """One image as its case's .ics describes it; `resolution` in micrometres per pixel."""

    name: str
    lines: int
    pixels_per_line: int
    bits_per_pixel: int
    resolution: float
    overlay: bool

    @property
    def shape(self) -> tuple[int, int]:
        """The image's (lines, pixels per line)."""
        return self.lines, self.pixels_per_line


@dataclass(frozen=True)
class Case:
    """A case as its .ics describes it; `age` is None where the file leaves it out.

    `faults` says of a view that is listed but cannot be made out where and why.
    """

    case_id: str
    digitizer: str
    age: int | None
    density: int | None
    views: dict[str, View]
    faults: dict[str, str]


@dataclass(frozen=True)
class Outline:
    """A chain-coded outline: `kind` BOUNDARY or CORE, `start` (column, row), `chain` of 0..7."""

    kind: str
    start: tuple[int, int]
    chain: np.ndarray

    @property
    def points(self) -> np.ndarray:
        """The outline's pixels in order, start first, (n + 1, 2) int64 of (column, row)."""
        return np.vstack([[self.start], self.start + np.cumsum(STEPS[self.chain], axis=0)])

    @property
    def closed(self) -> bool:
        """Whether the chain ends where it starts."""
        return bool((STEPS[self.chain].sum(axis=0) == 0).all())

    def beyond(self, shape: tuple[int, int]) -> int:
        """Return by how many pixels the outline leaves an image of `shape` (H, W), if it does."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        return int(max(0, *-low, *(high + 1 - np.array(shape[::-1]))))


@dataclass(frozen=True)
class Abnormality:
    """A lesion as an .OVERLAY describes it; `outlines[0]` is its BOUNDARY."""

    lesion_types: tuple[str, ...]
    assessment: int | None
    subtlety: int | None
    pathology: str
    outlines: tuple[Outline, ...]


def read_bytes(path: str | Path, limit: int, *, head: int | None = None) -> bytes:
    """Return a plain or gzipped file's content, or its first `head` bytes.

    Raises CamsegError if it cannot be read, or holds more than `limit` bytes once unpacked.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise CamsegError(f"{path}: is no file")
    opener = gzip.open if path.suffix.lower() == ".gz" else Path.open
    try:
        with opener(path, "rb") as file:
            data = file.read(head or limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise CamsegError(f"{path}: cannot be read: {error}") from error
    if len(data) > limit:
        raise CamsegError(f"{path}: holds more than {limit} bytes, which no such DDSM file does")
    return data


def _lines(path: Path, limit: int) -> list[list[str]]:
    text = read_bytes(path, limit).decode("latin-1").replace("\0", " ")
    return [line.split() for line in text.splitlines()]


def _number(words: list[str]) -> int | None:
    """Return the number behind a line's keyword; None if there is none to be read."""
    return int(words[1]) if len(words) > 1 and re.fullmatch(r"[0-9]{1,9}", words[1]) else None


def read_ics(path: str | Path) -> Case:
    """Read a case's .ics file; lines are found by keyword, in any order.

    Raises CamsegError, naming file and line, if the case's name is missing or no view is described.
    """
    path = Path(path)
    case_id, digitizer, numbers, views, faults = "", "", {}, {}, {}
    for line, words in enumerate(_lines(path, ICS_LIMIT), start=1):
        match words:
            case ["filename", name, *_]:
                case_id = name
            case ["DIGITIZER", *name]:
                digitizer = " ".join(word for word in name if word not in ("SEQUENCE", "SELECTED"))
            case [("PATIENT_AGE" | "DENSITY") as key, *_]:
                numbers[key] = _number(words)
            case [name, *rest] if name in VIEWS:
                try:
                    views[name] = _read_view(name, rest)
                except CamsegError as error:
                    faults[name] = f"{path}:{line}: {error}"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", case_id):
        raise CamsegError(f"{path}: has no line 'filename <case>' with a plain case name")
    if not views and not faults:
        raise CamsegError(f"{path}: describes no view (no line 'LEFT_CC LINES ...')")
    age, density = numbers.get("PATIENT_AGE"), numbers.get("DENSITY")
    return Case(case_id, digitizer, age, density, views, faults)


def _read_view(name: str, words: list[str]) -> View:
    fields = dict(zip(words[:-1:2], words[1:-1:2], strict=False))
    try:
        view = View(
            name,
            lines=int(fields["LINES"]),
            pixels_per_line=int(fields["PIXELS_PER_LINE"]),
            bits_per_pixel=int(fields["BITS_PER_PIXEL"]),
            resolution=float(fields["RESOLUTION"]),
            overlay={"OVERLAY": True, "NON_OVERLAY": False}[words[-1]],
        )
    except (KeyError, ValueError, IndexError) as error:
        raise CamsegError(
            f"{name} is not described as 'LINES n PIXELS_PER_LINE n "
            "BITS_PER_PIXEL n RESOLUTION n OVERLAY|NON_OVERLAY'"
        ) from error
    pixels = view.lines * view.pixels_per_line
    if not (0 < view.lines < 65536 and view.pixels_per_line > 0 and pixels <= ljpeg.MAX_PIXELS):
        raise CamsegError(f"{name} has an impossible size")
    return view


def read_overlay(path: str | Path) -> list[Abnormality]:
    """Read the abnormalities of an .OVERLAY file, in order, with all the outlines present.

    Fewer outlines than announced are accepted; an abnormality without any, and a chain with a step
    outside 0..7 or without its closing '#', raise CamsegError naming file and line.
    """
    path = Path(path)
    abnormalities: list[dict] = []
    outline = None  # the kind of the outline whose chain comes next
    for line, words in enumerate(_lines(path, OVERLAY_LIMIT), start=1):
        if not words or words[0] in ("TOTAL_ABNORMALITIES", "TOTAL_OUTLINES"):
            continue
        if words[0] == "ABNORMALITY":
            abnormalities.append({"lesion_types": [], "outlines": []})
        elif not abnormalities:
            raise CamsegError(f"{path}:{line}: {words[0][:20]!r} stands before any ABNORMALITY")
        elif words[0] == "LESION_TYPE":
            abnormalities[-1]["lesion_types"].append(" ".join(words[1:]))
        elif words[0] in ("ASSESSMENT", "SUBTLETY"):
            abnormalities[-1][words[0].lower()] = _number(words)
        elif words[0] == "PATHOLOGY":
            abnormalities[-1]["pathology"] = " ".join(words[1:])
        elif words[0] in ("BOUNDARY", "CORE"):
            outline = words[0]
        elif outline is not None:
            abnormalities[-1]["outlines"].append(_read_chain(outline, words, path, line))
            outline = None
        else:
            raise CamsegError(f"{path}:{line}: {words[0][:20]!r} is no keyword of an overlay")
    if not abnormalities:
        raise CamsegError(f"{path}: holds no ABNORMALITY")
    for number, abnormality in enumerate(abnormalities, start=1):
        if not abnormality["outlines"]:
            raise CamsegError(f"{path}: abnormality {number} has no outline")
    return [
        Abnormality(
            tuple(fields["lesion_types"]),
            fields.get("assessment"),
            fields.get("subtlety"),
            fields.get("pathology", ""),
            tuple(sorted(fields["outlines"], key=lambda outline: outline.kind != "BOUNDARY")),
        )
        for fields in abnormalities
    ]


def _read_chain(kind: str, words: list[str], path: Path, line: int) -> Outline:
    *numbers, end = words
    if end != "#":
        raise CamsegError(f"{path}:{line}: broken chain code: it does not end with '#'")
    start, steps = numbers[:2], numbers[2:]
    if len(start) < 2 or not all(re.fullmatch(r"-?\d{1,5}", number) for number in start):
        raise CamsegError(f"{path}:{line}: broken chain code: no start column and row")
    for position, step in enumerate(steps, start=1):
        if step not in ("0", "1", "2", "3", "4", "5", "6", "7"):
            raise CamsegError(
                f"{path}:{line}: broken chain code: step {position} is {step[:20]!r}, not 0 to 7"
            )
    return Outline(kind, (int(start[0]), int(start[1])), np.array(steps, dtype=np.uint8))


def fill_outline(outline: Outline, shape: tuple[int, int]) -> np.ndarray:
    """Return the (H, W) uint8 mask {0, 1} of what an outline encloses in an image of `shape`.

    The outline's own pixels belong to it and holes are filled. What lies outside the image is
    cut off; an open chain is closed by a straight line. Raises CamsegError if nothing lies inside
    the image, or if the outline leaves it by more than 64 pixels.
    """
    mask = np.zeros(shape, dtype=np.uint8)
    points = outline.points
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.array(shape[::-1])
    nowhere = f"the outline lies outside the image of {shape[1]} x {shape[0]} pixels"
    if (high < 0).any() or (low >= size).any():
        raise CamsegError(nowhere)
    if outline.beyond(shape) > OUTSIDE_LIMIT:
        raise CamsegError(f"the outline leaves the image by {outline.beyond(shape)} pixels")
    (x0, y0), (x1, y1) = np.maximum(low, 0), np.minimum(high + 1, size)
    part = np.zeros((y1 - y0, x1 - x0), dtype=np.uint8)
    cv2.fillPoly(part, [(points - (x0, y0)).astype(np.int32)], 1)
    if not part.any():  # it goes round a corner of the image
        raise CamsegError(nowhere)
    mask[y0:y1, x0:x1] = ndimage.binary_fill_holes(part)
    return mask


@dataclass(frozen=True)
class Scanner:
    """A digitizer's calibration: optical density = offset + slope * g, g a grey level or its log10.

    Grey levels are clamped to [lowest, highest] first, optical densities to [0, 4] afterwards.
    """

    name: str
    offset: float
    slope: float
    lowest: int
    highest: int
    logarithmic: bool = False

    def densities(self) -> np.ndarray:
        """Return the optical density of every 16-bit grey level, (65536,) float64."""
        grey = np.clip(np.arange(65536, dtype=np.float64), self.lowest, self.highest)
        level = np.log10(grey) if self.logarithmic else grey
        return np.clip(self.offset + self.slope * level, 0, 4)


UNCALIBRATED = (MIN_MAX, ROBUST)  # stand for a scanner where there is to be no calibration
SCANNERS = {
    scanner.name: scanner
    for scanner in (
        Scanner("dba", 4.80662 / 1.07553, -1 / 1.07553, 4, 64064, logarithmic=True),
        Scanner("howtek-mgh", 3.789, -0.00094568, 0, 4006),
        Scanner("lumisys", 4096.99 / 1009.01, -1 / 1009.01, 61, 4097),
        Scanner("howtek-ismd", 3.96604095240593, -0.00099055807612, 0, 4003),
    )
}


def scanner_of(case_id: str, digitizer: str) -> str:
    """Return the scanner's name for a case id (its letter tells the hospital) and DIGITIZER line.

    Raises CamsegError, naming both, if the database has no calibration for them.
    """
    hospital, maker = case_id[:1].upper(), digitizer.split()[:1]
    match hospital, maker:
        case "A", ["DBA"]:
            return "dba"
        case "A", ["HOWTEK"]:
            return "howtek-mgh"
        case (("B" | "C"), ["LUMISYS"]):
            return "lumisys"
        case "D", ["HOWTEK"]:
            return "howtek-ismd"
    raise CamsegError(f"no calibration for the scanner {digitizer!r} of case {case_id}")


def optical_density(grey: np.ndarray, scanner: str) -> np.ndarray:
    """Return optical densities in [0, 4], float32, of an image of uint16 grey levels."""
    return SCANNERS[scanner].densities().astype(np.float32)[grey]


def grey_level(density: np.ndarray, scanner: str) -> np.ndarray:
    """Return the nearest uint16 grey levels of optical densities: the calibration's inverse."""
    known = SCANNERS[scanner]
    level = (np.asarray(density, dtype=np.float64) - known.offset) / known.slope
    grey = 10.0**level if known.logarithmic else level
    return np.clip(np.rint(grey), known.lowest, min(known.highest, 65535)).astype(np.uint16)


def eight_bit(grey: np.ndarray, scanner: str) -> np.ndarray:
    """Return an 8-bit image, bright where dense, comparable over scanners.

    DDSM Utility's 16-bit value v * v / 65535 with v = 65535 - floor(65535 / 4 * OD), upper byte.
    With MIN_MAX or ROBUST for a scanner, raw grey levels by the image's range (see
    `pictures.grey_range`), its least to 0 and its greatest to 255.
    """
    if scanner in UNCALIBRATED:
        return _stretched(grey, robust=scanner == ROBUST)
    return _look_up(_eight_bit_table(scanner), grey)


@cache
def _eight_bit_table(scanner: str) -> np.ndarray:
    """Return the 8-bit grey level of every 16-bit one, (65536,) uint8."""
    linear = 65535 - np.floor(65535 / 4 * SCANNERS[scanner].densities()).astype(np.uint64)
    return (linear * linear // 65535 >> 8).astype(np.uint8)


def brightness(grey: np.ndarray, scanner: str) -> np.ndarray:
    """Return an 8-bit image linear in optical density: 255 at density 0, 0 at density 4.

    With MIN_MAX or ROBUST for a scanner, the same as `eight_bit`.
    """
    if scanner in UNCALIBRATED:
        return _stretched(grey, robust=scanner == ROBUST)
    return _look_up(_brightness_table(scanner), grey)


@cache
def _brightness_table(scanner: str) -> np.ndarray:
    """Return the brightness of every 16-bit grey level, (65536,) uint8."""
    return np.rint(255 * (1 - SCANNERS[scanner].densities() / 4)).astype(np.uint8)


def _stretched(grey: np.ndarray, *, robust: bool) -> np.ndarray:
    low, high = grey_range(grey, robust=robust)
    level = np.clip(np.arange(65536), low, high) - low
    return _look_up(np.rint(255 * (level / max(high - low, 1))).astype(np.uint8), grey)


def _look_up(table: np.ndarray, grey: np.ndarray) -> np.ndarray:
    """Return `table[grey]` for a uint8 table, in a fifth of the time that NumPy takes."""
    return cv2.LUT(grey, table).reshape(grey.shape)


def check_header(header: ljpeg.Header, shape: tuple[int, int]) -> None:
    """Raise CamsegError unless an LJPEG's header holds as many pixels as the .ics says, `shape`."""
    if header.height * header.width != shape[0] * shape[1]:
        raise CamsegError(
            f"the LJPEG has {header.height} x {header.width} pixels, "
            f"the .ics says {shape[0]} x {shape[1]}"
        )


def read_image(path: str | Path, shape: tuple[int, int]) -> np.ndarray:
    """Decode a view's .LJPEG to uint16 grey levels of `shape`, the .ics' LINES, PIXELS_PER_LINE.

    Headers with width and height swapped are decoded as they stand and laid out as the .ics says.
    Raises CamsegError, naming the file, if it is not whole or its size contradicts the .ics.
    """
    data = read_bytes(path, LJPEG_LIMIT)
    try:
        check_header(ljpeg.read_header(data), shape)
        return ljpeg.decode(data).reshape(shape)
    except CamsegError as error:
        raise CamsegError(f"{path}: {error}") from error
