"""Check whether a model's heat maps depend on its weights, the class, the image and the place.

Several explanations at a time share what their maps are made of, and the network's start.
"""

import argparse
from functools import partial

from camseg.cli import run
from camseg.explanations.options import MapOptions
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
    parser.add_argument("--explanations", nargs="+", required=True, help="methods, as grad_cam")
    add_options(parser, MapOptions)
    add_options(parser, BatchOptions)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument(
        "--output", nargs="+", required=True, help="a TSV each, one row per check, ROI and draw"
    )
    parser.add_argument(
        "--locality", nargs="+", required=True, help="a TSV each, one row per ROI and cell"
    )
    args = parser.parse_args()

    from camseg.audit import locality, sanity  # TensorFlow takes seconds
    from camseg.explanations import explain
    from camseg.explanations.compute import background_of

    maps, batches = from_arguments(MapOptions, args), from_arguments(BatchOptions, args)
    model = explain.load(args.model, network=args.network, **batches.arithmetic)
    rois = store.read_rois(args.shards, load=False)
    side = split.read_split(args.split, rois.roi_id)
    abnormal = (side == "validation") & (rois.label == 1)
    chosen = sanity.sample(abnormal, args.seed, args.explanations)
    preprocess = partial(classifiers.preprocess, args.network)
    patients = rois.patient_id[chosen]
    background = background_of(args.explanations, rois, side, patients, preprocess)
    rois = rois.take(chosen).loaded()
    explained: dict = {
        "preprocess": preprocess,
        "explanations": args.explanations,
        "score": maps.score,
    }
    checks = sanity.check(
        model,
        rois.image,
        rois.mask,
        seed=args.seed,
        batch_size=batches.batch_size,
        rule=maps,
        background=background,
        **explained,
    )
    for each, table in checks.items():
        print(each)
        means = table.groupby("check")[["correlation", "dice"]].mean()
        print(means.to_string(float_format="%.3f"))
    cells = locality.centres(model, rois.image, **explained)
    for tables, paths in ((checks, args.output), (cells, args.locality)):
        for table, path in zip(tables.values(), paths, strict=True):
            table["roi"] = rois.roi_id[table["roi"]]
            with whole_file(path) as temporary:
                table.rename(columns={"roi": "roi_id"}).to_csv(temporary, sep="\t", index=False)


if __name__ == "__main__":
    run(main)
