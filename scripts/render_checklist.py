"""Fill in what of CLAIM and TRIPOD+AI a run can tell, and mark what it cannot."""

import argparse
import json
from pathlib import Path

from camseg.cli import run
from camseg.datasets.views import read_index
from camseg.io.checked import read_table
from camseg.report import checklist, provenance, results, tables
from camseg.report.facts import Study
from camseg.rois.candidates import read_candidates
from camseg.rois.split import read_split

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--configuration", required=True, help="JSON of all keys, as a text")
    parser.add_argument("--source", required=True, help="the data source's name in print")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--splits", nargs="+", required=True, help="TSVs of split_rois.py")
    parser.add_argument("--metrics", nargs="+", required=True, help="metrics.json of all trainings")
    parser.add_argument("--intervals", required=True, help="table2_intervals, CSV")
    parser.add_argument("--by-class", required=True, help="accuracy_by_class, CSV")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--output", nargs="+", required=True, help=".csv, .md, ... to write")
    options = parser.parse_args()

    candidates = read_candidates(options.candidates)
    used = candidates[candidates["status"] == "used"]
    names = used["roi_id"].to_numpy()
    study = Study(
        configuration=json.loads(options.configuration),
        source=options.source,
        index=read_index(options.index),
        candidates=candidates,
        splits=[used.assign(side=read_split(path, names)) for path in options.splits],
        trainings=results.read_trainings(options.metrics),
        intervals=read_table(options.intervals, checklist.INTERVALS, ["Classifier", "quantity"]),
        classes=read_table(options.by_class, checklist.BY_CLASS, ["regime", "Classifier", "split"]),
        versions=provenance.versions(ROOT).set_index("name")["version"].to_dict(),
    )
    captions = tables.read_captions(options.captions)
    tables.write_table(checklist.checklist(study), options.output, captions)


if __name__ == "__main__":
    run(main)
