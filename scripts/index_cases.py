"""List the cases and views of a data set: usable, or rejected and why."""

import argparse
from collections import Counter
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from camseg import index
from camseg.cli import run
from camseg.errors import CamsegError
from camseg.files import whole_file
from camseg.readers import READERS
from camseg.views import COLUMNS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder searched at any depth, or a table")
    parser.add_argument("--source", choices=READERS, required=True)
    parser.add_argument("--output", required=True, help="TSV, a row per case and view")
    parser.add_argument("--strict", action="store_true", help="a rejected view is an error")
    options = parser.parse_args()

    cases = tqdm(index.index_cases(options.data, options.source), unit="case", mininterval=5)
    rows = sorted(
        (row for case in cases for row in case),
        key=lambda row: (row["case_id"], str(row["ics"]), row["view"]),
    )
    reasons = Counter(row["reason"] for row in rows if row["status"] == "rejected")
    lesions = sum(row["abnormalities"] for row in rows if row["status"] == "usable")
    states = Counter(row["status"] for row in rows)
    print(
        f"{len({row['case_id'] for row in rows})} cases, {len(rows)} views: "
        f"{states['usable']} usable with {lesions} lesions, {states['rejected']} rejected, "
        f"{states['absent']} absent"
    )
    for reason, count in reasons.most_common():
        print(f"  rejected: {count} x {reason}")
    if reasons and (options.strict or not lesions):
        raise CamsegError(
            f"{options.data}: {reasons.total()} of {len(rows)} views are rejected"
            f"{'' if lesions else ', none with a lesion is left'}; "
            f"most often: {reasons.most_common(1)[0][0]}"
        )
    if not lesions:
        raise CamsegError(f"{options.data}: no view has a lesion")
    with whole_file(options.output) as temporary:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
