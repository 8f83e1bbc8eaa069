import json

import numpy as np
import pandas as pd
import pytest

import unpacking
from camseg.errors import CamsegError
from camseg.explorer import packing, shards
from camseg.io import store

SETS = [(name, model) for name in ("grad_cam", "saliency") for model in ("Net", "Other")]


def packed(folder, number):
    text = (folder / f"explorer/rois-{number}.js").read_text()
    start = f"explorer.take({number}, "
    assert text.startswith(start)
    assert text.endswith(");\n")
    return json.loads(text[len(start) : -3])


def test_a_shard_has_what_the_study_s_files_have(explored):
    both = [packed(explored, number)["rois"] for number in (0, 1)]
    for number, found in enumerate(both):
        rois = store.read_rois([explored / f"shard-{number}.h5"])
        assert len(found) == len(rois) == 5
        for place, roi in enumerate(found):
            patient = rois.patient_id[place]
            assert roi["view"] == f"{patient} LEFT_CC"
            if not rois.label[place]:
                assert roi["mask"] == roi["curves"] == ""
            else:
                mask = unpacking.unpack_mask(roi["mask"], 32)
                assert np.array_equal(mask, rois.mask[place])
            for (explanation, model), packed_map in zip(SETS, roi["maps"], strict=True):
                path = explored / explanation / model / "cams.h5"
                cam = store.read_cams(path, rois.roi_id[[place]]).cam[0]
                assert np.array_equal(unpacking.unpack_map(packed_map), cam)
    assert [bool(roi["mask"]) for roi in both[0]] == [True] * 5
    assert [bool(roi["mask"]) for roi in both[1]] == [False] * 5


def test_curves_are_those_of_the_scores_set_by_set(explored):
    rois = store.read_rois([explored / "shard-0.h5"])
    for place, roi in enumerate(packed(explored, 0)["rois"]):
        curves = unpacking.unpack_curves(roi["curves"])
        assert len(curves) == len(SETS)
        for (explanation, model), curve in zip(SETS, curves, strict=True):
            table = pd.read_csv(explored / explanation / model / "split-0.tsv", sep="\t")
            (row,) = np.flatnonzero(table["roi_id"] == rois.roi_id[place])
            path = explored / explanation / model / "curves.h5"
            expected = store.read_curves(path, np.array([row]), rois.roi_id[[place]])[0]
            assert abs(curve - expected).max() <= 0.5 / packing.STEPS
            assert abs(curve.mean() - table["dice"][row]) <= 0.5 / packing.STEPS


def test_a_map_of_abnormal_rois_alone_is_missing_for_the_normal_ones(explored, tmp_path):
    """As of the baseline `absent`, which normal ROIs have not."""
    place = explored / "grad_cam/Net"
    table = pd.read_csv(place / "split-0.tsv", sep="\t")
    keep = table["label"] == "abnormal"
    cams = store.read_cams(place / "cams.h5", table["roi_id"][keep].to_numpy(object))
    curves = store.read_curves(
        place / "curves.h5", np.flatnonzero(keep), table["roi_id"][keep].to_numpy(object)
    )
    table[keep].to_csv(tmp_path / "split-0.tsv", sep="\t", index=False)
    names = {"roi_id": cams.roi_id}
    store.write_cams(tmp_path / "cams.h5", cam=cams.cam, raw=cams.raw, options={}, **names)
    store.write_curves(tmp_path / "curves.h5", curve=curves, **names)
    sets = shards.map_sets(["grad_cam"], ["Net"], [tmp_path / "split-0.tsv"])
    files = sets, [tmp_path / "cams.h5"], [tmp_path / "curves.h5"]
    tables = explored / "index.tsv", explored / "candidates.tsv", explored / "views.json"
    abnormal, normal = (
        shards.pack_shard(explored / f"shard-{number}.h5", *tables, *files)["rois"]
        for number in (0, 1)
    )
    assert all(roi["maps"][0] for roi in abnormal)
    assert [roi["maps"] for roi in normal] == [[None]] * 5
    (tmp_path / "split-0.tsv").write_text(
        "".join((tmp_path / "split-0.tsv").read_text().splitlines(keepends=True)[:-1])
    )
    with pytest.raises(CamsegError, match=r"is not of the ROIs of .*shard-0.h5"):
        shards.pack_shard(explored / "shard-0.h5", *tables, *files)
