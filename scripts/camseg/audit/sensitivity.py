"""What the choices behind a heat map do to its Dice: score, class, layer, sign, enlargement."""

from collections import defaultdict
from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd

from camseg.explanations import explain, scaling
from camseg.explanations.background import Background
from camseg.explanations.layers import layers_of
from camseg.explanations.options import SCORES, SIGNS, TARGETS, Enlargement, GreyRule
from camseg.io.store import Images
from camseg.networks.backend import keras
from camseg.scoring.dice import mean_dice

SMOOTHING = 0.05  # of the ROI's side, where a study's own maps are not smoothed


def measure(
    model: keras.Model,
    images: Images,
    masks: Images,
    labels: np.ndarray,
    *,
    preprocess: Callable[[np.ndarray], np.ndarray],
    explanation: str,
    enlargement: Enlargement,
    batch_size: int,
    background: Background | None = None,
) -> pd.DataFrame:
    """Return mean-Dice, averaged over the ROIs, of every combination of choices: a row each.

    `images` and `masks` (n, S, S) uint8 and `labels` (n,) are abnormal ROIs; `preprocess` makes
    the model's input of images; `enlargement` is the study's own (see `rules`); a
    `background` is for methods that compare ROIs.
    Columns: `score`, `target`, `layer`, `sign`, `resize`, `smoothing` as in `cam`, `dice`, and
    `degenerate`, the number of maps that are all 0. The network runs once for each layer, those
    that there are and at which the method can be used: "input" alone for those that ask for
    gradients by it, as often as they do.
    """
    layers = [layer for layer in layers_of(model) if explain.fits_layer(explanation, layer)]
    if explain.is_of_input(explanation):
        layers = ["input"]
    dice: dict[tuple, float] = defaultdict(float)
    degenerate: dict[tuple, int] = defaultdict(int)
    for start in range(0, len(labels), batch_size):
        batch = slice(start, start + batch_size)
        inputs, mask = preprocess(images[batch]), masks[batch]
        other = background.at(batch) if background else None
        for layer in layers:
            derivatives = explain.derive(model, inputs, explanation, layer, other)
            for score, target in product(SCORES, TARGETS):
                raw = explain.raw_maps(
                    derivatives,
                    explanation=explanation,
                    score=score,
                    target=target,
                    labels=labels[batch],
                )
                for each in rules(enlargement):
                    grey = scaling.to_grey(raw, mask.shape[1:], each)
                    choice = (score, target, layer, each.sign, each.resize, each.smoothing)
                    dice[choice] += mean_dice(grey, mask).sum()
                    degenerate[choice] += int(np.sum(~grey.any(axis=(1, 2))))
    rows = [(*choice, total / len(labels), degenerate[choice]) for choice, total in dice.items()]
    names = ["score", "target", "layer", "sign", "resize", "smoothing", "dice", "degenerate"]
    return pd.DataFrame(rows, columns=names)


def rules(own: Enlargement) -> list[GreyRule]:
    """Return the rules to compare, those by the study's `own` enlargement among them.

    With every sign: each way of resizing, smoothed as in the study, and the study's way, smoothed
    not at all, by SMOOTHING and as in the study.
    """
    ways = [(resize, own.smoothing) for resize in scaling.RESIZES]
    ways += [(own.resize, smoothing) for smoothing in (0.0, SMOOTHING, own.smoothing)]
    return [
        GreyRule(sign=sign, resize=resize, smoothing=smoothing)
        for sign, (resize, smoothing) in product(SIGNS, dict.fromkeys(ways))
    ]
