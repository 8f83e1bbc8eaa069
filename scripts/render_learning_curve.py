"""Render the learning curve of one training: its loss and accuracy, epoch by epoch."""

import argparse
import json
from pathlib import Path

import pandas as pd

from camseg import figures
from camseg.cli import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--history", required=True, help="CSV of train_classifier.py")
    parser.add_argument("--metrics", type=Path, required=True, help="JSON of train_classifier.py")
    parser.add_argument("--output", nargs="+", required=True, help=".svg, .png to write")
    args = parser.parse_args()
    metrics = json.loads(args.metrics.read_text())
    name = f"{metrics['model']}, regime {metrics['regime']}, {metrics['split']}"
    history = pd.read_csv(args.history)
    figures.save(figures.learning_curve(history, metrics["best_epoch"], name), args.output)


if __name__ == "__main__":
    run(main)
