import re

import pytest

from camseg.segmentation.registry import METHODS, is_cam, names, parts, pattern

MODELS = ["MobileNetV2", "a.b-c"]


def test_names_of_a_study():
    methods = ["unet", "few_outlines", "crf", "pseudo_masks_again"]
    assert names(methods, [5, 20], MODELS) == [
        *["cam-MobileNetV2", "cam-a.b-c", "unet", "few_outlines-5", "few_outlines-20"],
        *["crf-MobileNetV2", "crf-a.b-c"],
        *["pseudo_masks_again-MobileNetV2", "pseudo_masks_again-a.b-c"],
    ]
    assert names([], [5], MODELS) == []


def test_a_name_says_its_method_and_what_it_takes():
    assert parts("unet") == ("unet", "")
    assert parts("few_outlines-20") == ("few_outlines", "20")
    assert parts("crf-a.b-c") == ("crf", "a.b-c")
    assert is_cam("cam-a.b-c")
    assert not is_cam("crf-cam")


@pytest.mark.parametrize("trains", [None, True, False])
def test_every_name_fits_the_pattern_of_its_kind_and_no_other_does(trains):
    every = names(list(METHODS), [5, 20], MODELS)
    kinds = {name: METHODS[parts(name)[0]].trains for name in every if not is_cam(name)}
    fits = [name for name in every if re.fullmatch(pattern(MODELS, trains=trains), name)]
    assert fits == [name for name in every if trains is None or kinds.get(name) is trains]
    for wrong in ("unet-MobileNetV2", "few_outlines", "few_outlines-0", "crf", "crf-axb-c", "cam"):
        assert not re.fullmatch(pattern(MODELS, trains=trains), wrong)


def test_who_needs_cams_and_who_the_maps_before():
    assert {name for name, method in METHODS.items() if method.takes_cams} == {
        *["pseudo_masks", "grab_cut", "crf", "random_walker", "fused", "fused_shuffled"]
    }
    for method in METHODS.values():
        assert bool(method.after) == (method.targets == "maps")
        assert not method.after or METHODS[method.after].trains
