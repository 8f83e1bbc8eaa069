"""ROIs and CAMs of which a test can tell what a regime of training keeps."""

import numpy as np
from scipy import ndimage

from camseg.io.store import Rois
from camseg.training import filtering

SIZE = 64
NAMES = "A.abnormal A.normal B.abnormal B.normal C.abnormal D.abnormal"


def study(names: str = NAMES) -> tuple[Rois, np.ndarray]:
    """ROIs named <patient><n|a>, and a smooth CAM of each, from nothing kept to everything kept.

    Or <patient>.<normal|abnormal>, as those of a study. Each abnormal one has a mask of its own.
    """
    names = np.array(names.split(), object)
    random = np.random.default_rng(0)
    shape = (len(names), SIZE, SIZE)
    label = np.array([name.endswith(("a", ".abnormal")) for name in names], np.uint8)
    masks = np.random.default_rng(1).integers(0, 2, shape, dtype=np.uint8)
    rois = Rois(
        image=random.integers(1, 256, shape, dtype=np.uint8),
        mask=masks * label[:, np.newaxis, np.newaxis],
        label=label,
        roi_id=names,
        patient_id=np.array([name[0] for name in names], object),
        view=names,
        pathology=names,
        lesion_type=names,
        box=np.zeros((len(names), 4), np.int32),
    )
    fields = ndimage.gaussian_filter(random.random(shape), (0, 9, 9))
    fields -= fields.min(axis=(1, 2), keepdims=True)
    cams = np.rint(255 * fields / fields.max(axis=(1, 2), keepdims=True)).astype(np.uint8)
    cams[0], cams[1] = 0, 255
    return rois, cams


def given(rois: Rois, cams: np.ndarray) -> filtering.Given:
    """All that a regime may need: the untrained maps are the CAMs upside down.

    The verdict is right, but for patient C.
    """
    verdicts = (rois.label == 1) & (rois.patient_id != "C")
    return filtering.Given(cams=cams, untrained=cams[:, ::-1], verdicts=verdicts)


def weigh(regime: str, seed: int = 1, order=slice(None), names: str = NAMES) -> dict:
    """The weights of every ROI by its name, its set given in `order`."""
    rois, cams = study(names)
    rois, cams = rois.take(order), cams[order]
    weights = filtering.weights(regime, rois, given(rois, cams), seed=seed)(np.arange(len(rois)))
    assert weights.dtype == np.uint8
    return dict(zip(rois.roi_id, weights, strict=True))


def filtered(regime: str) -> np.ndarray:
    """What a network gets to see of every ROI, float32."""
    rois, cams = study()
    everything = np.arange(len(rois))
    weights = filtering.weights(regime, rois, given(rois, cams), seed=1)
    images = filtering.images(regime, rois)[everything]
    return filtering.apply(images, None if weights is None else weights(everything))


def taken_from(regime: str, field: str, seeds: int, names: str = NAMES) -> dict[str, set[str]]:
    """Of which ROIs a ROI gets the mask or the CAM (`field`), over so many seeds.

    The ROI's own is among them where it gets that.
    """
    rois, cams = study(names)
    kept_of = 255 * rois.mask if field == "mask" else cams
    owners = {values.tobytes(): name for values, name in zip(kept_of, rois.roi_id, strict=True)}
    found: dict[str, set[str]] = {}
    for seed in range(seeds):
        for name, kept in weigh(regime, seed, names=names).items():
            found.setdefault(name, set()).add(owners[kept.tobytes()])
    return found
