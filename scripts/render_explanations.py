"""Render what the maps of several methods of explanation score, and those of one ROI."""

import argparse
from collections import defaultdict

from camseg.cli import run
from camseg.figures import explanations as charts
from camseg.figures import maps as samples
from camseg.figures.style import save
from camseg.report import audits, explanations, heat_maps, links, tables
from camseg.report.explanations import Maps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--explanations", nargs="+", required=True, help="the method of each of:")
    parser.add_argument("--models", nargs="+", required=True, help="the model of each of:")
    parser.add_argument("--scores", nargs="+", required=True, help="a TSV per model and split")
    parser.add_argument("--checks", nargs="+", required=True, help="a TSV of check_cams.py each")
    parser.add_argument("--locality", nargs="+", required=True, help="its other TSV, likewise")
    parser.add_argument(
        "--baselines", nargs="+", required=True, help="a TSV of score_baselines.py per split"
    )
    parser.add_argument("--shards", nargs="+", required=True, help="HDF5 shards of extract_rois.py")
    parser.add_argument("--titles", nargs="+", required=True, help="each method's name in print")
    parser.add_argument("--example-cams", nargs="+", required=True, help="HDF5 files, one each")
    parser.add_argument("--example-scores", nargs="+", required=True, help="TSVs, likewise")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--captions", nargs="+", required=True, help="a file for each table's name")
    parser.add_argument("--table", nargs="+", required=True, help=".csv, .md, .tex to write")
    parser.add_argument("--note", default="", help="what stands below every figure of the study")
    parser.add_argument("--figure", nargs="+", required=True, help=".svg, .png to write")
    parser.add_argument("--cost", nargs="+", required=True, help="likewise: scores over cost")
    parser.add_argument("--roi", nargs="+", required=True, help="likewise: one ROI, all methods")
    args = parser.parse_args()

    files = zip(args.models, args.scores, args.checks, args.locality, strict=True)
    of_method = defaultdict(list)
    for method, of_model in zip(args.explanations, files, strict=True):
        of_method[method].append(of_model)
    measured = {}
    for method, of_models in of_method.items():
        models, scores, _, _ = zip(*of_models, strict=True)
        measures = Maps(heat_maps.read_scores(models, scores, args.baselines), {}, {}, {})
        for model, scored, checked, cells in of_models:
            measures.runs.setdefault(model, []).append(explanations.read_runs(scored))
            measures.checks.setdefault(model, []).append(audits.read_checks(checked))
            measures.cells.setdefault(model, []).append(audits.read_locality(cells))
        measured[method] = measures
    table = explanations.explanations(measured, args.seed)
    captions, led = tables.read_captions(args.captions), links.to_explorer(table, args.models)
    tables.write_table(table, args.table, captions, led)
    figure, cost = charts.explanations(table, args.models), charts.cost(table, args.models)
    save(figure, args.figure, captions["explanations"], args.note)
    save(cost, args.cost, captions["explanations_cost"], args.note)
    roi, cams, dice = samples.read_example(
        args.shards,
        dict(zip(args.titles, args.example_cams, strict=True)),
        dict(zip(args.titles, args.example_scores, strict=True)),
    )
    figure = samples.figure7(roi, cams, dice)
    save(figure, args.roi, captions["explanations_roi"], args.note)


if __name__ == "__main__":
    run(main)
