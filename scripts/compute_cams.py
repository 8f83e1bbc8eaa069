"""Explain a trained model on ROIs by heat maps, of all sides of the split alike."""

import argparse
from dataclasses import asdict
from functools import partial
from pathlib import Path

from camseg.cli import run
from camseg.explanations.options import CamOptions
from camseg.explanations.parts import Parts
from camseg.io import store
from camseg.networks import classifiers
from camseg.networks.options import BatchOptions
from camseg.options import add_options, from_arguments
from camseg.rois import split
from camseg.seeds import derive_seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help=".keras file of train_classifier.py")
    parser.add_argument("--network", required=True, help="as in train_classifier.py")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--explanation", required=True, help="the method, as grad_cam")
    add_options(parser, CamOptions)
    add_options(parser, BatchOptions)
    parser.add_argument(
        "--untrained",
        type=int,
        metavar="SEED",
        help="explain the network with random weights of this seed, instead of the model's own",
    )
    parser.add_argument("--abnormal", action="store_true", help="explain abnormal ROIs alone")
    parser.add_argument("--split", help="TSV of split_rois.py, if the method compares ROIs")
    parser.add_argument(
        "--save-every-minutes", type=float, default=5, help="how often to save the maps so far"
    )
    parser.add_argument("--output", type=Path, required=True, help="HDF5 file of CAMs to write")
    args = parser.parse_args()

    from camseg.explanations import compute, explain  # TensorFlow takes seconds

    maps, batches = from_arguments(CamOptions, args), from_arguments(BatchOptions, args)
    options = asdict(maps) | asdict(batches)
    options |= {"explanation": args.explanation, "network": args.network}
    options |= {"additive": explain.is_additive(args.explanation), "abnormal": args.abnormal}
    rois = store.read_rois(args.shards, load=False)
    explained = rois.take(rois.label == 1) if args.abnormal else rois
    model = explain.load(args.model, network=args.network, **batches.arithmetic)
    if args.untrained is not None:
        purpose = "untrained", model.name, args.output.stem
        model = classifiers.untrained(model, derive_seed(args.untrained, *purpose))
        options["untrained"] = args.untrained
    preprocess = partial(classifiers.preprocess, args.network)
    background = None
    if args.split:
        sides = split.read_split(args.split, rois.roi_id)
        background = compute.background_of(
            [args.explanation], rois, sides, explained.patient_id, preprocess
        )
    files = [[args.model], args.shards, [args.split] if args.split else []]
    folder = args.output.with_name(f"{args.output.stem}.parts")
    parts = Parts(folder, compute.identity(options, files), 60 * args.save_every_minutes)
    made = compute.compute_maps(
        model,
        explained,
        preprocess=preprocess,
        explanation=args.explanation,
        options=maps,
        batch_size=batches.batch_size,
        background=background,
        parts=parts,
    )
    with store.cam_writer(args.output, roi_id=explained.roi_id, options=options) as write:
        print(compute.write_maps(made, explained.label, write))
    parts.remove()


if __name__ == "__main__":
    run(main)
