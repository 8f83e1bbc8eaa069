"""The study's front page: the two questions answered first, then links to all there is.

A page of HTML that needs no network, no server and no JavaScript, only the results beside it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import PurePosixPath
from typing import NamedTuple

import pandas as pd

from camseg.report import summary, verdicts
from camseg.report.front_style import STYLE
from camseg.report.links import address
from camseg.report.pages import breakable, linked, page
from camseg.report.summary import Found
from camseg.report.tables import BOXES

TITLE = "Does a heat map segment the lesion? And does the classifier look at it?"
ONE_TRAINING = "Every network was trained once: with another seed its numbers are others."
LEAKS = "A network may have learned this in place of the lesion:"
EXPLORER = "explorer/index.html"
# the two questions, the one of `verdicts` that answers each, and tables that say more
QUESTIONS = (
    ("Does a heat map segment the lesion?", "segmentation", ("verdicts_reasons", "heat_maps")),
    ("Does the classifier look at it?", "depends_on", ("transplant_readings", "transplant")),
)
# what each question of `verdicts` asks, and its answers in words where they are no plain ones
ASKED = {
    "works": "tells the classes apart?",
    "depends_on": "what does it look at?",
    "map_shows_where": "does the map show where?",
    "map_finds_lesion": "is the map's place the lesion's?",
    "segmentation": "better than all floors?",
    "H1": "do CAM regions carry the label?",
}
PLAIN = {
    "lesion": "yes, at the lesion",
    "both": "at the lesion and around it",
    "shortcut": "no, around it",
    "open": "not shown either way",
}
SIGNS = dict.fromkeys(verdicts.HOLDING, "yes") | dict.fromkeys(("no", "shortcut"), "no")
SIGNS |= {"supported": "yes", "not supported": "no"}
FEW = 3  # classifiers that are named where they are counted
QUANTITIES = ("val_acc", "CAM_val_acc", "mask_val_acc")  # of table2_intervals, beside Dice
# of the floors of each score, those that the verdict on it is held against
OF_REGION = (*verdicts.PLAIN, *verdicts.OUTLINED)
FLOORS = {"Dice": OF_REGION, "Dice_at_threshold": OF_REGION, "placement": verdicts.PLAIN}
CEILING = "another outline"
MARGIN = (
    "S: the share of the margin between the classes that is gone once a region is normal tissue."
)


class Study(NamedTuple):
    """What no table says: the source's name, how networks were trained, what to say of pictures."""

    source: str
    trained: str
    note: str


class Shown(NamedTuple):
    """A page or picture of the report: its path below the results, its category and label."""

    path: str
    category: str
    label: str

    @property
    def name(self) -> str:
        """The name of its caption."""
        return PurePosixPath(self.path).stem

    @property
    def is_figure(self) -> bool:
        """Whether it is a picture."""
        return self.path.endswith(".svg")


def render(
    found: Found,
    study: Study,
    shown: Sequence[Shown],
    curves: Sequence[str],
    captions: Mapping[str, str],
) -> str:
    """Return the page.

    `found` is of `summary.read`; `shown` all pages and pictures of the report; `curves` the paths
    of the learning curves, .../{regime}/{model}/{split}.svg; `captions` are by name.
    """
    parts = [
        _head(found, study, captions),
        _answers(found),
        _numbers(found, _picture("figure8", "figures/figure8_column.svg", captions)),
        _verdicts(found, captions),
        _picture("figure7", "figures/figure7.svg", captions),
        _explorer(found),
        _tables(shown, captions),
        _figures(shown, curves, captions),
        _records(),
    ]
    return page(TITLE, STYLE, ["<body>", *parts, "</body>"])


def _head(found: Found, study: Study, captions: Mapping[str, str]) -> str:
    counts, models = summary.used(found), summary.classifiers(found)
    splits = int(found["table2_intervals"]["splits"].max())
    facts = f"{study.source[0].upper()}{study.source[1:]}: {counts['abnormal ROI']} abnormal and "
    facts += f"{counts['normal ROI']} normal ROIs; {len(models)} "
    facts += f"classifier{'' if len(models) == 1 else 's'}, trained "
    facts += f"{'once' if splits == 1 else f'{splits} times'} in each regime; {study.trained}."
    cautions = [f"<strong>{escape(study.note)}.</strong>"] if study.note else []
    cautions += [escape(captions[BOXES])] if BOXES in captions else []
    cautions += [ONE_TRAINING] if splits == 1 else []
    if leaks := summary.leaks(found):
        said = escape(" ".join(leaks))
        cautions.append(f"{LEAKS} {said} ({_table('label_leaks_readings')})")
    lines = [f"<header><h1>{escape(TITLE)}</h1>", f"<p>{escape(facts)}</p>"]
    if cautions:
        said = "".join(f"<li>{each}</li>" for each in cautions)
        lines.append(f'<ul class="cautions" aria-label="Cautions">{said}</ul>')
    places = ("answers", "numbers", "explorer", "tables", "figures", "record")
    lines += ["<nav>", *(f'<a href="#{each}">{each.capitalize()}</a>' for each in places), "</nav>"]
    return "\n".join([*lines, "</header>"])


def _answers(found: Found) -> str:
    """The two questions, each with its answers counted and the numbers that decided."""
    words = [_beside(found, score) for score in ("Dice_at_threshold", "placement")]
    first = _card(found, *QUESTIONS[0], filter(None, words))
    reasons = found["verdicts_reasons"].set_index(["question", "Classifier"])
    measured = [
        f"{model}: {reasons.loc[('depends_on', model), 'because']}"
        for model in summary.classifiers(found)
        if reasons.loc[("depends_on", model), "answer"] != "not measured"
    ][:FEW]
    measured += [MARGIN] if any("S of " in each for each in measured) else []
    given = summary.counted(found, "map_shows_where")
    told = "; ".join(_of(answer, models, found) for answer, models in given.items())
    measured = [*measured, f"Does its heat map show where it looks? {told}."]
    second = _card(found, *QUESTIONS[1], measured)
    return f'<section id="answers" aria-label="Answers">{first}{second}</section>'


def _card(
    found: Found, question: str, column: str, tables: Sequence[str], words: Iterable[str]
) -> str:
    given = summary.counted(found, column)
    answers = "".join(
        f'<li class="{SIGNS.get(answer, "open")}"><b>{escape(PLAIN.get(answer, answer))}</b> '
        f"{escape(_of('', models, found))}</li>"
        for answer, models in given.items()
    )
    said = "".join(f"<p>{escape(each)}</p>" for each in words)
    said += f"<p>Tables: {', '.join(_table(name) for name in tables)}.</p>"
    return f"<article><h2>{escape(question)}</h2><ul>{answers}</ul>{said}</article>"


def _table(name: str) -> str:
    return linked(name, f"tables/{name}.html")


def _of(answer: str, models: Sequence[str], found: Found) -> str:
    total = len(summary.classifiers(found))
    named = f" ({', '.join(models)})" if len(models) <= FEW and len(models) < total else ""
    return f"{answer} {len(models)} of {total}{named}".strip()


def _beside(found: Found, score: str) -> str:
    """Return a sentence: how many maps score above all floors, and the best beside the highest."""
    best = summary.best(found, score, FLOORS[score])
    if not best:
        return ""
    floors = "floor" if FLOORS[score] == OF_REGION else "floor that needs no outline"
    words = f"By {score}, the maps of {best.above} of {len(summary.classifiers(found))} are above "
    words += f"every {floors}: the best is {_number(best.value)} ({best.classifier}), the floor "
    return f"{words}{best.floor} {_number(best.of_floor)}."


def _numbers(found: Found, picture: str) -> str:
    """Table II with intervals, what maps score at their threshold and by place, and floors."""
    values = found["table2_intervals"].set_index(["Classifier", "quantity"])
    maps = found["heat_maps"].set_index("Classifier")
    run = set(found["table2_intervals"].dropna(subset="value")["quantity"])
    quantities = [name for name in QUANTITIES if name in run]
    columns = ["Classifier", *summary.SCORES, *quantities]
    head = "".join(f'<th scope="col">{breakable(name)}</th>' for name in columns)
    lines = []
    for model in summary.classifiers(found):
        cells = [_with_interval(values, (model, "Dice"))]
        cells += [_number(maps.loc[model, score]) for score in summary.SCORES[1:]]
        cells += [_with_interval(values, (model, quantity)) for quantity in quantities]
        lines.append(_row(linked(model, _in_explorer(model=model)), cells))
    highest = [summary.best(found, score, FLOORS[score]) for score in summary.SCORES]
    cells = [f"{_number(f.of_floor)}<small>{escape(f.floor)}</small>" if f else "" for f in highest]
    lines.append(_row("highest floor", [*cells, *len(quantities) * [""]], "floor"))
    if CEILING in maps.index:
        cells = [_number(maps.loc[CEILING, score]) for score in summary.SCORES]
        lines.append(_row(CEILING, [*cells, *len(quantities) * [""]], "floor"))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    told = f"<div>{_scrolled(table, 'Numbers')}{_below(values)}</div>"
    return _section("numbers", "Numbers", f'<div class="beside">{told}{picture}</div>')


def _below(values: pd.DataFrame) -> str:
    """What the numbers are means of, and which tables say more."""
    models = values.index.get_level_values("Classifier").unique()
    accuracy, dice = (values.loc[(models[0], name)] for name in ("val_acc", "Dice"))
    words = f"Dice and placement over {dice['n']} abnormal ROIs, Dice_at_threshold over those for "
    words += f"validation; accuracies over {accuracy['n']} validation ROIs of all splits together, "
    words += (
        f"of which the larger class is {_number(accuracy['majority'])}. Below the numbers 95 % "
    )
    words += f"intervals ({accuracy['interval']}; of Dice: {dice['interval']}). Floors are maps "
    words += "that no trained network made: a Dice says something only beside theirs. All in "
    names = ("heat_maps", "table2_intervals", "paper_comparison")
    return f'<p class="caption">{escape(words)}{", ".join(map(_table, names))}.</p>'


def _with_interval(values: pd.DataFrame, key: tuple[str, str]) -> str:
    if key not in values.index or pd.isna(values.loc[key, "value"]):
        return ""
    value, low, high = values.loc[key, ["value", "low", "high"]]
    ends = "" if pd.isna(low) else f"<small>{low:z.3f} to {high:z.3f}</small>"
    return f"{_number(value)}{ends}"


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:z.3f}"


def _row(head: str, cells: Iterable[str], kind: str = "") -> str:
    cells = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr class="{kind}"><th scope="row">{head}</th>{cells}</tr>'


def _verdicts(found: Found, captions: Mapping[str, str]) -> str:
    """The table of verdicts, each word with its reason, and all reasons below it."""
    table = found["verdicts"].set_index("Classifier")
    because = found["verdicts_reasons"].set_index(["Classifier", "question"])["because"]
    head = "".join(
        f'<th scope="col">{breakable(name)}<small>{escape(asked)}</small></th>'
        for name, asked in ASKED.items()
    )
    lines, why = [], []
    for model in summary.classifiers(found):
        given = {question: str(table.loc[model, question]) for question in ASKED}
        cells = [
            f'<span class="{SIGNS.get(answer, "open")}">{escape(answer)}</span>'
            for answer in given.values()
        ]
        lines.append(_row(linked(model, _in_explorer(model=model)), cells))
        said = "".join(
            f"<dt>{escape(question)}: {escape(answer)}</dt>"
            f"<dd>{escape(because[(model, question)])}</dd>"
            for question, answer in given.items()
        )
        why.append(f"<details><summary>Why: {escape(model)}</summary><dl>{said}</dl></details>")
    shown = f'<table class="verdicts"><thead><tr><th scope="col">Classifier</th>{head}</tr></thead>'
    shown += f"<tbody>{''.join(lines)}</tbody></table>"
    caption = f'<p class="caption">{escape(captions["verdicts"])}</p>'
    return _section("verdicts", "The study's answers", _scrolled(shown, "Answers"), *why, caption)


def _picture(name: str, path: str, captions: Mapping[str, str]) -> str:
    """A figure with its caption, which leads to the figure as printed."""
    picture = f'<a href="figures/{name}.svg"><img src="{path}" alt="Figure {name[-1]}"></a>'
    caption = f"<figcaption>{escape(captions[name])}</figcaption>"
    return f'<figure class="{name}"><div class="frame">{picture}</div>{caption}</figure>'


def _explorer(found: Found) -> str:
    words = "Every ROI with its outline, the heat maps of all models and explanations, thresholds "
    words += "and Dice curves, to sort and filter."
    looks = {
        "All ROIs": EXPLORER,
        "abnormal ones that are called normal": _in_explorer(
            verdict="wrong", **{"class": "abnormal"}
        ),
        "normal ones that are called abnormal": _in_explorer(
            verdict="wrong", **{"class": "normal"}
        ),
        "maps of highest Dice": _in_explorer(sort="-dice", **{"class": "abnormal"}),
        "of lowest": _in_explorer(sort="dice", **{"class": "abnormal"}),
    }
    lines = "; ".join(linked(name, to) for name, to in looks.items())
    return _section("explorer", "Explorer", f"<p>{words}</p><p>{lines}.</p>")


def _tables(shown: Sequence[Shown], captions: Mapping[str, str]) -> str:
    lines = []
    for category in sorted({each.category for each in shown if not each.is_figure}):
        lines += [f"<h3>{escape(_without_number(category))}</h3>", "<ul>"]
        for each in shown:
            if each.category == category and not each.is_figure:
                more = _captioned(captions[each.name])
                lines.append(f"<li>{linked(_label(each), each.path)}{more}</li>")
        lines.append("</ul>")
    note = "<p>A click sorts a table; from its page it can be saved as CSV, Markdown or LaTeX.</p>"
    return _section("tables", "All tables", note, '<div class="columns">', *lines, "</div>")


def _figures(shown: Sequence[Shown], curves: Sequence[str], captions: Mapping[str, str]) -> str:
    figures = sorted((each for each in shown if each.is_figure), key=lambda each: each.category)
    lines = [
        f'<figure><a href="{each.path}"><img src="{each.path}" loading="lazy" '
        f'alt="{escape(_label(each))}"></a>'
        f"<figcaption>{linked(_label(each), each.path)}{_captioned(captions[each.name])}"
        "</figcaption></figure>"
        for each in figures
    ]
    of_regime: dict[str, list[str]] = {}
    for path in curves:
        *_, regime, model, split = PurePosixPath(path).with_suffix("").parts
        of_regime.setdefault(regime, []).append(linked(f"{model} {split}", path))
    told = "".join(f"<p>{escape(regime)}: {', '.join(of)}</p>" for regime, of in of_regime.items())
    told = f"<details><summary>Learning curves of every training</summary>{told}</details>"
    return _section("figures", "All figures", '<div class="gallery">', *lines, "</div>", told)


def _records() -> str:
    files = {
        "manifest.json": "code, configuration, seeds, machine, SHA-256 of every file read and made",
        "provenance/configuration.yaml": "the configuration, to run the study again",
        "rois/candidates.tsv": "every candidate ROI: its box, what became of it, and why",
        "index.tsv": "every view of the cases, and why it is not used",
    }
    lines = [f"<li>{linked(name, name)}: {escape(words)}</li>" for name, words in files.items()]
    return _section("record", "Record", "<ul>", *lines, "</ul>")


def _label(each: Shown) -> str:
    return re.sub(" +", " ", each.label)


def _without_number(category: str) -> str:
    return category.lstrip("0123456789 ")


def _captioned(caption: str) -> str:
    """Return a caption's first sentence, which unfolds the others."""
    first, _, more = caption.partition(". ")
    if not more:
        return f"<p>{escape(first)}</p>"
    return f"<details><summary>{escape(first)}.</summary><p>{escape(more)}</p></details>"


def _in_explorer(**keys: str) -> str:
    return address(**keys).removeprefix("../")


def _scrolled(table: str, name: str) -> str:
    return f'<div class="wide" role="region" aria-label="{name}" tabindex="0">{table}</div>'


def _section(name: str, title: str, *parts: str) -> str:
    return "\n".join([f'<section id="{name}"><h2>{escape(title)}</h2>', *parts, "</section>"])
