"""How well a map from a coarse grid can segment at best: mean-Dice maximised over its cells.

A CAM has a value for each cell of the network's last feature map, and is enlarged to the ROI: no
network of that grid can score higher than the best grid does. Finding it is a maximisation of
several local maxima; what is returned is the best found, a lower bound of the true limit.
"""

import cv2
import numpy as np

from camseg.compiled import compiled
from camseg.explanations.options import GreyRule
from camseg.explanations.scaling import PLAIN, RESIZES, smoothed, to_grey
from camseg.scoring.dice import mean_dice

STEPS = 60
STEP_SIZES = (0.2, 0.005)  # of the first and the last step, as shares of the range of values


def grid_limits(masks: np.ndarray, grid: tuple[int, int], rule: GreyRule = PLAIN) -> np.ndarray:
    """Return for every mask the best mean-Dice found for a map of `grid` cells: (n,) float64.

    `masks` (n, H, W) uint8 {0, 1}; `grid` h, w, each at least 2; by `rule`, `to_grey` makes the
    maps that are scored, whose sign matters not to cells above 0. An empty mask has none: NaN.

    From each of `starting_grids`, projected gradient ascent on the cells' values in [0, 1]: the
    derivative of mean-Dice by a pixel's grey level is exact (`pixel_gains`), and goes back to the
    cells through the enlargement, which is linear. Cells that 0 or 1 stops are left out of the
    gradient; a step moves the steepest of the others by STEP_SIZES, shrinking geometrically; the
    best iterate of each ascent is kept. The result is the score of a map that the grid really
    gives, hence at most the true limit, and never below a start's.
    """
    taps = [_taps(cells, size, rule) for cells, size in zip(grid, masks.shape[1:], strict=True)]
    limits = np.full(len(masks), np.nan)
    for roi in np.flatnonzero(masks.any(axis=(1, 2))):
        starts = starting_grids(masks[roi], grid, rule)
        ends = _ascend(starts, masks[roi], *taps[0], *taps[1])
        maps = to_grey(np.concatenate([starts, ends]), masks.shape[1:], rule)
        limits[roi] = mean_dice(maps, np.broadcast_to(masks[roi], maps.shape)).max()
    return limits


def starting_grids(mask: np.ndarray, grid: tuple[int, int], rule: GreyRule = PLAIN) -> np.ndarray:
    """Return where the ascents start, (6 or 7, h, w) float64 in [0, 1], for one mask (H, W).

    The mask's share of each cell; the least-squares fit of the enlarged grid to the mask, cut to
    [0, 1]; and all cells but one corner, for each corner: on a 2 x 2 grid, where a map must have
    its least value in a corner, the maximum is near one of these. Of a map that is smoothed, the
    fit reaches far beyond [0, 1]: there it is taken once more, squeezed in between.
    """
    height, width = grid
    rows, columns = (
        np.linalg.pinv(enlargement(cells, size, rule))
        for cells, size in zip(grid, mask.shape, strict=True)
    )
    share = cv2.resize(mask.astype(np.float64), (width, height), interpolation=cv2.INTER_AREA)
    corners = np.full((4, height, width), 0.9)
    corners[range(4), [0, 0, -1, -1], [0, -1, 0, -1]] = 0
    fit = rows @ mask @ columns.T
    starts = [share, np.clip(fit, 0, 1), *corners]
    if rule.smoothing:
        starts.append((fit - fit.min()) / max(np.ptp(fit), 1e-9))
    return np.stack(starts)


def enlargement(cells: int, size: int, rule: GreyRule = PLAIN) -> np.ndarray:
    """Return the matrix (size, cells) that enlarges a row of cells to pixels as `to_grey` does."""
    matrix = cv2.resize(np.eye(cells), (cells, size), interpolation=RESIZES[rule.resize])
    return smoothed(matrix, rule.smoothing * size, 0) if rule.smoothing else matrix


def _taps(cells: int, size: int, rule: GreyRule) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Return an enlargement as each pixel's first cell, and the weights of that and the next ones.

    Two cells or, where a Gaussian smooths the map, as many as any pixel takes from.
    """
    matrix = enlargement(cells, size, rule)
    used = matrix > 0
    first = used.argmax(axis=1)
    taps = max(2, int((cells - used[:, ::-1].argmax(axis=1) - first).max()))
    first = np.minimum(first, cells - taps)
    places = first[:, np.newaxis] + np.arange(taps)
    weights = np.take_along_axis(matrix, places, axis=1)
    return first, tuple(np.ascontiguousarray(weights.T))


@compiled
def pixel_gains(histogram: np.ndarray) -> tuple[float, np.ndarray]:
    """Return a map's mean-Dice, and what one grey level more of one pixel adds to it.

    `histogram` (2, 256) counts the map's pixels outside and inside the mask by grey level; so does
    the result for a pixel of each kind. With D(t) = 2 M / (a + S), raising a pixel of grey level v
    puts it above t = v and changes nothing else: D(v) becomes 2 (M + m) / (a + S + 1), m being 1
    inside the mask. A pixel of 255 cannot be raised: what lowering it takes away.
    """
    gains = np.empty((2, 256))
    in_mask = histogram[1].sum()
    above = above_in_mask = 0
    total = 0.0
    for t in range(255, -1, -1):
        dice = 2 * above_in_mask / (in_mask + above)
        total += dice
        for m in range(2):
            gains[m, t] = (2 * (above_in_mask + m) / (in_mask + above + 1) - dice) / 256
            if t == 254:
                lower = 2 * (above_in_mask - m) / max(in_mask + above - 1, 1)
                gains[m, 255] = (dice - lower) / 256
        above += histogram[0, t] + histogram[1, t]
        above_in_mask += histogram[1, t]
    return total / 256, gains


@compiled
def _ascend(
    starts: np.ndarray,
    mask: np.ndarray,
    first_row: np.ndarray,
    row_weights: tuple[np.ndarray, ...],
    first_column: np.ndarray,
    column_weights: tuple[np.ndarray, ...],
) -> np.ndarray:
    """Return the best iterate of an ascent from each of the starts."""
    _, h, w = starts.shape
    height, width = mask.shape
    down, across = len(row_weights), len(column_weights)
    best = starts.copy()
    large = np.empty(mask.shape)
    bins = np.empty(mask.shape, np.uint16)  # of each pixel: its grey level, and 256 in the mask
    offset = 0.5 + 256.0 * mask
    counts = np.empty((512, 2), np.uint32)
    row = np.empty(w)
    shrink = (STEP_SIZES[1] / STEP_SIZES[0]) ** (1 / (STEPS - 1))
    for start in range(len(starts)):
        cells = starts[start].copy()
        highest = -1.0
        size = STEP_SIZES[0]
        for _ in range(STEPS):
            low, high = np.inf, -np.inf
            for y in range(height):
                i = first_row[y]
                for k in range(w):
                    value = row_weights[0][y] * cells[i, k]
                    for tap in range(1, down):
                        value += row_weights[tap][y] * cells[i + tap, k]
                    row[k] = value
                for x in range(width):
                    k = first_column[x]
                    value = column_weights[0][x] * row[k]
                    for tap in range(1, across):
                        value += column_weights[tap][x] * row[k + tap]
                    large[y, x] = value
                    if value < low:
                        low = value
                    if value > high:
                        high = value
            if high <= low:
                break
            counts[:] = 0
            scale = 255 / (high - low)
            for y in range(height):
                for x in range(width):
                    bins[y, x] = np.uint16((large[y, x] - low) * scale + offset[y, x])
                    counts[bins[y, x], x & 1] += np.uint32(1)
            score, gains = pixel_gains(counts.sum(axis=1).reshape(2, 256))
            gains = gains.ravel()
            if score > highest:
                highest = score
                best[start] = cells
            gradient = np.zeros((h, w))
            for y in range(height):
                row[:] = 0
                for x in range(width):
                    k = first_column[x]
                    gain = gains[bins[y, x]]
                    for tap in range(across):
                        row[k + tap] += column_weights[tap][x] * gain
                i = first_row[y]
                for tap in range(down):
                    for k in range(w):
                        gradient[i + tap, k] += row_weights[tap][y] * row[k]
            blocked = ((cells <= 0) & (gradient < 0)) | ((cells >= 1) & (gradient > 0))
            gradient = np.where(blocked, 0.0, gradient)
            steepest = np.abs(gradient).max()
            if steepest == 0:
                break
            cells = np.minimum(np.maximum(cells + gradient * (size / steepest), 0.0), 1.0)
            size *= shrink
    return best
