"""Divide the ROIs into training and validation, 80 % to 20 %."""

import argparse

import pandas as pd

from camseg import split, store
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", type=int, required=True, help="0 is the study's first split")
    parser.add_argument("--by", choices=("patient", "roi"), required=True)
    parser.add_argument("--max-abnormal", type=int, help="abnormal ROIs to draw; all if not given")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()

    rois = store.read_rois(options.shards)
    drawn = split.draw_rois(rois.roi_id, rois.label, options.max_abnormal, options.seed)
    table = pd.DataFrame(
        {"roi_id": rois.roi_id, "patient_id": rois.patient_id, "side": "unused"}, dtype=object
    )
    table.loc[drawn, "side"] = split.split_rois(
        rois.patient_id[drawn],
        rois.label[drawn],
        split=options.split,
        by=options.by,
        seed=options.seed,
    )
    print(table.groupby(["side", rois.label]).size().to_string())
    split.write_split(options.output, table)


if __name__ == "__main__":
    run(main)
