"""Render the tables of heat maps: every classifier's scores, and the floors below them."""

import argparse

from camseg import heat_map_tables, tables
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of these:")
    parser.add_argument("--scores", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument(
        "--baselines", nargs="+", required=True, help="a TSV of score_baselines.py per split"
    )
    parser.add_argument("--heat-maps", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--by-group", nargs="+", required=True)
    options = parser.parse_args()

    splits = heat_map_tables.read_scores(options.models, options.scores, options.baselines)
    overall = heat_map_tables.heat_maps(splits.values())
    tables.write_table(
        overall,
        options.heat_maps,
        "Heat maps against the outlines: classifiers, descending by Dice, and below them maps "
        "that look at no picture. Averages over all abnormal ROIs; Dice at a threshold over those "
        "for validation, at the threshold that is best on average over those for training. Grid "
        "limit: the best Dice found for maps of the network's grid. Skill: (Dice - floor) / "
        "(255/256 - floor), the floor being the mean training mask or the map of all 255. Means "
        "over the splits.",
    )
    tables.write_table(
        heat_map_tables.by_group(splits.values()),
        options.by_group,
        "Dice of abnormal ROIs by side of the split, by the classifier's verdict, and by thirds "
        "of the lesion's area in the source picture; n: their number. Means over the splits.",
    )
    print(tables.to_markdown(overall))


if __name__ == "__main__":
    run(main)
