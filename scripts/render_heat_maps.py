"""Render the tables of heat maps: every classifier's scores, and the floors below them."""

import argparse

from camseg.cli import run
from camseg.report import another_outline, heat_maps, links, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of these:")
    parser.add_argument("--scores", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument(
        "--baselines", nargs="+", required=True, help="a TSV of score_baselines.py per split"
    )
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--heat-maps", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--further", nargs="+", required=True)
    parser.add_argument("--by-group", nargs="+", required=True)
    options = parser.parse_args()

    splits = heat_maps.read_scores(options.models, options.scores, options.baselines)
    overall = another_outline.with_ceiling(
        heat_maps.heat_maps(splits.values()),
        options.candidates,
        heat_maps.validation_rois(splits.values()),
    )
    captions = tables.read_captions(options.captions)
    if another_outline.NAME in set(overall["Classifier"]):
        captions["heat_maps"] += f" {captions['another_outline']}"
    further = heat_maps.further_scores(splits.values())
    for table, paths in (
        (overall, options.heat_maps),
        (further, options.further),
        (heat_maps.by_group(splits.values()), options.by_group),
    ):
        tables.write_table(table, paths, captions, links.to_explorer(table, options.models))
    print(tables.to_markdown(overall))
    print(tables.to_markdown(further))


if __name__ == "__main__":
    run(main)
