"""Measure a model's Dice for combinations of score, class, layer, and how maps are made grey."""

import argparse
from functools import partial

from camseg.cli import run
from camseg.explanations.options import Enlargement
from camseg.io import store
from camseg.io.files import whole_file
from camseg.networks import classifiers
from camseg.networks.options import BatchOptions
from camseg.options import add_options, from_arguments
from camseg.rois import split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help=".keras file of train_classifier.py")
    parser.add_argument("--network", required=True, help="as in train_classifier.py")
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--split", required=True, help="TSV of split_rois.py")
    parser.add_argument("--explanation", required=True, help="the method, as grad_cam")
    add_options(parser, Enlargement)  # the study's own; every sign is measured
    add_options(parser, BatchOptions)
    parser.add_argument("--output", required=True, help="TSV, one row per combination")
    args = parser.parse_args()

    from camseg.audit import sensitivity  # TensorFlow takes seconds
    from camseg.explanations import explain
    from camseg.explanations.compute import background_of

    batches = from_arguments(BatchOptions, args)
    model = explain.load(args.model, network=args.network, **batches.arithmetic)
    rois = store.read_rois(args.shards, load=False)
    side = split.read_split(args.split, rois.roi_id)
    chosen = (side != "unused") & (rois.label == 1)
    preprocess = partial(classifiers.preprocess, args.network)
    patients = rois.patient_id[chosen]
    background = background_of([args.explanation], rois, side, patients, preprocess)
    rois = rois.take(chosen)
    measured = sensitivity.measure(
        model,
        rois.image,
        rois.mask,
        rois.label,
        preprocess=preprocess,
        explanation=args.explanation,
        enlargement=from_arguments(Enlargement, args),
        batch_size=batches.batch_size,
        background=background,
    )
    print(f"{len(measured)} combinations, {len(rois)} abnormal ROIs")
    with whole_file(args.output) as temporary:
        measured.to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
