import numpy as np
import pytest

from camseg.errors import CamsegError
from camseg.training import filtering
from camseg.training.registry import REGIMES
from regimes import SIZE, filtered, given, study, weigh

WEIGHING = [regime for regime in REGIMES if regime != "original"]
OF_MASKS = ["mask", "inverse", "silhouette"]
DRAWN = [*OF_MASKS, "swapped", "swapped_verdict", "noise", "blob"]


def test_weights_of_255_keep_and_those_of_0_remove():
    images = np.array([[[3, 7], [200, 255]]], np.uint8)
    kept = filtering.apply(images, np.array([[[255, 0], [51, 255]]], np.uint8))
    assert kept.dtype == np.float32
    np.testing.assert_array_equal(kept, [[[3, 0], [40, 255]]])
    whole = filtering.apply(images, None)
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(whole, images)


@pytest.mark.parametrize("regime", REGIMES)
def test_what_a_network_sees_is_grey_of_float32(regime):
    seen = filtered(regime)
    rois, _ = study()
    assert seen.dtype == np.float32
    assert seen.shape == rois.image.shape
    assert 0 <= seen.min() <= seen.max() <= 255


@pytest.mark.parametrize("regime", WEIGHING)
def test_weights_depend_on_the_roi_only_and_on_the_seed(regime):
    def same(one: dict, other: dict) -> bool:
        return all(np.array_equal(one[name], other[name]) for name in one)

    given = weigh(regime)
    assert same(given, weigh(regime))
    assert same(given, weigh(regime, order=[3, 1, 5, 0, 2, 4]))
    changes = [not same(given, weigh(regime, seed=seed)) for seed in range(2, 12)]
    assert any(changes) == (regime in DRAWN)


@pytest.mark.parametrize("regime", WEIGHING)
def test_weights_of_a_batch_are_those_of_all(regime):
    rois, cams = study()
    weights = filtering.weights(regime, rois, given(rois, cams), seed=1)
    batch = np.array([4, 1, 3])
    assert weights(batch).dtype == np.uint8
    np.testing.assert_array_equal(weights(batch), weights(np.arange(len(rois)))[batch])
    np.testing.assert_array_equal(weights(batch), [weigh(regime)[rois.roi_id[i]] for i in batch])


@pytest.mark.parametrize("regime", OF_MASKS)
def test_no_candidate_for_a_mask_is_an_error_naming_regime_and_roi(regime):
    with pytest.raises(CamsegError) as error:
        weigh(regime, names="Aa An")
    assert str(error.value) == (
        f"regime '{regime}': ROI An: no other patient on its side of the split "
        "has an abnormal ROI whose mask it could take"
    )


def test_regimes_filter_the_rois_themselves_but_for_those_without_a_pixel():
    rois, _ = study()
    for regime in REGIMES:
        without = regime in ("silhouette", "cam_alone")
        whole = np.full_like(rois.image, 255) if without else rois.image
        np.testing.assert_array_equal(filtering.images(regime, rois), whole)


@pytest.mark.parametrize("cams", [None, np.zeros((1, SIZE, SIZE), np.uint8)])
def test_cams_must_be_those_of_the_rois(cams):
    rois, right = study()
    assert filtering.needed(right, rois) is right
    with pytest.raises(CamsegError, match=r"needs a CAM of each ROI, shape \(6, 64, 64\), not"):
        filtering.needed(cams, rois)


def test_values_are_laid_where_a_field_is_large():
    field = np.array([[0.5, -1.0], [7.0, 0.5]])
    values = np.array([[9, 1], [4, 3]], np.uint8)
    # of equal places the first gets the smaller
    np.testing.assert_array_equal(filtering.lay(values, field), [[3, 1], [9, 4]])


@pytest.mark.parametrize(
    ("regime", "hint"),
    [
        ("masks", "did you mean mask?"),
        ("inverse-cam", "did you mean inverse_cam?"),
        ("x", f"must be one of {', '.join(sorted(REGIMES))}"),
    ],
)
def test_an_unknown_regime_is_one_readable_line(regime, hint):
    rois, cams = study()
    for ask in (
        lambda: filtering.weights(regime, rois, given(rois, cams), seed=0),
        lambda: filtering.images(regime, rois),
    ):
        with pytest.raises(CamsegError) as error:
            ask()
        assert str(error.value) == f"regime is '{regime}': {hint}"
