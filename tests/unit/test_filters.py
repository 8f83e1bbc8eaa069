import numpy as np
import pytest

from camseg import filters
from camseg.errors import CamsegError
from camseg.store import Rois

SIZE = 4


def study(sides: dict[str, str]) -> tuple[Rois, np.ndarray]:
    """ROIs named <patient><n|a>, each abnormal one with a mask of its own; their sides."""
    names = list(sides)
    n = len(names)
    random = np.random.default_rng(0)
    label = np.array([name.endswith("a") for name in names], np.uint8)
    mask = random.integers(0, 2, (n, SIZE, SIZE), dtype=np.uint8)
    mask[label == 0] = 0
    text = np.array(names, dtype=object)
    rois = Rois(
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
    return rois, np.array(list(sides.values()), dtype=object)


ONE = {"Aa": "train", "An": "train", "Ba": "train", "Bn": "train", "Ca": "train"}
TWO = {"Da": "validation", "Dn": "validation", "Ea": "validation", "Fn": "validation"}


def filtered(regime: str, rois: Rois, side: np.ndarray, seed: int = 1, cams=None) -> np.ndarray:
    weights = filters.weights(regime, rois, side, cams=cams, seed=seed)
    return filters.apply(rois.image, weights)


def drawn(rois: Rois, side: np.ndarray, seed: int) -> dict[str, str]:
    """Whose mask each normal ROI got."""
    weights = filters.weights("mask", rois, side, cams=None, seed=seed)
    owners = {m.tobytes(): name for m, name in zip(rois.mask, rois.roi_id, strict=True) if m.any()}
    return {
        rois.roi_id[i]: owners[(weights[i] // 255).tobytes()]
        for i in np.flatnonzero(rois.label == 0)
    }


def test_original_is_the_picture():
    rois, side = study(ONE)
    result = filtered("original", rois, side)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, rois.image)


def test_cam_weighs_every_roi_by_its_map():
    rois, side = study(ONE | TWO)
    cams = np.random.default_rng(1).integers(0, 256, rois.image.shape, dtype=np.uint8)
    result = filtered("cam", rois, side, cams=cams)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, rois.image * (cams / 255.0), rtol=1e-6)
    np.testing.assert_array_equal(result[cams == 255], rois.image[cams == 255])
    assert not result[cams == 0].any()


def test_cam_needs_maps_of_the_rois():
    rois, side = study(ONE)
    for cams in (None, np.zeros((1, SIZE, SIZE), np.uint8)):
        with pytest.raises(CamsegError, match="needs a CAM of each ROI"):
            filters.weights("cam", rois, side, cams=cams, seed=0)


def test_mask_keeps_the_lesion_exactly_and_inverse_the_rest():
    rois, side = study(ONE | TWO)
    inside, outside = filtered("mask", rois, side), filtered("inverse", rois, side)
    abnormal = rois.label == 1
    np.testing.assert_array_equal(inside[abnormal], (rois.image * rois.mask)[abnormal])
    np.testing.assert_array_equal(inside + outside, rois.image)
    assert not ((inside > 0) & (outside > 0)).any()


def test_normal_rois_get_masks_of_other_patients_of_their_side():
    rois, side = study(ONE | TWO)
    side_of = dict(zip(rois.roi_id, side, strict=True))
    got: dict[str, set[str]] = {}
    for seed in range(60):
        for name, owner in drawn(rois, side, seed).items():
            got.setdefault(name, set()).add(owner)
            assert side_of[owner] == side_of[name]
            assert owner[0] != name[0]
    assert got == {"An": {"Ba", "Ca"}, "Bn": {"Aa", "Ca"}, "Dn": {"Ea"}, "Fn": {"Da", "Ea"}}


def test_the_draw_depends_on_the_candidates_only():
    rois, side = study(ONE | TWO)
    for seed in range(10):
        expected = drawn(rois, side, seed)
        assert expected == drawn(rois, side, seed)
        order = np.random.default_rng(seed).permutation(len(rois))
        assert drawn(rois.take(order), side[order], seed) == expected
        # neither normal ROIs nor the other side's abnormal ones are candidates
        fewer = np.isin(rois.roi_id, ["Aa", "Ba", "Bn", "Ca", "Fn", "Ea", "Da"])
        some = drawn(rois.take(fewer), side[fewer], seed)
        assert some == {name: expected[name] for name in some}
        train = side == "train"
        assert drawn(rois.take(train), side[train], seed).items() <= expected.items()


def test_another_seed_draws_other_masks():
    rois, side = study(ONE | TWO)
    assert len({tuple(drawn(rois, side, seed).values()) for seed in range(20)}) > 1


def test_no_candidate_is_an_error_naming_the_roi():
    rois, side = study({"Aa": "train", "An": "train", "Ba": "validation"})
    for regime in ("mask", "inverse"):
        with pytest.raises(CamsegError, match=r"An: no other patient .*\(train\)"):
            filters.weights(regime, rois, side, cams=None, seed=0)


def test_unknown_regime():
    rois, side = study(ONE)
    with pytest.raises(CamsegError, match="'masks': must be one of original, cam, mask, inverse"):
        filters.weights("masks", rois, side, cams=None, seed=0)
