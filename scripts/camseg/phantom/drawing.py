"""Breasts and masses of the synthetic study, drawn as what reaches the film.

A breast is a half-ellipse outline with glandular tissue behind the nipple and texture whose power
spectrum falls as 1/f^3 (A. E. Burgess, F. L. Jacobson and P. F. Judy, "Human observer detection
experiments with mammograms and power-law noise", Med. Phys. 28, 2001). Drawing happens with the
chest wall at column 0; exposures are logits of the film's response (see `film_density`), lower
where tissue is denser. Nothing here knows of cases, views or files.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from scipy import fft, ndimage, special

from camseg import distances

LEAST_DENSITY, LARGEST_DENSITY = 0.18, 3.4  # optical density of the film, unexposed and in air
STEEPEST = (LARGEST_DENSITY - LEAST_DENSITY) / 4  # optical density per unit of exposure
AIR, FAT, GLAND = 3.6, 3.0, 2.1  # exposure in air; attenuation by tissue of full thickness
GLAND_LEVELS = (-3.4, -2.4, -1.5, -0.4)  # logit of the glandular share, density categories 1 to 4
FIELD = (1080, 640)  # larger than any view, so that a periodic field's edges do not meet in it

BLUR = {  # deviation of a margin's blur, in radii of the mass
    "CIRCUMSCRIBED": 0.03,
    "MICROLOBULATED": 0.03,
    "OBSCURED": 0.08,
    "SPICULATED": 0.07,
    "ILL_DEFINED": 0.18,
}


@dataclass(frozen=True)
class Breast:
    """A breast without lesions, chest wall at column 0; all three (H, W) float32.

    `exposure` of the film, `depth` the distance to the skin in pixels (0 outside), `gland` the
    glandular share of the tissue in [0, 1].
    """

    exposure: np.ndarray
    depth: np.ndarray
    gland: np.ndarray


@dataclass(frozen=True)
class Mass:
    """A lesion, centred on a square patch of odd side, with the DDSM's SHAPE and MARGINS words.

    `profile` is its share of the full contrast, about 1 at the centre, `smoothing` how far it hides
    the tissue's texture (0 to 1), `boundary` the radiologist's outline filled, `core` the dense
    centre's outline filled, or None.
    """

    shape: str
    margin: str
    profile: np.ndarray
    smoothing: float
    boundary: np.ndarray
    core: np.ndarray | None


def film_density(exposure: np.ndarray) -> np.ndarray:
    """Return the film's optical density: sigmoid in the logarithm of the exposure (H and D)."""
    return LEAST_DENSITY + (LARGEST_DENSITY - LEAST_DENSITY) * special.expit(exposure)


def power_law_field(
    shape: tuple[int, int],
    rng: np.random.Generator,
    *,
    exponent: float = 3.0,
    largest: float = 200.0,
    stretch: float = 1.0,
) -> np.ndarray:
    """Return a periodic Gaussian random field, (H, W) float32, mean 0, deviation 1.

    Its power spectrum is 1/f^exponent, and flat for waves longer than `largest` pixels. `stretch`
    draws its structures out along the rows.
    """
    noise = fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    field = fft.irfft2(noise * _amplitude(shape, exponent, largest, stretch), s=shape)
    return field / field.std()


@cache  # of the few kinds of field that all cases share
def _amplitude(
    shape: tuple[int, int], exponent: float, largest: float, stretch: float
) -> np.ndarray:
    """Return the amplitudes of `power_law_field`, (H, W // 2 + 1) float32."""
    frequency = np.hypot(fft.fftfreq(shape[0])[:, None], stretch * fft.rfftfreq(shape[1])[None])
    amplitude = np.maximum(frequency, 1 / largest) ** (-exponent / 2)
    amplitude[0, 0] = 0
    return amplitude.astype(np.float32)


def draw_breasts(
    category: int, rngs: tuple[np.random.Generator, np.random.Generator, np.random.Generator]
) -> tuple[Breast, Breast]:
    """Draw the two breasts of a woman of a density category (1 fatty to 4 dense).

    The first generator draws the anatomy that both share, the others each breast's deviation from
    it and its own texture. Views measure about 1000 x 520 pixels.
    """
    shared, *own = rngs
    anatomy = {
        "size": np.array([shared.uniform(395, 450), shared.uniform(340, 430)]),
        "power": shared.uniform(1.6, 2.1),
        "waves": shared.normal(0, 0.014, 3),
        "roll_off": shared.uniform(75, 120),
        "coarse": shared.normal(0, 1, (6, 4)),
        "level": GLAND_LEVELS[category - 1] + shared.normal(0, 0.2),
    }
    left, right = (_draw_breast(anatomy, rng) for rng in own)
    return left, right


def _draw_breast(anatomy: dict, rng: np.random.Generator) -> Breast:
    shape = (1000 + int(rng.integers(-30, 31)), 520 + int(rng.integers(-20, 21)))
    length, width = (anatomy["size"] * rng.normal(1, 0.012, 2)).astype(np.float32)
    centre = shape[0] / 2 + rng.uniform(-15, 15)
    y = (np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(centre)) / length
    x = np.arange(shape[1], dtype=np.float32)[None] / width

    angle = np.arctan2(y, x)
    waves = (anatomy["waves"] + rng.normal(0, 0.004, 3)).astype(np.float32)
    radius = 1 + sum(wave * np.cos((k + 2) * angle + k) for k, wave in enumerate(waves))
    inside = np.abs(y / radius) ** anatomy["power"] + (x / radius) ** anatomy["power"] < 1
    depth = distances.inside(inside)

    texture = power_law_field(FIELD, rng, stretch=1.5)[: shape[0], : shape[1]]
    strands = power_law_field(FIELD, rng, largest=80, stretch=2.5)[: shape[0], : shape[1]]
    strands = np.exp(-((strands / 0.12) ** 2))  # a field's zero crossings: thin, branching lines
    coarse = (anatomy["coarse"] + rng.normal(0, 0.2, (6, 4))).astype(np.float32)
    coarse = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    behind_nipple = np.exp(-((y / 0.6) ** 2)) * np.exp(-(((x - 0.5) / 0.42) ** 2))
    rim = special.expit((45 - depth) / 12)  # fat under the skin
    level = 3.8 * behind_nipple - 3 * rim + 0.8 * coarse + 0.6 * texture
    level += np.float32(anatomy["level"])
    gland = special.expit(level)

    roll_off = np.float32(anatomy["roll_off"] * rng.normal(1, 0.03))
    thickness = np.sqrt(1 - (1 - np.minimum(depth / roll_off, 1)) ** 2)
    tissue = FAT + GLAND * gland + (0.05 + 0.13 * gland) * texture + 0.22 * strands
    return Breast(cv2.GaussianBlur(AIR - thickness * tissue, (0, 0), 1.2), depth, gland)


def draw_mass(
    rng: np.random.Generator, *, shape: str, margin: str, radius: float, core: bool = False
) -> Mass:
    """Draw a mass with a mean radius in pixels, with a CORE outline if `core`."""
    half = int(np.ceil(2.3 * radius))
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    theta = np.linspace(-np.pi, np.pi, 361)
    form = _form(rng, shape, margin, theta)
    relative = np.hypot(x, y) / (radius * np.interp(np.arctan2(y, x), theta, form))
    profile = np.sqrt(np.clip(1 - relative**2, 0, 1)) ** rng.uniform(0.4, 0.8)
    profile = cv2.GaussianBlur(profile.astype(np.float32), (0, 0), max(0.8, BLUR[margin] * radius))
    if margin == "SPICULATED":
        profile = np.maximum(profile, _spicules(rng, half, radius, theta, form))
    if margin == "OBSCURED":
        turn = rng.uniform(-np.pi, np.pi)
        profile *= 1 - 0.7 * special.expit(5 * ((x * np.cos(turn) + y * np.sin(turn)) / radius))
    size = 2 * half + 1
    texture = cv2.resize(power_law_field((160, 160), rng, largest=30), (320, 320))[:size, :size]
    profile *= 1 + rng.uniform(0, 0.25) * texture

    generous = rng.uniform(1.08, 1.18) + (0.08 if margin in ("SPICULATED", "ILL_DEFINED") else 0)
    outline = ndimage.gaussian_filter1d(form[:-1], rng.uniform(8, 16), mode="wrap") * generous
    outline += ndimage.gaussian_filter1d(rng.normal(0, 0.25, 360), 12, mode="wrap")
    return Mass(
        shape,
        margin,
        profile,
        smoothing=rng.uniform(0, 0.6),
        boundary=_filled(outline * radius, theta, half),
        core=_filled(outline * radius * rng.uniform(0.45, 0.65), theta, half) if core else None,
    )


def _form(rng: np.random.Generator, shape: str, margin: str, theta: np.ndarray) -> np.ndarray:
    """Return the radius of a mass over the angles `theta`, mean 1."""
    turn, stretch = rng.uniform(-np.pi, np.pi), rng.uniform(1.25, 1.7)
    if shape == "ROUND":
        stretch = rng.uniform(1.0, 1.12)
    form = 1 / np.hypot(np.cos(theta - turn) / stretch, np.sin(theta - turn))
    if shape == "LOBULATED":
        form *= 1 + rng.uniform(0.25, 0.45) * _lobes(rng, rng.integers(3, 5), theta)
    if shape == "IRREGULAR":
        for k in range(2, 9):
            form *= 1 + rng.normal(0, 0.16 / np.sqrt(k)) * np.cos(k * theta + rng.uniform(0, 6.3))
    if margin == "MICROLOBULATED":
        form *= 1 + rng.uniform(0.12, 0.2) * _lobes(rng, rng.integers(8, 13), theta)
    form = np.clip(form / form.mean(), 0.6, 1.55)
    return form / form.mean()


def _lobes(rng: np.random.Generator, number: np.integer, theta: np.ndarray) -> np.ndarray:
    return np.abs(np.cos(number / 2 * theta + rng.uniform(0, np.pi)))


def _spicules(
    rng: np.random.Generator, half: int, radius: float, theta: np.ndarray, form: np.ndarray
) -> np.ndarray:
    """Return thin tapering lines from inside the margin outwards, on a mass's patch, in [0, 1]."""
    lines = np.zeros((2 * half + 1, 2 * half + 1), dtype=np.uint8)
    steps = np.linspace(0, 1, 8)
    for _ in range(rng.integers(12, 24)):
        angle, bend = rng.uniform(-np.pi, np.pi), rng.normal(0, 0.25)
        reach = radius * (0.7 * np.interp(angle, theta, form) + steps * rng.uniform(0.5, 1.1))
        bent = angle + bend * steps
        points = np.rint(8 * (half + reach * np.stack([np.cos(bent), np.sin(bent)]))).astype(int).T
        strength = rng.uniform(140, 240)
        for k in range(len(steps) - 1):
            width = max(1, round((1 - steps[k]) * radius * 0.12))
            start, end = points[k : k + 2].tolist()
            grey = strength * (1 - 0.6 * steps[k])
            cv2.line(lines, start, end, grey, width, cv2.LINE_AA, shift=3)
    return cv2.GaussianBlur(lines / np.float32(255), (0, 0), 1.0)


def _filled(radii: np.ndarray, theta: np.ndarray, half: int) -> np.ndarray:
    """Return the filled outline with these radii over the angles, on a mass's patch, bool."""
    polygon = half + radii[:, None] * np.stack([np.cos(theta[:-1]), np.sin(theta[:-1])], axis=1)
    mask = np.zeros((2 * half + 1, 2 * half + 1), dtype=np.uint8)
    return cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 1).astype(bool)
