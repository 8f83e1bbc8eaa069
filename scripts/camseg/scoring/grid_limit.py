"""How well a map from a coarse grid can segment at best: mean-Dice maximised over its cells.

A CAM has a value for each cell of the network's last feature map, and is enlarged to the ROI: no
network of that grid can score higher than the best grid does. Finding it is a maximisation of
several local maxima; what is returned is the best found, a lower bound of the true limit.
"""

from functools import cache

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
    rows, columns = (_fitting(*sides, rule) for sides in zip(grid, mask.shape, strict=True))
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


@cache  # the same for all masks
def _fitting(cells: int, size: int, rule: GreyRule) -> np.ndarray:
    """Return the matrix (cells, size) of the least-squares fit of an enlarged row to pixels."""
    return np.linalg.pinv(enlargement(cells, size, rule))


def _taps(cells: int, size: int, rule: GreyRule) -> tuple[np.ndarray, np.ndarray]:
    """Return an enlargement as each pixel's first cell (size,), and the weights (taps, size).

    Of that cell and the next ones: two or, where a Gaussian smooths the map, as many as any pixel
    takes from.
    """
    matrix = enlargement(cells, size, rule)
    used = matrix > 0
    first = used.argmax(axis=1)
    taps = max(2, int((cells - used[:, ::-1].argmax(axis=1) - first).max()))
    first = np.minimum(first, cells - taps)
    places = first[:, np.newaxis] + np.arange(taps)
    weights = np.take_along_axis(matrix, places, axis=1)
    return first, np.ascontiguousarray(weights.T)


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
    row_weights: np.ndarray,
    first_column: np.ndarray,
    column_weights: np.ndarray,
) -> np.ndarray:
    """Return the best iterate of an ascent from each of the starts."""
    _, h, w = starts.shape
    height, width = mask.shape
    down, across = len(row_weights), len(column_weights)
    best = starts.copy()
    # a column of pixels lies in a row: what is done to all its pixels takes several at once
    columns = np.empty((w, height))
    large = np.empty((width, height))
    bins = np.empty(large.shape, np.uint16)  # of each pixel: its grey level, and 256 in the mask
    counts = np.empty((512, 2), np.uint32)
    histogram = np.empty((2, 256), np.uint64)
    lows, highs, gained = np.empty((3, height))
    offset = np.empty(large.shape)
    for x in range(width):
        for y in range(height):
            offset[x, y] = 0.5 + 256.0 * mask[y, x]
    shrink = (STEP_SIZES[1] / STEP_SIZES[0]) ** (1 / (STEPS - 1))
    for start in range(len(starts)):
        cells = starts[start].copy()
        highest = -1.0
        size = STEP_SIZES[0]
        for _ in range(STEPS):
            for k in range(w):
                for y in range(height):
                    i = first_row[y]
                    value = row_weights[0, y] * cells[i, k]
                    for tap in range(1, down):
                        value += row_weights[tap, y] * cells[i + tap, k]
                    columns[k, y] = value
            lows[:] = np.inf
            highs[:] = -np.inf
            for x in range(width):
                k = first_column[x]
                for y in range(height):
                    large[x, y] = column_weights[0, x] * columns[k, y]
                for tap in range(1, across):
                    for y in range(height):
                        large[x, y] += column_weights[tap, x] * columns[k + tap, y]
                for y in range(height):
                    lows[y] = min(lows[y], large[x, y])
                    highs[y] = max(highs[y], large[x, y])
            low, high = lows.min(), highs.max()
            if high <= low:
                break
            counts[:] = 0
            scale = 255 / (high - low)
            for x in range(width):
                for y in range(height):
                    bins[x, y] = np.uint16((large[x, y] - low) * scale + offset[x, y])
                for y in range(height):
                    counts[bins[x, y], y & 1] += np.uint32(1)
            for level in range(512):
                histogram[level // 256, level % 256] = counts[level].sum()
            score, gains = pixel_gains(histogram)
            gains = gains.ravel()
            if score > highest:
                highest = score
                best[start] = cells
            columns[:] = 0
            for x in range(width):
                k = first_column[x]
                for y in range(height):
                    gained[y] = gains[bins[x, y]]
                for tap in range(across):
                    for y in range(height):
                        columns[k + tap, y] += column_weights[tap, x] * gained[y]
            gradient = np.zeros((h, w))
            for y in range(height):
                i = first_row[y]
                for tap in range(down):
                    for k in range(w):
                        gradient[i + tap, k] += row_weights[tap, y] * columns[k, y]
            steepest = 0.0
            for i in range(h):
                for k in range(w):
                    cell, slope = cells[i, k], gradient[i, k]
                    if (cell <= 0 and slope < 0) or (cell >= 1 and slope > 0):
                        gradient[i, k] = 0
                    steepest = max(steepest, abs(gradient[i, k]))
            if steepest == 0:
                break
            for i in range(h):
                for k in range(w):
                    moved = cells[i, k] + gradient[i, k] * (size / steepest)
                    cells[i, k] = min(max(moved, 0.0), 1.0)
            size *= shrink
    return best
