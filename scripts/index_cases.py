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
from camseg.selection import Selection
from camseg.views import COLUMNS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder searched at any depth, or a table")
    parser.add_argument("--source", choices=READERS, required=True)
    parser.add_argument("--output", required=True, help="TSV, a row per case and view")
    parser.add_argument("--lesion-types", nargs="*", default=[], help="to select; none: all")
    parser.add_argument("--pathologies", nargs="*", default=[], help="to select; none: all")
    parser.add_argument("--volumes", nargs="*", default=[], help="to select; none: all")
    parser.add_argument("--grey", choices=("optical_density", "min_max"), required=True)
    parser.add_argument("--strict", action="store_true", help="a rejected view is an error")
    options = parser.parse_args()

    selection = Selection(
        tuple(options.lesion_types), tuple(options.pathologies), tuple(options.volumes)
    )
    cases = index.index_cases(options.data, options.source, selection=selection, grey=options.grey)
    cases = tqdm(cases, unit="case", mininterval=5)
    rows = sorted(
        (row for case in cases for row in case),
        key=lambda row: (row["case_id"], str(row["ics"]), row["view"]),
    )
    reasons = Counter(row["reason"] for row in rows if row["status"] == "rejected")
    usable = [row for row in rows if row["status"] == "usable"]
    lesions = sum(row["abnormalities"] for row in usable)
    selected = sum(len(row["selected"].split()) for row in usable)
    states = Counter(row["status"] for row in rows)
    print(
        f"{len({row['case_id'] for row in rows})} cases, {len(rows)} views: "
        f"{states['usable']} usable with {lesions} lesions, {selected} of them selected; "
        f"{states['rejected']} rejected, {states['absent']} absent, "
        f"{states['unselected']} of volumes that are not selected"
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
    if not selected:
        types, pathologies = (
            sorted({name for row in usable for name in row[key].split("; ") if name})
            for key in ("lesion_types", "pathologies")
        )
        raise CamsegError(
            f"config: selection takes none of the {lesions} lesions; they are of the "
            f"types {', '.join(types)} and the pathologies {', '.join(pathologies)}"
        )
    with whole_file(options.output) as temporary:
        pd.DataFrame(rows, columns=COLUMNS).to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
