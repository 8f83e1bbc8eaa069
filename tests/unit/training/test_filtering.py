import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.io.store import Rois
from camseg.training import filters

SIZE = 4


def study(names: str) -> Rois:
    """ROIs named <patient><n|a>, each abnormal one with a mask of its own."""
    names = names.split()
    n = len(names)
    random = np.random.default_rng(0)
    label = np.array([name.endswith("a") for name in names], np.uint8)
    mask = random.integers(0, 2, (n, SIZE, SIZE), dtype=np.uint8)
    mask[label == 0] = 0
    text = np.array(names, dtype=object)
    return Rois(
        image=random.integers(0, 256, (n, SIZE, SIZE), dtype=np.uint8),
        mask=mask,
        label=label,
        roi_id=text,
        patient_id=np.array([name[0] for name in names], dtype=object),
        view=text,
        pathology=text,
        lesion_type=text,
        box=np.zeros((n, 4), np.int32),
    )


SIDE = "Aa An Ba Bn Ca"


def filtered(regime: str, rois: Rois, seed: int = 1, cams=None) -> np.ndarray:
    weights = filters.weights(regime, rois, cams=cams, seed=seed)
    return filters.apply(rois.image, None if weights is None else weights(np.arange(len(rois))))


def drawn(rois: Rois, seed: int) -> dict[str, str]:
    """Whose mask each normal ROI got."""
    weights = filters.weights("mask", rois, cams=None, seed=seed)(np.arange(len(rois)))
    owners = {m.tobytes(): name for m, name in zip(rois.mask, rois.roi_id, strict=True) if m.any()}
    return {
        rois.roi_id[i]: owners[(weights[i] // 255).tobytes()]
        for i in np.flatnonzero(rois.label == 0)
    }


def test_original_is_the_image():
    rois = study(SIDE)
    result = filtered("original", rois)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, rois.image)


def test_cam_weighs_every_roi_by_its_map():
    rois = study(SIDE)
    cams = np.random.default_rng(1).integers(0, 256, rois.image.shape, dtype=np.uint8)
    result = filtered("cam", rois, cams=cams)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, rois.image * (cams / 255.0), rtol=1e-6)
    np.testing.assert_array_equal(result[cams == 255], rois.image[cams == 255])
    assert not result[cams == 0].any()


def test_cam_needs_maps_of_the_rois():
    for cams in (None, np.zeros((1, SIZE, SIZE), np.uint8)):
        with pytest.raises(CamsegError, match="needs a CAM of each ROI"):
            filters.weights("cam", study(SIDE), cams=cams, seed=0)


def test_mask_keeps_the_lesion_exactly_and_inverse_the_rest():
    rois = study(SIDE)
    inside, outside = filtered("mask", rois), filtered("inverse", rois)
    abnormal = rois.label == 1
    np.testing.assert_array_equal(inside[abnormal], (rois.image * rois.mask)[abnormal])
    np.testing.assert_array_equal(inside + outside, rois.image)
    assert not ((inside > 0) & (outside > 0)).any()


@pytest.mark.parametrize("regime", ["cam", "mask", "inverse"])
def test_weights_of_a_batch_are_those_of_all(regime):
    rois = study(SIDE)
    cams = np.random.default_rng(1).integers(0, 256, rois.image.shape, dtype=np.uint8)
    weights = filters.weights(regime, rois, cams=cams, seed=1)
    batch = np.array([4, 1, 3])
    assert weights(batch).dtype == np.uint8
    np.testing.assert_array_equal(weights(batch), weights(np.arange(5))[batch])


def test_normal_rois_get_masks_of_other_patients():
    rois = study("Aa An Ba Bn Ca")
    got: dict[str, set[str]] = {}
    for seed in range(60):
        for name, owner in drawn(rois, seed).items():
            got.setdefault(name, set()).add(owner)
    assert got == {"An": {"Ba", "Ca"}, "Bn": {"Aa", "Ca"}}


def test_the_draw_depends_on_the_candidates_only():
    rois = study("Aa An Ba Bn Ca Dn")
    for seed in range(10):
        expected = drawn(rois, seed)
        assert expected == drawn(rois, seed)
        order = np.random.default_rng(seed).permutation(len(rois))
        assert drawn(rois.take(order), seed) == expected
        # normal ROIs are no candidates
        some = drawn(rois.take(rois.roi_id != "Dn"), seed)
        assert some == {name: expected[name] for name in some}


def test_another_seed_draws_other_masks():
    assert len({tuple(drawn(study(SIDE), seed).values()) for seed in range(20)}) > 1


@pytest.mark.parametrize("regime", ["mask", "inverse"])
def test_no_candidate_is_an_error_naming_the_roi(regime):
    with pytest.raises(CamsegError, match=r"An: no other patient on its side"):
        filters.weights(regime, study("Aa An"), cams=None, seed=0)


def test_unknown_regime():
    with pytest.raises(CamsegError, match="'masks': must be one of original, cam, mask, inverse"):
        filters.weights("masks", study(SIDE), cams=None, seed=0)
