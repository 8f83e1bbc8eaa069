"""The heat maps of many ROIs, batch by batch; killed work goes on where it was saved."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from camseg.code import code_of
from camseg.explanations import explain
from camseg.explanations.background import Background, draw_pool
from camseg.explanations.options import CamOptions
from camseg.explanations.parts import Parts
from camseg.explanations.scaling import to_grey
from camseg.io.store import Rois
from camseg.networks import arithmetic
from camseg.networks.backend import keras


@dataclass(frozen=True)
class Explained:
    """The maps of the next ROIs, and what became known with them."""

    cam: np.ndarray  # (b, S, S) uint8, as scored
    raw: np.ndarray  # (b, h, w) float32
    margin: np.ndarray  # (b,) float32: logit of abnormal minus that of normal
    runs: np.ndarray  # (b, 2) int32: of the network for each map, forward and back
    missed: np.ndarray  # (b,) float64: as of `explain.completeness`, NaN if it is not defined


def background_of(
    explanations: Sequence[str],
    rois: Rois,
    sides: np.ndarray,
    patients: np.ndarray,
    preprocess: Callable[[np.ndarray], np.ndarray],
) -> Background | None:
    """Return with what methods compare ROIs of `patients` (n,): None if none of them does.

    Of the training ROIs of `rois`, whose sides are `sides`, drawn by `draw_pool`.
    """
    if "background" not in map(explain.asks, explanations):
        return None
    return Background(draw_pool(rois, sides), patients, preprocess)


def compute_maps(
    model: keras.Model,
    rois: Rois,
    *,
    preprocess: Callable[[np.ndarray], np.ndarray],
    explanation: str,
    options: CamOptions,
    batch_size: int,
    background: Background | None,
    parts: Parts,
) -> Iterator[Explained]:
    """Yield the maps of `rois` in their order, with a progress bar: those saved in `parts` first.

    `preprocess` makes the model's input of images; a `background` is for methods that compare ROIs.
    In memory are one batch, and the maps that `parts` has not saved yet.
    """
    done = 0
    for arrays in parts.load():
        done += len(arrays[0])
        yield Explained(*arrays)
    chosen: dict = {"explanation": explanation, "score": options.score, "target": options.target}
    with tqdm(total=len(rois), initial=done, unit="ROI", mininterval=5) as progress:
        for start in range(done, len(rois), batch_size):
            batch = slice(start, start + batch_size)
            images = preprocess(rois.image[batch])
            other = background.at(batch) if background else None
            made = explain.derive(model, images, explanation, other=other)
            known = chosen | {"labels": rois.label[batch]}
            raw = explain.raw_maps(made, **known)
            runs = np.full((len(raw), 2), (made.runs.forward, made.runs.back), np.int32)
            missed = explain.completeness(made, raw, **known)
            normal, abnormal = made.logits.T
            arrays = (
                to_grey(raw, images.shape[1:3], options),
                raw,
                abnormal - normal,
                runs,
                np.full(len(raw), np.nan) if missed is None else missed,
            )
            parts.add(*arrays)
            progress.update(len(raw))
            yield Explained(*arrays)


def identity(options: dict, files: Iterable[Sequence[str]]) -> dict:
    """Return all that determines maps, as JSON values: saved ones of other work are not taken.

    `options` are all that is chosen, the `explanation` among them, `files` what is read.
    """
    code = code_of(Path(__file__), [f"{explain.METHODS}.{options['explanation']}"])
    return arithmetic.identity({"options": options}, files, code)


def write_maps(made: Iterable[Explained], labels: np.ndarray, write: Callable[..., None]) -> str:
    """Write maps by the function of `store.cam_writer`; return what to say of them.

    `labels` (n,) are 1 for abnormal and 0 for normal ROIs.
    """
    degenerate, missed = [], []
    for each in made:
        write(each.cam, each.raw, margin=each.margin, runs=each.runs)
        degenerate.append(~each.cam.any(axis=(1, 2)))
        missed.append(each.missed)
    flat, shares = np.concatenate(degenerate), np.concatenate(missed)
    forward, back = each.runs[0]
    said = (
        f"{len(flat)} maps from a grid of {each.raw.shape[1]} x {each.raw.shape[2]}, each at "
        f"{forward} runs of the network and {back} back; {flat.sum()} of them degenerate, constant "
        f"or not finite, and therefore all 0 ({flat[labels == 1].sum()} of abnormal ROIs)"
    )
    if np.isfinite(shares).any():
        said += (
            "\ncompleteness: a map's sum differs from the score less the baseline's by "
            f"{np.nanmedian(shares):.0%} (median), in a tenth of the ROIs by more than "
            f"{np.nanquantile(shares, 0.9):.0%}"
        )
    return said
