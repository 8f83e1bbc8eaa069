# How the report is laid out: what it shows, where, under which caption; no rule stands here.

# its categories, which it shows in alphabetical order
MAIN, STATISTICS = "1 Main results", "2 Intervals, claims, comparison"
HEAT_MAPS, SAMPLES, CURVES = "3 Heat maps", "4 Figures", "5 Learning curves"
CASES_AND_ROIS, RECORD = "6 Cases and ROIs", "7 Runtime, versions, configuration"


# path, category and label of all that rules hand it, in their order; a study makes some of them
REPORTED = []

# the tables that say nothing of the lesions
OF_THE_RUN = {"configuration", "runtime", "segmentation_seconds", "versions"}


def captions(*names):
    """The files of captions, one of each name: of a table's own files, and of the report.

    Where boxes stand for outlines, there is one more, which is part of every caption.
    """
    more = ["boxes"] if SOURCE.boxes and not OF_THE_RUN & set(names) else []
    return [beside(f"workflow/report/{name}.rst") for name in [*names, *more]]


def reported(path, category, label, caption=None):
    """A file that the report shows, with the caption of that name, or of its own."""
    # two blanks, of which a browser shows one, sort Figure 4 before Figure 10
    label = re.sub(r" (\d)$", r"  \1", label)
    name = caption or Path(path).stem
    REPORTED.append((path, category, label))
    labels = {"result": label}
    if SOURCE.boxes:  # the caption shown is the same for all studies
        labels["outlines"] = "" if name in OF_THE_RUN else "boxes"
    return report(path, caption=f"../report/{name}.rst", category=category, labels=labels)


def report_table(name, category, label, folder="tables", caption=None):
    """A table's files; the report shows the page, from which the others can be saved."""
    path = f"<results>/{folder}/{name}"
    page = reported(f"{path}.html", category, label, caption)
    return [*multiext(path, ".csv", ".md", ".tex"), page]


def report_figure(name, category, label, folder="figures", caption=None):
    """A figure's files, of which the report shows the SVG."""
    path = f"<results>/{folder}/{name}"
    return [reported(f"{path}.svg", category, label, caption), f"{path}.png"]


def on_front_page():
    """Of REPORTED what this study makes; known when all rules are read."""
    made = {*RESULTS, *RECORDS}
    pages = [each for each in REPORTED if Path(each[0]).parent.name == "provenance"]
    pages += [
        each
        for each in REPORTED
        if each[0] in made or str(Path(each[0]).with_suffix(".csv")) in made
    ]
    return [(path.removeprefix("<results>/"), *shown) for path, *shown in pages]


def captions_on_front_page(wildcards):
    """The input function of the captions of all that is on the front page."""
    names = dict.fromkeys(Path(path).stem for path, *_ in on_front_page())
    of_the_run = sorted(OF_THE_RUN & set(names))
    return [*captions(*(name for name in names if name not in of_the_run)), *captions(*of_the_run)]
