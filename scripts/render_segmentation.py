"""Render what methods of segmentation score, how many outlines they are worth, and their maps."""

import argparse

from camseg.cli import run
from camseg.figures import segmentation as charts
from camseg.figures.style import save
from camseg.io import store
from camseg.report import segmentation, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", required=True, help="all, in the study's order")
    parser.add_argument("--segmenters", nargs="+", required=True, help="the segmenter of each of:")
    parser.add_argument("--scores", nargs="+", required=True, help="a TSV of score_segmenter.py")
    parser.add_argument(
        "--baselines", nargs="+", required=True, help="a TSV of score_baselines.py per split"
    )
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--example", required=True, help="whose CAMs are shown: a model")
    parser.add_argument("--shown", nargs="+", required=True, help="segmenters, whose maps are:")
    parser.add_argument("--maps", nargs="+", required=True, help="HDF5 files of the first split")
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--outlines", nargs="+", required=True, help="likewise: their worth")
    parser.add_argument("--gains", nargs="+", required=True, help="likewise: what each adds")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--figure", nargs="+", required=True, help=".svg, .png to write")
    parser.add_argument("--curve", nargs="+", required=True, help="likewise: Dice over outlines")
    parser.add_argument("--rois", nargs="+", required=True, help="likewise: ROIs and maps")
    args = parser.parse_args()

    captions = tables.read_captions(args.captions)
    scores = segmentation.read_scores(args.segmenters, args.scores, args.baselines)
    table = segmentation.segmentation(scores)
    tables.write_table(table.drop(columns=segmentation.FURTHER), args.table, captions)
    tables.write_table(segmentation.worth(table), args.outlines, captions)
    tables.write_table(segmentation.gains(scores), args.gains, captions)
    figure, curve = charts.segmentation(table, args.models), charts.outlines(table, args.models)
    save(figure, args.figure, captions["segmentation"], args.note)
    save(curve, args.curve, captions["segmentation_outlines"], args.note)
    rois = charts.choose_rois(store.read_rois(args.shards), scores)
    columns = charts.read_columns(args.shown, args.maps, scores, rois)
    figure = charts.segmentation_rois(rois, columns, args.example)
    save(figure, args.rois, captions["segmentation_rois"], args.note)


if __name__ == "__main__":
    run(main)
