"""Checks whether heat maps depend on what they should: the weights, the class, the image.

The weights are those of Adebayo et al., "Sanity Checks for Saliency Maps" (2018): re-initialised,
they must change the map. The map of the other class must be another one, that of an image moved
must move along.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from camseg.explanations import explain, scaling
from camseg.explanations.background import Background
from camseg.explanations.layers import cell_pixels, head_layers
from camseg.explanations.options import GreyRule
from camseg.networks import classifiers
from camseg.networks.backend import keras
from camseg.scoring.dice import mean_dice
from camseg.seeds import derive_seed, generator

SAMPLE = 32  # ROIs at most
FEW = 8  # ROIs, and one draw, by methods that have the network run hundreds of times
DRAWS = 3  # of weights: the maps of one draw resemble each other, whatever the images show


def sample(candidates: np.ndarray, seed: int, explanations: Sequence[str]) -> np.ndarray:
    """Return the places of at most SAMPLE of the ROIs that are `candidates`, (n,) bool, sorted.

    Of at most FEW for an explanation that is costly.
    """
    most = FEW if any(map(explain.is_costly, explanations)) else SAMPLE
    order = generator(seed, "sanity checks").permutation(np.flatnonzero(candidates))
    return np.sort(order[:most])


def check(
    model: keras.Model,
    images: np.ndarray,
    masks: np.ndarray,
    *,
    preprocess: Callable[[np.ndarray], np.ndarray],
    seed: int,
    batch_size: int,
    explanations: Sequence[str],
    score: str,
    rule: GreyRule,
    background: Background | None = None,
) -> dict[str, pd.DataFrame]:
    """Return how the maps of abnormal ROIs change with weights, class and place, by explanation.

    `images` and `masks` (n, S, S) uint8; `preprocess` makes the model's input of images; the rest
    as for `explain.explain`, and `background` of the images for methods that compare ROIs.
    Explanations of one `explain.kind` share what their maps are made of; one that is costly is to
    come alone. The model keeps its weights.

    Each table has a row per map. Columns: `check`, `roi` (its place in `images`), `draw` (from 0),
    `correlation` (of the ranks of the raw map with those of the unchanged map; NaN if one is
    constant) and `dice` (mean-Dice of the changed map; NaN where the mask does not fit). Checks:

    - "unchanged": the map for the class abnormal;
    - "random_weights", "random_head": all weights, or those of the head's layers, re-initialised;
    - "other_class": the map for the class normal, by `score`; "other_class_logit": the same
      between the maps of the two single logits;
    - "other_roi": the maps of the other ROIs, on average; no dice;
    - "moved", "moved_in_place": the image moved by one cell of what is pooled last, each way a
      draw; the map along with it, or cell by cell (see `moved_correlations`).
    """
    kinds = {explain.kind(each): each for each in explanations}

    def derive(images: np.ndarray) -> dict[str, list[explain.Made]]:
        made: dict[str, list[explain.Made]] = {each: [] for each in kinds}
        for start in range(0, len(images), batch_size):
            batch = slice(start, start + batch_size)
            other = background.at(batch) if background else None
            inputs = preprocess(images[batch])
            for each, method in kinds.items():
                made[each].append(explain.derive(model, inputs, method, other=other))
        return made

    def raw(
        made: dict[str, list[explain.Made]], explanation: str, score: str = score, label: int = 1
    ) -> np.ndarray:
        options = {"explanation": explanation, "score": score, "target": "true"}
        return np.concatenate(
            [
                explain.raw_maps(batch, labels=np.full(len(batch.logits), label), **options)
                for batch in made[explain.kind(explanation)]
            ]
        )

    def dice(maps: np.ndarray) -> np.ndarray:
        return mean_dice(scaling.to_grey(maps, masks.shape[1:], rule), masks)

    rows: dict[str, list[pd.DataFrame]] = {each: [] for each in explanations}

    def add(
        explanation: str,
        check: str,
        correlation: np.ndarray,
        dice: np.ndarray | float,
        draw: int = 0,
    ) -> None:
        row = {"check": check, "roi": np.arange(len(images)), "draw": draw}
        rows[explanation].append(pd.DataFrame(row | {"correlation": correlation, "dice": dice}))

    own = {}
    made = derive(images)
    for each in explanations:
        own[each], other = raw(made, each), raw(made, each, label=0)
        logits = (raw(made, each, "logit", label) for label in (0, 1))
        add(each, "unchanged", rank_correlation(own[each], own[each]), dice(own[each]))
        add(each, "other_class", rank_correlation(own[each], other), dice(other))
        add(each, "other_class_logit", rank_correlation(*logits), np.nan)
        add(each, "other_roi", with_others(own[each]), np.nan)

    shift = cell_pixels(model)
    for draw, (rows_down, columns_right) in enumerate(((0, 1), (0, -1), (1, 0), (-1, 0))):
        made = derive(translate(images, shift * rows_down, shift * columns_right))
        for each in explanations:
            cells = shift if explain.is_of_input(each) else 1
            by = cells * rows_down, cells * columns_right
            along, in_place = moved_correlations(own[each], raw(made, each), *by)
            add(each, "moved", along, np.nan, draw)
            add(each, "moved_in_place", in_place, np.nan, draw)

    def add_random(check: str, draw: int) -> None:
        made = derive(images)
        for each in explanations:
            maps = raw(made, each)
            add(each, check, rank_correlation(own[each], maps), dice(maps), draw)

    trained = model.get_weights()
    for draw in range(1 if any(map(explain.is_costly, explanations)) else DRAWS):
        fresh = classifiers.untrained(model, derive_seed(seed, "random weights", draw))
        for layer, drawn in zip(head_layers(model), head_layers(fresh), strict=True):
            layer.set_weights(drawn.get_weights())
        add_random("random_head", draw)
        model.set_weights(fresh.get_weights())
        add_random("random_weights", draw)
        model.set_weights(trained)
    return {each: pd.concat(tables, ignore_index=True) for each, tables in rows.items()}


def rank_correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each pair of maps, both (n, h, w): (n,) in [-1, 1].

    Ties have their mean rank. NaN where a map is degenerate: constant but for rounding, or not
    finite.
    """
    degenerate = scaling.degenerate(first) | scaling.degenerate(second)
    ranks = [
        pd.DataFrame(maps.reshape(len(maps), -1)).rank(axis=1).to_numpy()
        for maps in (first, second)
    ]
    a, b = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    norms = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    found = np.divide((a * b).sum(axis=1), norms, out=np.full(len(a), np.nan), where=norms > 0)
    return np.where(degenerate, np.nan, found)


def with_others(maps: np.ndarray) -> np.ndarray:
    """Return each map's mean rank correlation with the other maps, (n, h, w): (n,) in [-1, 1].

    Maps without one (see `rank_correlation`) count for nothing; NaN where no other map is left.
    """
    places = np.arange(len(maps))
    found = np.full(len(maps), np.nan)
    for place in places if len(maps) > 1 else ():
        others = maps[places != place]
        each = rank_correlation(np.broadcast_to(maps[place], others.shape), others)
        if np.isfinite(each).any():
            found[place] = np.nanmean(each)
    return found


def translate(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return images (n, H, W) moved by pixels; what comes in is the image's mirror image."""
    pads = ((max(down, 0), max(-down, 0)), (max(right, 0), max(-right, 0)))
    height, width = images.shape[1:]
    top, left = max(-down, 0), max(-right, 0)
    padded = np.pad(images, ((0, 0), *pads), mode="symmetric")
    return padded[:, top : top + height, left : left + width]


def moved_correlations(
    maps: np.ndarray, moved: np.ndarray, down: int, right: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return what becomes of maps (n, h, w) if the image moves by whole cells: two times (n,).

    Rank correlations of the maps `moved`, without the cells that came in, with the cells of `maps`
    that show the same part of the image, and with those at the same place.
    """
    height, width = maps.shape[1:]
    new = np.s_[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]
    old = np.s_[:, max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)]
    return rank_correlation(moved[new], maps[old]), rank_correlation(moved[new], maps[new])
