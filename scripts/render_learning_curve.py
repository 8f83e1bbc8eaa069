"""Render the learning curve of one training: its loss and accuracy, epoch by epoch."""

import argparse

from camseg.cli import run
from camseg.figures import learning_curves as charts
from camseg.figures.style import read_caption, save
from camseg.report import results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", required=True, help="CSV of train_classifier.py")
    parser.add_argument("--metrics", required=True, help="JSON of train_classifier.py")
    parser.add_argument("--caption", type=read_caption, required=True, help="file of the caption")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    history, metrics = results.read_history(args.history, args.metrics)
    name = f"{metrics['model']}, regime {metrics['regime']}, {metrics['split']}"
    save(
        charts.learning_curve(history, metrics["best_epoch"], name),
        args.output,
        args.caption,
        args.note,
    )


if __name__ == "__main__":
    run(main)
