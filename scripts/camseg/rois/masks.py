"""Whether a lesion's mask makes sense, and what is done where it does not."""

from dataclasses import dataclass

import cv2
import numpy as np

from camseg.rois import boxes

SPECK = 0.01  # pieces of less than this share of the largest are specks
FILLED = 0.5  # a mask of less than this share of what its outer edge encloses is an outline
FRAMED = 0.75  # the share of the image's border from which a mask marks the background
SPARSE = 0.1  # a mask of less than this share of its box is no lesion's area


@dataclass(frozen=True)
class Sanity:
    """What a mask is like as it was read, and what it is to be if its oddities are mended.

    `components` are its connected pieces (8 neighbours), `box_share` is its share of the smallest
    box round it, `touches_edge` whether it reaches the image's edge. `odd` says what is odd and can
    be mended (see `examine`), `hopeless` what cannot; both "" for most masks.
    """

    components: int
    box_share: float
    touches_edge: bool
    odd: str
    hopeless: str
    mended: np.ndarray  # (H, W) uint8 {0, 1}


def examine(mask: np.ndarray, box: boxes.Box | None = None) -> Sanity:
    """Examine the mask of one lesion, (H, W) uint8 {0, 1} with at least a pixel of lesion.

    `box` is the smallest one round it, found if it is not given.

    Odd are, and mended in this order: a mask that holds most of the image's border, and so marks
    the background (inverted); an outline in place of an area (filled); specks beside the
    lesion (removed). Hopeless is one that then covers hardly any of its box: a line, an open
    outline, or several lesions in one mask.
    """
    box = box or boxes.bounding_box(mask)
    part = mask[box.slices]
    share = float(part.mean())
    count = cv2.connectedComponents(part, connectivity=8)[0] - 1
    beside = box.x == 0 or box.y == 0 or (box.x + box.w, box.y + box.h) == mask.shape[::-1]
    touches = beside or box.x + box.w == mask.shape[1] or box.y + box.h == mask.shape[0]
    odd = []
    if _border(mask).mean() >= FRAMED and not mask.all():
        odd.append(f"it marks {mask.mean():.2f} of the image and its border: inverted")
        mask = 1 - mask
        box = boxes.bounding_box(mask)
        part = mask[box.slices]
    filled = _filled(part)
    if part.sum() < FILLED * filled.sum():
        odd.append(f"it is an outline, {part.sum() / filled.sum():.2f} of what it encloses: filled")
        part = filled
    clean, specks = _without_specks(part)
    if specks:
        odd.append(f"{specks} specks beside the lesion: removed")
        part = clean
    mended = mask
    if odd:
        mended = np.zeros_like(mask)
        mended[box.slices] = part
        part = mended[boxes.bounding_box(mended).slices]
    hopeless = ""
    if part.mean() < SPARSE:
        pieces = cv2.connectedComponents(part, connectivity=8)[0] - 1
        hopeless = f"its mask covers only {part.mean():.3f} of its box"
        hopeless += f", in {pieces} pieces: several lesions?" if pieces > 1 else ": a line?"
    return Sanity(count, share, touches, " and ".join(odd), hopeless, mended)


def _border(mask: np.ndarray) -> np.ndarray:
    return np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])


def _filled(mask: np.ndarray) -> np.ndarray:
    """Return a mask with everything that its outer edges enclose."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros_like(mask), contours, -1, 1, cv2.FILLED)


def _without_specks(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a mask without its specks, and how many they were."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    small = areas < SPECK * areas.max()
    if not small.any():
        return mask, 0
    return np.isin(labels, 1 + np.flatnonzero(~small)).astype(np.uint8), int(small.sum())
