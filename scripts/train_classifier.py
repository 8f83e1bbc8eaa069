"""Train one classifier on the ROIs of one regime; a killed training goes on where it was saved."""

import argparse
from dataclasses import asdict
from pathlib import Path

from camseg.cli import run
from camseg.networks.options import ClassifierOptions
from camseg.options import add_options, from_arguments
from camseg.seeds import derive_seed
from camseg.training.options import ExecutionOptions, Settings, TrainingOptions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--regime", required=True, help="original, cam, mask, inverse or a control")
    parser.add_argument("--cams", help="HDF5 file of compute_cams.py, if the regime needs it")
    parser.add_argument("--untrained", help="likewise, of the same network untrained")
    parser.add_argument("--verdicts", help="predictions.tsv of the network of the CAMs, likewise")
    add_options(parser, ClassifierOptions)
    add_options(parser, TrainingOptions)
    add_options(parser, ExecutionOptions)
    parser.add_argument("--seed", type=int, required=True, help="the study's")
    parser.add_argument("--model", type=Path, required=True, help=".keras file to write")
    parser.add_argument("--history", type=Path, required=True, help="CSV, one row per epoch")
    parser.add_argument("--metrics", type=Path, required=True, help="JSON to write")
    parser.add_argument("--predictions", type=Path, required=True, help="TSV, one row per ROI")
    args = parser.parse_args()

    classifier = from_arguments(ClassifierOptions, args)
    purpose = "training", args.regime, classifier.name, Path(args.split).stem
    options = asdict(from_arguments(TrainingOptions, args))
    settings = Settings(**options, seed=derive_seed(args.seed, *purpose))
    execution = from_arguments(ExecutionOptions, args)

    from camseg.training.run import Inputs, Outputs, train_classifier  # TensorFlow takes seconds

    train_classifier(
        Inputs(args.shards, args.split, args.cams, args.untrained, args.verdicts),
        Outputs(args.model, args.history, args.metrics, args.predictions),
        regime=args.regime,
        classifier=classifier,
        settings=settings,
        execution=execution,
        seed=args.seed,
    )


if __name__ == "__main__":
    run(main)
