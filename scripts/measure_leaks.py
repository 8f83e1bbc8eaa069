"""Guess the label of ROIs from where they lie, and from how bright they are: a row per ROI."""

import argparse

import numpy as np
import pandas as pd

from camseg.cli import run
from camseg.io import store
from camseg.io.checked import LABELS
from camseg.io.files import whole_file
from camseg.rois import split
from camseg.scoring import label_leaks
from camseg.scoring.origins import read_origins


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--output", required=True, help="TSV to write: a probability of each kind")
    args = parser.parse_args()

    rois = store.read_rois(args.shards, load=False)
    side = split.read_split(args.split, rois.roi_id)
    rois, side = rois.take(side != "unused"), side[side != "unused"]
    labels, train, tested = rois.label.astype(int), side == "train", side == "validation"
    features = {
        "position": label_leaks.position(*read_origins(args.index, args.candidates, rois.roi_id)),
        "intensity": label_leaks.brightness(rois.image, border=False),
        "border": label_leaks.brightness(rois.image, border=True),
    }
    table = pd.DataFrame({"roi_id": rois.roi_id, "patient_id": rois.patient_id})
    table = table.assign(label=np.array(LABELS)[labels], side=side)
    for kind, chance in label_leaks.guesses(features, labels, rois.patient_id, train).items():
        right = (chance > 0.5) == labels
        print(
            f"{kind}: right for {right[train].mean():.3f} of {train.sum()} training ROIs and "
            f"{right[tested].mean():.3f} of {tested.sum()} validation ROIs"
        )
        table[kind] = chance
    with whole_file(args.output) as temporary:
        table.to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
