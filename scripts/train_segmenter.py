"""Train a U-Net to find lesions in ROIs, and write its maps; a killed training goes on."""

import argparse
from pathlib import Path

from camseg.cli import run
from camseg.options import add_options, from_arguments
from camseg.segmentation.options import SegmentationOptions
from camseg.training.options import ExecutionOptions, StepOptions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segmenter", required=True, help="a method, or METHOD-DETAIL")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--cams", help="HDF5 file of compute_cams.py, if the method needs it")
    parser.add_argument("--maps", help="HDF5 file of the U-Net before, likewise")
    add_options(parser, SegmentationOptions)
    add_options(parser, StepOptions)
    add_options(parser, ExecutionOptions)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True, help=".keras file to write")
    parser.add_argument("--history", type=Path, required=True, help="CSV, one row per epoch")
    parser.add_argument("--metrics", type=Path, required=True, help="JSON to write")
    parser.add_argument("--output", type=Path, required=True, help="HDF5 file of maps to write")
    args = parser.parse_args()

    options = from_arguments(SegmentationOptions, args)
    batching = from_arguments(StepOptions, args)
    execution = from_arguments(ExecutionOptions, args)

    from camseg.segmentation.run import Inputs, Outputs, train_segmenter  # TensorFlow: seconds

    train_segmenter(
        Inputs(args.shards, args.split, args.cams, args.maps),
        Outputs(args.model, args.history, args.metrics, args.output),
        segmenter=args.segmenter,
        options=options,
        batching=batching,
        execution=execution,
        seed=args.seed,
    )


if __name__ == "__main__":
    run(main)
