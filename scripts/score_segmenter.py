"""Score a segmenter's maps against the lesions' masks as CAMs are: a row per ROI, no average."""

import argparse

import numpy as np

from camseg.cli import run
from camseg.io import store
from camseg.io.files import whole_file
from camseg.rois import split
from camseg.scoring import localisation
from camseg.scoring.resolution import read_resolution


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    maps = parser.add_mutually_exclusive_group(required=True)
    maps.add_argument("--maps", help="HDF5 file of train_segmenter.py or refine_cams.py")
    maps.add_argument("--cams", help="or that of compute_cams.py")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--output", required=True, help="TSV to write")
    args = parser.parse_args()

    rois = store.read_rois(args.shards)
    side = split.read_split(args.split, rois.roi_id)
    rois, side = rois.take(side != "unused"), side[side != "unused"]
    if args.cams:
        found, outlines = store.read_cams(args.cams, rois.roi_id).cam, 0
    else:
        read = store.read_maps(args.maps, rois.roi_id)
        found, outlines = read.map, read.options.get("outlines", 0)
    resolution = read_resolution(args.index, args.candidates, rois.roi_id)
    table, _ = localisation.score_rois(found, rois, side, resolution)
    above = (found > table["threshold"].to_numpy()[:, np.newaxis, np.newaxis]).mean(axis=(1, 2))
    table["false_positive_share"] = np.where(rois.label == 0, above, np.nan)
    table["outlines"] = outlines
    rows = table[table["side"] == "validation"]
    print(
        f"{rows['dice'].notna().sum()} abnormal validation ROIs: mean-Dice "
        f"{rows['dice'].mean():.3f}; of {rows['dice'].isna().sum()} normal ones "
        f"{rows['false_positive_share'].mean():.3f} are called lesion"
    )
    with whole_file(args.output) as temporary:
        table.to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
