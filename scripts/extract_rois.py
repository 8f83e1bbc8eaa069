"""Cut the ROIs of one shard of the indexed cases and say what became of every candidate."""

import argparse
from pathlib import Path

import cv2
import pandas as pd
from tqdm import tqdm

from camseg import extraction, store
from camseg.candidates import COLUMNS
from camseg.cli import run
from camseg.discovery import home
from camseg.files import whole_file
from camseg.views import read_index


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--data", type=Path, required=True, help="what index_cases.py indexed")
    parser.add_argument("--shard", type=int, required=True, help="0 to SHARDS - 1")
    parser.add_argument("--shards", type=int, required=True)
    parser.add_argument("--size", type=int, required=True, help="pixels a side of a ROI")
    parser.add_argument("--padding", type=float, nargs=2, required=True, metavar=("LOW", "HIGH"))
    parser.add_argument("--outline", choices=("boundary", "core"), required=True)
    parser.add_argument("--overlap", choices=("drop_normal", "drop_both"), required=True)
    parser.add_argument("--min-breast-share", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rois", required=True, help="HDF5 shard to write")
    parser.add_argument("--candidates", required=True, help="TSV to write, a row per candidate")
    options = parser.parse_args()

    cv2.setNumThreads(1)  # a job has one core; shards are what is spread
    rules = extraction.Rules(
        size=options.size,
        padding=tuple(options.padding),
        outline=options.outline,
        overlap=options.overlap,
        min_breast_share=options.min_breast_share,
        seed=options.seed,
    )
    views = read_index(options.index)
    with_lesion = views[(views["status"] == "usable") & (views["abnormalities"] != "0")]
    key = ["case_id", "ics"]  # a copy of a case elsewhere has the same case_id, and other rows
    cases = sorted(set(zip(*(with_lesion[name] for name in key), strict=True)))
    cases = cases[options.shard :: options.shards]
    views = views.groupby(key)
    candidates = []
    for case in tqdm(cases, unit="case", mininterval=5):
        rows = views.get_group(case).to_dict("records")
        candidates += extraction.extract_case(rows, home(options.data), rules)
    table = pd.DataFrame([item.record() for item in candidates], columns=COLUMNS)
    print(table.groupby(["label", "status"]).size().to_string())
    with whole_file(options.candidates) as temporary:
        table.sort_values("roi_id").to_csv(temporary, sep="\t", index=False)
    rois = extraction.to_rois(candidates, rules.size)
    store.write_shard(options.rois, rois, source=str(options.data))


if __name__ == "__main__":
    run(main)
