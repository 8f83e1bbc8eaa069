"""Score the heat maps of a model with random weights, by the same scores as CAMs: floors."""

import argparse
from functools import partial

import pandas as pd

from camseg.cli import run
from camseg.explanations.options import MapOptions
from camseg.io import store
from camseg.io.files import whole_file
from camseg.networks import classifiers
from camseg.networks.options import BatchOptions
from camseg.options import add_options, from_arguments
from camseg.rois import split
from camseg.scoring import localisation
from camseg.scoring.resolution import read_resolution


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help=".keras file of train_classifier.py")
    parser.add_argument("--network", required=True, help="as in train_classifier.py")
    parser.add_argument("--name", required=True, help="of the floors in tables; a number follows")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--index", required=True, help="TSV of index_cases.py")
    parser.add_argument("--candidates", required=True, help="TSV of merge_candidates.py")
    parser.add_argument("--explanation", required=True, help="the method, as grad_cam")
    add_options(parser, MapOptions)
    add_options(parser, BatchOptions)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--output", required=True, help="TSV to write: a row per draw and ROI")
    args = parser.parse_args()

    from camseg.audit.untrained import untrained_maps  # TensorFlow takes seconds
    from camseg.explanations import explain
    from camseg.explanations.compute import background_of

    batches = from_arguments(BatchOptions, args)
    model = explain.load(args.model, network=args.network, **batches.arithmetic)
    rois = store.read_rois(args.shards, load=False)
    abnormal = rois.label == 1  # a normal ROI has no score
    side = split.read_split(args.split, rois.roi_id)
    preprocess = partial(classifiers.preprocess, args.network)
    patients = rois.patient_id[abnormal]
    background = background_of([args.explanation], rois, side, patients, preprocess)
    rois, side = rois.take(abnormal).loaded(), side[abnormal]
    resolution = read_resolution(args.index, args.candidates, rois.roi_id)
    draws = untrained_maps(
        model,
        rois.image,
        preprocess=preprocess,
        seed=args.seed,
        batch_size=batches.batch_size,
        explanation=args.explanation,
        options=from_arguments(MapOptions, args),
        background=background,
    )
    tables = []
    for number, maps in enumerate(draws, start=1):
        table, _ = localisation.score_rois(maps, rois, side, resolution)
        table.insert(0, "baseline", f"{args.name} {number}")
        print(f"draw {number}: mean-Dice {table['dice'].mean():.3f} on average over abnormal ROIs")
        tables.append(table)
    with whole_file(args.output) as temporary:
        pd.concat(tables).to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
