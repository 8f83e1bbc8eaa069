from pathlib import Path

import pandas as pd
import pytest

from camseg.report.verdicts import RESTS_ON

# of three classifiers: the answers to the questions of RESTS_ON, and what their maps score
ANSWERS = {
    "A": ["yes", "lesion", "open", "yes", "no", "uninterpretable"],
    "B&C": ["yes", "not measured", "no", "no", "no", "open"],
    "D": ["no", *5 * ["no reading"]],
}
SCORES = {"B&C": [0.5, 0.66, -0.25], "A": [0.25, 0.75, 0.5], "D": [0.125, 0.5, float("nan")]}
FLOORS = {
    "all 255": [0.55, 0.54, float("nan")],
    "GrabCut": [0.3, 0.3, 0.875],
    "mean training mask": [0.75, 0.7, 0.9],
    "untrained A 1": [0.2, 0.5, 0.1],
    "another outline": [0.8, 0.9, 0.95],
}


def tables() -> dict[str, pd.DataFrame]:
    """The tables that the front page is made of, of a study of three classifiers."""
    given = [(model, *answers) for model, answers in ANSWERS.items()]
    reasons = [
        (model, question, answer, f"{model} <{question}> because.", "sanity")
        for model, answers in ANSWERS.items()
        for question, answer in zip(RESTS_ON, answers, strict=True)
    ]
    scores = [(name, *values) for name, values in (SCORES | FLOORS).items()]
    values = [
        (model, name, value, *ends, 0.5, n, 1, how)
        for model in SCORES
        for name, value, ends, n, how in (
            ("val_acc", 0.9, (0.75, 0.96), 38, "Wilson"),
            ("Dice", SCORES[model][0], (None, None), 100, "bootstrap"),
            ("mask_val_acc", None if model == "D" else 0.625, (0.5, 0.7), 38, "Wilson"),
        )
    ]
    counts = [
        ("view", "usable", 200),
        ("abnormal ROI", "used", 101),
        ("abnormal ROI", "noted", 3),
        ("normal ROI", "used", 99),
        ("normal ROI", "dropped", 2),
    ]
    read = [
        ("position", "The place alone tells the classes apart: AUC 0.589 (0.532 to 0.645)."),
        ("intensity", "Brightness alone is not shown to tell the classes apart: AUC 0.5."),
        ("A", "More accurate than position."),
    ]
    columns = ["Classifier", "quantity", "value", "low", "high", "majority", "n", "splits"]
    return {
        "verdicts": pd.DataFrame(given, columns=["Classifier", *RESTS_ON]),
        "verdicts_reasons": pd.DataFrame(
            reasons, columns=["Classifier", "question", "answer", "because", "table"]
        ),
        "heat_maps": pd.DataFrame(
            scores, columns=["Classifier", "Dice", "Dice_at_threshold", "placement"]
        ),
        "table2_intervals": pd.DataFrame(values, columns=[*columns, "interval"]),
        "candidates": pd.DataFrame(counts, columns=["what", "status", "count"]),
        "label_leaks_readings": pd.DataFrame(read, columns=["Classifier", "reading"]),
    }


@pytest.fixture
def finished(tmp_path) -> dict[str, Path]:
    """The paths of the CSVs of `tables`, by name."""
    paths = {name: tmp_path / f"tables/{name}.csv" for name in tables()}
    (tmp_path / "tables").mkdir()
    for name, table in tables().items():
        table.to_csv(paths[name], index=False)
    return paths
