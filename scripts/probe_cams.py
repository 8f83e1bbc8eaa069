"""Predict the label of ROIs from a model's CAMs alone, without any pixel: a row per ROI."""

import argparse

import numpy as np

from camseg.cli import run
from camseg.errors import CamsegError
from camseg.explanations.options import rule_of
from camseg.io import store
from camseg.io.checked import PREDICTIONS, REMEDY, read_table
from camseg.io.files import whole_file
from camseg.rois import split
from camseg.scoring import probe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cams", required=True, help="HDF5 file of compute_cams.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--predictions", required=True, help="TSV of the model that they explain")
    parser.add_argument("--output", required=True, help="TSV to write, as of train_classifier.py")
    args = parser.parse_args()

    cams = store.read_cams(args.cams, load=False)
    used = split.read_split(args.split, cams.roi_id) != "unused"
    table = read_table(args.predictions, PREDICTIONS, ["roi_id"])
    if set(table["roi_id"]) != set(cams.roi_id[used]):
        raise CamsegError(f"{args.predictions}: is not of the split's ROIs; {REMEDY}")
    cams = store.read_cams(args.cams, table["roi_id"].to_numpy(), load=False)
    labels = (table["label"] == "abnormal").to_numpy(int)
    train = (table["side"] == "train").to_numpy()
    cells = probe.cells(cams.raw, sign=rule_of(cams.options, args.cams).sign)
    probability, strength = probe.probe(cells, labels, table["patient_id"].to_numpy(), train)
    right = (probability > 0.5) == labels
    validation = (table["side"] == "validation").to_numpy()
    print(
        f"{cells.shape[1]} cells of {train.sum()} training ROIs, C = {strength:g}: right for "
        f"{np.mean(right[train]):.3f} of them and {np.mean(right[validation]):.3f} of "
        f"{validation.sum()} validation ROIs"
    )
    with whole_file(args.output) as temporary:
        table.assign(probability=probability).to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
