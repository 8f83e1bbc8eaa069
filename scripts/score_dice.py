"""Score a model's CAMs against the lesions' masks: a row per ROI, no average."""

import argparse

import pandas as pd

from camseg.cli import run
from camseg.errors import CamsegError
from camseg.explanations.options import rule_of
from camseg.io import store
from camseg.io.checked import PREDICTIONS, REMEDY, read_table
from camseg.io.files import whole_file
from camseg.rois import split
from camseg.scoring import grid_limit, localisation
from camseg.scoring.resolution import read_resolution
from camseg.scoring.zero_level import zero_level


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cams", required=True, help="HDF5 file of compute_cams.py")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--predictions", required=True, help="TSV of train_classifier.py")
    parser.add_argument("--output", required=True, help="TSV to write")
    parser.add_argument("--curves", required=True, help="HDF5 file of Dice curves to write")
    args = parser.parse_args()

    rois = store.read_rois(args.shards)
    side = split.read_split(args.split, rois.roi_id)
    predictions = read_table(args.predictions, PREDICTIONS, ["roi_id"]).set_index("roi_id")
    if set(predictions.index) != set(rois.roi_id[side != "unused"]):
        raise CamsegError(f"{args.predictions}: is not of the split's ROIs; {REMEDY}")
    if store.read_cams(args.cams, load=False).options.get("abnormal"):
        side, rois = side[rois.label == 1], rois.take(rois.label == 1)
    cams = store.read_cams(args.cams, rois.roi_id)
    if cams.cam.shape != rois.mask.shape:
        raise CamsegError(
            f"{args.cams}: maps of shape {cams.cam.shape} do not fit ROIs of shape "
            f"{rois.mask.shape}: compute them again"
        )
    rule = rule_of(cams.options, args.cams)
    resolution = read_resolution(args.index, args.candidates, rois.roi_id)
    scores, curves = localisation.score_rois(cams.cam, rois, side, resolution)
    table = pd.concat([scores, zero_level(cams, rois.mask, rule)], axis=1)
    # an unused ROI has no prediction: its probability stays empty
    probability = predictions["probability"].reindex(rois.roi_id)
    table.insert(table.columns.get_loc("side") + 1, "probability", probability.to_numpy())
    grid = cams.raw.shape[1:]
    table["grid"] = f"{grid[0]} x {grid[1]}"
    table["grid_limit"] = grid_limit.grid_limits(rois.mask, grid, rule)
    table[["forward", "back"]] = cams.runs
    for name, rows in table[table["label"] == "abnormal"].groupby("side"):
        print(f"{len(rows)} abnormal {name} ROIs: mean-Dice {rows['dice'].mean():.3f} on average")
    with whole_file(args.output) as temporary:
        table.to_csv(temporary, sep="\t", index=False)
    store.write_curves(args.curves, curve=curves, roi_id=rois.roi_id)


if __name__ == "__main__":
    run(main)
