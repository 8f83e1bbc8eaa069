"""Synthetic mammography studies, written as case directories of the DDSM.

Nothing but the mass tells a place with one from the mirrored place of the other breast: both
breasts of a case share their anatomy and differ in texture, and the side of a mass is drawn.
Breasts are drawn with the chest wall at column 0 and RIGHT views mirrored at the end, so that the
mirrored place on the other breast is the same (row, column) before that.
"""

import glob
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from camseg.errors import CamsegError
from camseg.formats import ljpeg
from camseg.formats.ddsm import STEPS, Abnormality, Outline, grey_level, scanner_of
from camseg.io.files import told_of_full_disk
from camseg.phantom.drawing import (
    STEEPEST,
    Breast,
    Mass,
    draw_breasts,
    draw_mass,
    film_density,
)
from camseg.seeds import generator

RESOLUTION = 200  # micrometres per pixel
LONE_DIAMETERS = (8.0, 24.0)  # mm, drawn uniformly in the logarithm
PAIR_DIAMETERS = (8.0, 16.0)  # mm, of two masses in one case
PADDING = 0.3  # the largest share of a lesion's box that an ROI adds on each side
NOISE = 0.008  # deviation of the quantum noise, optical density

# What case k holds, a cycle of 20: 80 % one mass; each kind is among the first ten.
KINDS = (
    *("single", "both_apart", "single", "two_in_view", "single"),
    *("normal", "single", "both_overlapping", "single", "single"),
    *("single",) * 10,
)
SCANNERS = (("BC", "LUMISYS LASER", 12), ("A", "DBA 21", 16), ("D", "HOWTEK 43.5", 12))
VOLUMES = {
    "MALIGNANT": "cancers/cancer_01",
    "BENIGN": "benigns/benign_01",
    "NORMAL": "normals/normal_01",
}
SHAPES = {
    "MALIGNANT": {"IRREGULAR": 0.6, "LOBULATED": 0.25, "OVAL": 0.1, "ROUND": 0.05},
    "BENIGN": {"OVAL": 0.4, "LOBULATED": 0.3, "ROUND": 0.2, "IRREGULAR": 0.1},
}
MARGINS = {
    "MALIGNANT": {"SPICULATED": 0.5, "ILL_DEFINED": 0.3, "MICROLOBULATED": 0.15, "OBSCURED": 0.05},
    "BENIGN": {"CIRCUMSCRIBED": 0.5, "OBSCURED": 0.25, "ILL_DEFINED": 0.15, "MICROLOBULATED": 0.1},
}


@dataclass(frozen=True)
class PhantomView:
    """A drawn view: optical density (H, W) float32, and what its .OVERLAY says."""

    density: np.ndarray
    abnormalities: tuple[Abnormality, ...]


@dataclass(frozen=True)
class PhantomCase:
    """A drawn case: what its .ics says, the volume's folder it belongs to, its views by name."""

    case_id: str
    volume: str
    digitizer: str
    bits: int
    age: int
    category: int
    views: dict[str, PhantomView]


def chain_code(mask: np.ndarray) -> tuple[tuple[int, int], np.ndarray]:
    """Return the start (column, row) and the closed DDSM chain (uint8 of 0..7) round a mask.

    The chain runs over the mask's own outermost pixels; filling it gives the mask back. Raises
    ValueError unless the mask is one 8-connected region; a hole in it is not represented.
    """
    contours, _ = cv2.findContours(
        np.ascontiguousarray(mask, dtype=np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    if len(contours) != 1:
        raise ValueError(f"an outline goes round one region, not {len(contours)}")
    points = contours[0][:, 0].astype(np.int64)
    steps = np.roll(points, -1, axis=0) - points if len(points) > 1 else np.empty((0, 2), np.int64)
    chain = (steps[:, None] == STEPS).all(axis=2).argmax(axis=1)
    return (int(points[0, 0]), int(points[0, 1])), chain.astype(np.uint8)


def draw_case(seed: int, number: int, *, contrast: tuple[float, float]) -> PhantomCase:
    """Draw case `number` (0, 1, ...) of the study `seed`; no other case has a part in it.

    `contrast` bounds how much a mass lowers the optical density at its centre where the film
    responds most steeply; elsewhere it lowers it less.
    """
    rng = generator(seed, "phantom", number, "lesions")
    kind = KINDS[number % len(KINDS)]
    letters, digitizer, bits = SCANNERS[number % len(SCANNERS)]
    pathology = "NORMAL" if kind == "normal" else str(rng.choice(["MALIGNANT", "BENIGN"]))
    category = int(rng.choice(4, p=(0.15, 0.35, 0.35, 0.15))) + 1
    anatomy, left, right = (
        generator(seed, "phantom", number, name) for name in ("anatomy", "LEFT", "RIGHT")
    )
    breasts = dict(
        zip(("LEFT", "RIGHT"), draw_breasts(category, (anatomy, left, right)), strict=True)
    )
    masses: dict[str, list] = {"LEFT": [], "RIGHT": []}
    if kind != "normal":
        sides = rng.permutation(["LEFT", "RIGHT"])
        first, second = (_random_mass(rng, pathology, alone=kind == "single") for _ in range(2))
        centre, other = _places(rng, kind, first, second, breasts)
        masses[sides[0]].append((first, centre))
        if kind == "two_in_view":
            masses[sides[0]].append((second, other))
        elif kind != "single":
            masses[sides[1]].append((second, other))
    return PhantomCase(
        case_id=f"{rng.choice(list(letters))}-{number + 1:04d}-1",
        volume=VOLUMES[pathology],
        digitizer=digitizer,
        bits=bits,
        age=int(rng.integers(38, 82)),
        category=category,
        views={
            f"{side}_CC": _draw_view(side, breast, masses[side], pathology, contrast, rng)
            for side, breast in breasts.items()
        },
    )


def _random_mass(rng: np.random.Generator, pathology: str, *, alone: bool) -> Mass:
    shapes, margins = SHAPES[pathology], MARGINS[pathology]
    least, largest = LONE_DIAMETERS if alone else PAIR_DIAMETERS
    diameter = least * (largest / least) ** rng.uniform()
    return draw_mass(
        rng,
        shape=str(rng.choice(list(shapes), p=list(shapes.values()))),
        margin=str(rng.choice(list(margins), p=list(margins.values()))),
        radius=diameter / 2 * 1000 / RESOLUTION,
        core=rng.uniform() < 0.1,
    )


def _extent(mass: Mass) -> float:
    """Return the largest distance of the outline from the patch's centre, in pixels."""
    return np.hypot(*(np.argwhere(mass.boundary) - len(mass.boundary) // 2).T).max()


def _places(
    rng: np.random.Generator, kind: str, first: Mass, second: Mass, breasts: dict[str, Breast]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the (row, column) of two masses of a case.

    The padded box of each lies inside both images and its outline on breast in both, so that the
    mirrored place always exists. Places that are dense and away from the skin are likelier.
    """
    rows, columns = np.min([breast.depth.shape for breast in breasts.values()], axis=0)
    y, x = np.mgrid[0:rows:4, 0:columns:4]
    depth = np.min([b.depth[:rows:4, :columns:4] for b in breasts.values()], axis=0)
    gland = np.mean([b.gland[:rows:4, :columns:4] for b in breasts.values()], axis=0)
    shift = 15 if kind == "both_overlapping" else 0
    room = [int((1 + 2 * PADDING) * _extent(mass)) + 2 + shift for mass in (first, second)]

    def draw(mass: Mass, reach: int, allowed: np.ndarray | bool) -> np.ndarray:
        fits = (np.minimum(y, rows - 1 - y) >= reach) & (np.minimum(x, columns - 1 - x) >= reach)
        inside = np.clip(depth - _extent(mass) - shift, 0, 60)
        weight = (fits & allowed) * inside * (0.3 + gland)
        place = rng.choice(weight.size, p=(weight / weight.sum()).ravel())
        return np.array([y.flat[place], x.flat[place]])

    if kind == "both_overlapping":
        centre = draw(max(first, second, key=_extent), max(room), True)
        return centre, centre + rng.integers(-shift, shift + 1, 2)
    centre = draw(first, room[0], True)
    if kind == "single":
        return centre, centre
    away_y, away_x = np.abs(y - centre[0]), np.abs(x - centre[1])
    if kind == "both_apart":
        allowed = np.maximum(away_y, away_x) > sum(room)
    else:
        apart = np.hypot(away_y, away_x) / (_extent(first) + _extent(second))
        allowed = (apart > 1.05) & (apart < 1.7)
    return centre, draw(second, room[1], allowed)


def _draw_view(
    side: str,
    breast: Breast,
    masses: list[tuple[Mass, np.ndarray]],
    pathology: str,
    contrast: tuple[float, float],
    rng: np.random.Generator,
) -> PhantomView:
    """Add masses at their (row, column) to a breast, expose the film and outline them."""
    exposure, shape = breast.exposure.copy(), breast.exposure.shape
    abnormalities = []
    for mass, (row, column) in masses:
        strength = rng.uniform(*contrast)
        profile = _pasted(mass.profile, row, column, shape) * np.minimum(breast.depth / 25, 1)
        smooth = cv2.GaussianBlur(exposure, (0, 0), 6)
        exposure += np.clip(profile, 0, 1) * mass.smoothing * (smooth - exposure)
        exposure -= strength / STEEPEST * profile
        outlines = [("BOUNDARY", mass.boundary), ("CORE", mass.core)]
        abnormalities.append(
            Abnormality(
                (f"MASS SHAPE {mass.shape} MARGINS {mass.margin}",),
                assessment=int(
                    rng.integers(4, 6) if pathology == "MALIGNANT" else rng.integers(2, 5)
                ),
                subtlety=int(np.clip(np.ceil((strength - 0.2) / 0.16), 1, 5)),
                pathology=pathology,
                outlines=tuple(
                    Outline(kind, *chain_code(_facing(side, _pasted(mask, row, column, shape))))
                    for kind, mask in outlines
                    if mask is not None
                ),
            )
        )
    noise = rng.standard_normal(shape, dtype=np.float32) * NOISE
    density = film_density(exposure) + np.where(breast.depth > 0, noise, noise / 2)
    density = _facing(side, density)
    place = (shape[1] - 110 if side == "LEFT" else 20, 60)
    marker = np.zeros(shape, dtype=np.uint8)
    cv2.putText(marker, f"{side[0]} CC", place, cv2.FONT_HERSHEY_SIMPLEX, 1.1, 255, 3, cv2.LINE_AA)
    density += (0.4 - density) * (marker / np.float32(255))
    return PhantomView(density, tuple(abnormalities))


def _facing(side: str, image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image if side == "LEFT" else image[:, ::-1])


def _pasted(patch: np.ndarray, row: int, column: int, shape: tuple[int, int]) -> np.ndarray:
    """Return an empty image with the patch centred on a pixel, cut off at the image's edge."""
    half = len(patch) // 2
    padded = np.zeros((shape[0] + 2 * half, shape[1] + 2 * half), dtype=patch.dtype)
    padded[row : row + len(patch), column : column + len(patch)] = patch
    return padded[half : half + shape[0], half : half + shape[1]]


def ics_text(case: PhantomCase) -> str:
    """Return the case's .ics file, in the layout of the DDSM's own."""
    lines = [
        " ",
        "ics_version 1.0",
        f"filename {case.case_id}",
        "DATE_OF_STUDY 1 7 1996",
        f"PATIENT_AGE {case.age}",
        "FILM ",
        "FILM_TYPE REGULAR",
        f"DENSITY {case.category}",
        "DATE_DIGITIZED 1 9 1998 ",
        f"DIGITIZER {case.digitizer}",
        "SEQUENCE",
    ]
    for name, view in case.views.items():
        rows, columns = view.density.shape
        lines.append(
            f"{name} LINES {rows} PIXELS_PER_LINE {columns} BITS_PER_PIXEL {case.bits} "
            f"RESOLUTION {RESOLUTION} {'OVERLAY' if view.abnormalities else 'NON_OVERLAY'}"
        )
    return "\n".join(lines) + "\n"


def overlay_text(abnormalities: tuple[Abnormality, ...]) -> str:
    """Return a view's .OVERLAY file, in the layout of the DDSM's own."""
    lines = [f"TOTAL_ABNORMALITIES {len(abnormalities)}"]
    for number, abnormality in enumerate(abnormalities, start=1):
        lines += [
            f"ABNORMALITY {number}",
            *(f"LESION_TYPE {lesion_type}" for lesion_type in abnormality.lesion_types),
            f"ASSESSMENT {abnormality.assessment}",
            f"SUBTLETY {abnormality.subtlety}",
            f"PATHOLOGY {abnormality.pathology}",
            f"TOTAL_OUTLINES {len(abnormality.outlines)} ",
        ]
        for outline in abnormality.outlines:
            lines.append("BOUNDARY" if outline.kind == "BOUNDARY" else f"\t{outline.kind}")
            lines.append(" ".join(map(str, [*outline.start, *outline.chain.tolist(), "#"])))
    return "\n".join(lines) + "\n"


def write_case(folder: str | Path, case: PhantomCase) -> Path:
    """Write a case's directory below `folder`, as in a copy of the DDSM, and return its path."""
    number = case.case_id.split("-")[1]
    place = Path(folder) / case.volume / f"case{number}"
    place.mkdir(parents=True)
    (place / f"{case.case_id}.ics").write_text(ics_text(case))
    scanner = scanner_of(case.case_id, case.digitizer)
    for name, view in case.views.items():
        stem = f"{case.case_id.replace('-', '_')}.{name}"
        pixels = grey_level(view.density, scanner)
        (place / f"{stem}.LJPEG").write_bytes(ljpeg.encode(pixels, precision=case.bits))
        if view.abnormalities:
            (place / f"{stem}.OVERLAY").write_text(overlay_text(view.abnormalities))
    return place


def write_study(
    folder: str | Path, *, seed: int, cases: int, contrast: tuple[float, float] = (0.45, 1.0)
) -> None:
    """Write a study of `cases` synthetic cases as `folder`, whole or not at all.

    The result depends on the arguments alone, and case k on `seed` and `contrast` alone: a larger
    study holds the smaller one's cases unchanged. `contrast` is that of `draw_case`. Raises
    CamsegError if the folder exists with anything in it or the arguments make no study.
    """
    folder = Path(folder)
    if cases < 1 or not 0 < contrast[0] <= contrast[1]:
        raise CamsegError(
            f"a phantom study of {cases} cases with contrasts from {contrast[0]} to {contrast[1]} "
            "cannot be drawn: at least one case, and 0 < low <= high"
        )
    if folder.exists() and any(folder.iterdir()):
        raise CamsegError(f"{folder}: is not empty; remove it or choose another folder")
    temporary = folder.with_name(f".{folder.name}.tmp-{os.getpid()}")
    for left_by_a_killed_run in folder.parent.glob(f".{glob.escape(folder.name)}.tmp-*"):
        shutil.rmtree(left_by_a_killed_run)
    with told_of_full_disk(folder):
        try:
            for number in tqdm(range(cases), unit="case", mininterval=5):
                write_case(temporary, draw_case(seed, number, contrast=contrast))
            temporary.replace(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
