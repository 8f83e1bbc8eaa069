"""What of a ROI the classifier depends on: regions of it are replaced by healthy tissue.

An abnormal ROI x has the same region of the mirrored opposite breast put in, where there is no
lesion; m is the margin of the network as it was trained. Healthy tissue is what the network knows
from normal ROIs. A region painted black is nothing that it has ever seen: its margin then says what
the network makes of black, not what the region was worth.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from camseg.audit import regions
from camseg.audit.untrained import untrained_maps
from camseg.explanations import explain, scaling
from camseg.explanations.options import MapOptions
from camseg.networks.backend import keras
from camseg.seeds import generator

TRAINING = 16  # pairs of training ROIs at most, beside all of validation


def sample(sides: np.ndarray, seed: int) -> np.ndarray:
    """Return the places of the pairs to take, sorted: all of validation, at most TRAINING of train.

    `sides` (n,) are the pairs' sides of the split.
    """
    training = np.flatnonzero(sides == "train")
    drawn = generator(seed, "transplants").permutation(training)[:TRAINING]
    return np.sort(np.concatenate([np.flatnonzero(sides == "validation"), drawn]))


def measure(
    model: keras.Model,
    images: np.ndarray,
    normal: np.ndarray,
    masks: np.ndarray,
    maps: np.ndarray,
    roi_ids: np.ndarray,
    *,
    mirrored: bool,
    grid: tuple[int, int],
    preprocess: Callable[[np.ndarray], np.ndarray],
    seed: int,
    batch_size: int,
    explanation: str,
    options: MapOptions,
) -> pd.DataFrame:
    """Return the margins of abnormal ROIs, before and after: a row per ROI, region and draw.

    `images`, and `normal` ROIs of theirs, which are `mirrored` if they were cut opposite to them,
    `masks` and the `maps` by the model, all (n, S, S) uint8, `grid` the rows and columns of the
    latter's cells; `preprocess` makes the model's input of images; `explanation` and `options` as
    for `explain.explain`. The model keeps its weights.

    Columns: `roi` (place in `images`), `region`, `draw` (of what is drawn, from 0) and logits:
    `margin` m(x), `normal` that of the normal ROI, `changed` that of x with the region
    replaced (NaN if a map shows no place). Regions:

    - "outline", the lesion's mask, and "complement", all around it;
    - "CAM top", "CAM bottom": the highest and lowest pixels of the model's map, as many as the
      lesion has; so for those below;
    - "untrained top": of the map after the weights are re-initialised; "noise top": of random
      values on the same grid;
    - "blackened outline": the outline painted black, which is no way to ask.
    """
    others = normal[:, :, ::-1] if mirrored else normal

    def margin(images: np.ndarray) -> np.ndarray:
        parts = range(0, len(images), batch_size)
        inputs = (preprocess(images[start : start + batch_size]) for start in parts)
        logits = np.concatenate([explain.differentiate(model, batch).logits for batch in inputs])
        return logits[:, 1] - logits[:, 0]

    before = {"margin": margin(images), "normal": margin(others)}
    rows = []

    def add(
        region: str, changed: np.ndarray, valid: np.ndarray | bool = True, draw: int = 0
    ) -> None:
        row = {"roi": np.arange(len(images)), "region": region, "draw": draw} | before
        rows.append(pd.DataFrame(row | {"changed": np.where(valid, margin(changed), np.nan)}))

    def add_highest(region: str, maps: np.ndarray, draw: int = 0) -> None:
        chosen = regions.highest(maps, masks, roi_ids, seed)
        valid = np.any(maps != maps[:, :1, :1], axis=(1, 2))
        add(region, regions.replaced(images, others, chosen), valid, draw)

    add("outline", regions.replaced(images, others, masks))
    add("complement", regions.replaced(images, others, 1 - masks))
    add_highest("CAM top", maps)
    add_highest("CAM bottom", 255 - maps)
    common: dict = {"seed": seed, "batch_size": batch_size, "preprocess": preprocess}
    common |= {"explanation": explanation, "options": options}
    trained = model.get_weights()
    for draw, drawn in enumerate(untrained_maps(model, images, **common)):
        model.set_weights(trained)
        add_highest("untrained top", drawn, draw)
    noise = [generator(seed, "noise", roi_id).normal(size=grid) for roi_id in roi_ids]
    grey = scaling.to_grey(np.stack(noise), masks.shape[1:], replace(options, sign="signed"))
    add_highest("noise top", grey)
    add("blackened outline", regions.replaced(images, np.zeros_like(images), masks))
    return pd.concat(rows, ignore_index=True)
