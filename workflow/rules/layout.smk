# How the report is laid out: what it shows, where, under which caption; no rule stands here.

# its categories, which it shows in alphabetical order
MAIN, STATISTICS = "1 Main results", "2 Intervals, claims, comparison"
HEAT_MAPS, SAMPLES, CURVES = "3 Heat maps", "4 Figures", "5 Learning curves"
CASES_AND_ROIS, RECORD = "6 Cases and ROIs", "7 Runtime, versions, configuration"


def captions(*names):
    """The files of captions, one of each name: of a table's own files, and of the report."""
    return [beside(f"workflow/report/{name}.rst") for name in names]


def reported(path, category, label, caption=None):
    """A file that the report shows, with the caption of that name, or of its own."""
    # two blanks, of which a browser shows one, sort Figure 4 before Figure 10
    label = re.sub(r" (\d)$", r"  \1", label)
    caption = f"../report/{caption or Path(path).stem}.rst"
    return report(path, caption=caption, category=category, labels={"result": label})


def report_table(name, category, label, folder="tables", caption=None):
    """A table's files; the report shows the page, from which the others can be saved."""
    path = f"<results>/{folder}/{name}"
    page = reported(f"{path}.html", category, label, caption)
    return [*multiext(path, ".csv", ".md", ".tex"), page]


def report_figure(name, category, label, folder="figures", caption=None):
    """A figure's files, of which the report shows the SVG."""
    path = f"<results>/{folder}/{name}"
    return [reported(f"{path}.svg", category, label, caption), f"{path}.png"]
