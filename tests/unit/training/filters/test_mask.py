import numpy as np

from regimes import filtered, study, taken_from, weigh


def test_the_lesion_is_kept_exactly():
    rois, _ = study()
    abnormal = rois.label == 1
    np.testing.assert_array_equal(filtered("mask")[abnormal], (rois.image * rois.mask)[abnormal])


def test_normal_rois_get_masks_of_other_patients():
    assert taken_from("mask", "mask", seeds=60, names="Aa An Ba Bn Ca") == {
        **{"Aa": {"Aa"}, "Ba": {"Ba"}, "Ca": {"Ca"}},
        **{"An": {"Ba", "Ca"}, "Bn": {"Aa", "Ca"}},
    }


def test_normal_rois_are_no_candidates():
    """Nor does a draw change with another one."""
    more = "Aa An Ba Bn Ca Dn"
    for seed in range(10):
        expected = weigh("mask", seed, names=more)
        some = weigh("mask", seed, names=more, order=slice(0, 5))
        assert list(some) == ["Aa", "An", "Ba", "Bn", "Ca"]
        for name, kept in some.items():
            np.testing.assert_array_equal(kept, expected[name])


def test_the_draw_depends_on_the_candidates_only():
    for seed in range(10):
        expected = weigh("mask", seed)
        order = np.random.default_rng(seed).permutation(6)
        for name, kept in weigh("mask", seed, order=order).items():
            np.testing.assert_array_equal(kept, expected[name])


def test_another_seed_draws_other_masks():
    draws = [b"".join(kept.tobytes() for kept in weigh("mask", s).values()) for s in range(20)]
    assert len(set(draws)) > 1
