"""Put the shards' candidate tables together; end with an error if no usable ROI is left."""

import argparse
from collections import Counter

import pandas as pd

from camseg.candidates import read_candidates
from camseg.cli import run
from camseg.errors import CamsegError
from camseg.files import whole_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="+", help="TSVs of extract_rois.py")
    parser.add_argument("--output", required=True)
    parser.add_argument(
        "--strict", action="store_true", help="an unreadable picture or lesion is an error"
    )
    options = parser.parse_args()

    tables = map(read_candidates, options.tables)
    table = pd.concat(tables).sort_values("roi_id")
    counts = Counter(zip(table["label"], table["status"], table["reason"], strict=True))
    for (label, status, reason), count in sorted(counts.items()):
        print(f"{count:6d} {label} {status} {reason}")
    unreadable = table[table["status"] == "unreadable"]
    if options.strict and len(unreadable):
        raise CamsegError(f"{len(unreadable)} ROIs are lost: {unreadable['reason'].iloc[0]}")
    used = table[table["status"] == "used"]
    if not {"abnormal", "normal"} <= set(used["label"]):
        reasons = Counter(table["reason"][table["status"] != "used"])
        raise CamsegError(
            f"nothing to train on: {(used['label'] == 'abnormal').sum()} abnormal and "
            f"{(used['label'] == 'normal').sum()} normal ROIs are usable of {len(table)} "
            f"candidates{f'; most often: {reasons.most_common(1)[0][0]}' if reasons else ''}"
        )
    with whole_file(options.output) as temporary:
        table.to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
