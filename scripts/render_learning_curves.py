"""Render the learning curves of all trainings beside each other."""

import argparse

from camseg.cli import run
from camseg.figures import learning_curves as charts
from camseg.figures.style import read_caption, save
from camseg.report import results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regimes", nargs="+", required=True, help="the regime of each of:")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of:")
    parser.add_argument("--histories", nargs="+", required=True, help="CSVs of train_classifier.py")
    parser.add_argument("--metrics", nargs="+", required=True, help="the JSON files beside them")
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    trainings = []
    for regime, model, *paths in zip(
        args.regimes, args.models, args.histories, args.metrics, strict=True
    ):
        history, metrics = results.read_history(*paths)
        trainings.append(charts.Training(regime, model, history, metrics["best_epoch"]))
    save(charts.learning_curves(trainings), args.output, args.caption, args.note)


if __name__ == "__main__":
    run(main)
