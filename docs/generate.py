"""Write what of the documentation follows from the code: `make docs`.

In config/README.md, docs/workflow.md and the page of each stage the parts between two lines of
comment; and the drawings docs/rulegraph.svg and docs/rules.svg. The tests compare all of it with
the code.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
from camseg.datasets.registry import SOURCES  # noqa: E402
from camseg.explanations.registry import EXPLANATIONS  # noqa: E402
from camseg.segmentation.registry import METHODS as SEGMENTATION  # noqa: E402
from camseg.training.registry import REGIMES  # noqa: E402

MAIN_PATH = "results/phantom/figures/figure8.svg"  # what leads to it is the paper's main path


def main() -> None:
    """Write all of it, in the clone that this file is in."""
    write_part(ROOT / "config/README.md", "keys", config_table())
    for file, rules in stages().items():
        if rules:
            write_part(ROOT / f"docs/{Path(file).stem}.md", "rules", rule_table(rules))
    for page, table in (
        ("datasets", sources_table()),
        ("training", regimes_table()),
        ("explanations", explanations_table()),
        ("segmentation", segmentation_table()),
    ):
        write_part(ROOT / f"docs/{page}.md", "choices", table)
    everything = rule_graph("all")
    write_part(ROOT / "docs/workflow.md", "rules", mermaid(everything))
    drawings = {
        "rulegraph.svg": dot(rule_graph(MAIN_PATH), boxes={}),
        "rules.svg": dot(everything, boxes_of(everything)),
    }
    for path, graph in drawings.items():
        if shutil.which("dot"):
            drawn = run(["dot", "-Tsvg"], stdin=graph)
            (ROOT / "docs" / path).write_text(drawn, encoding="utf-8")
        else:
            print(f"docs/{path} is left as it is: graphviz is not installed", file=sys.stderr)


def write_part(path: Path, name: str, text: str) -> None:
    """Replace the part of a file between the comments `begin NAME` and `end NAME`."""
    whole = path.read_text(encoding="utf-8")
    parts = re.split(rf"(<!-- begin {name}\b.*-->\n|<!-- end {name} -->)", whole)
    before, begin, _, end, after = parts
    path.write_text("".join([before, begin, text, end, after]), encoding="utf-8")


def run(command: list[str | Path], stdin: str | None = None) -> str:
    """Return what a command prints; its messages go where ours go."""
    result = subprocess.run(
        command, cwd=ROOT, input=stdin, stdout=subprocess.PIPE, text=True, check=True
    )
    return result.stdout


def config_table() -> str:
    """Return the table of the configuration's keys, in Markdown."""
    schema = load("workflow/schemas/config.schema.yaml")
    paper = load("config/paper.yaml")
    lines = ["| key | default | `paper.yaml` | meaning |", "| --- | --- | --- | --- |"]
    for path, rule in keys(schema, schema):
        value = paper
        for key in path:
            value = value.get(key, rule.get("default")) if isinstance(value, dict) else None
        default = rule.get("default")
        other = "" if path[0] == "models" or value == default else plain(value)
        shown = plain(default) if "default" in rule else ""
        meaning = rule["description"].replace("|", r"\|")
        lines.append(f"| `{': '.join(path)}` | {shown} | {other} | {meaning} |")
    return "\n".join([*lines, ""])


def sources_table() -> str:
    """Return the table of the sources of data, in Markdown."""
    lines = ["| `dataset: source` | | read by |", "| --- | --- | --- |"]
    for name, source in SOURCES.items():
        module = f"sources.{source.reader}" if source.reader else "map_folder"
        lines.append(f"| `{name}` | {source.title} | `camseg.datasets.{module}` |")
    return "\n".join([*lines, ""])


def regimes_table() -> str:
    """Return the table of the regimes of training, in Markdown."""
    lines = ["| regime | what the network sees | column of its accuracy |", "| --- | --- | --- |"]
    for name, regime in REGIMES.items():
        lines.append(f"| `{name}` | {regime.multiplies} | `{regime.column}` |")
    return "\n".join([*lines, ""])


def explanations_table() -> str:
    """Return the table of the explanations, in Markdown."""
    lines = [
        "| `cam: explanation` | | weighs | grid | of a class | heads | proposed by |",
        "| --- " * 7 + "|",
    ]
    for name, known in EXPLANATIONS.items():
        of_class, heads = "no" if known.class_blind else "yes", known.head or "any"
        grid = "the ROI's" if known.of_input else "the features'"
        first = f"| `{name}` | {known.title} | {known.what} | {grid} |"
        lines.append(f"{first} {of_class} | {heads} | {known.reference} |")
    return "\n".join([*lines, ""])


def segmentation_table() -> str:
    """Return the table of the methods of segmentation, in Markdown."""
    lines = ["| `segmentation: methods` | | learns from | begins with |", "| --- " * 4 + "|"]
    for name, known in SEGMENTATION.items():
        first = f"the maps of `{known.after}`" if known.after else "a classifier's CAMs"
        begins = first if known.cams else ""
        lines.append(f"| `{name}` | {known.title} | {known.data} | {begins} |")
    return "\n".join([*lines, ""])


def load(path: str) -> dict:
    """Return a YAML file of the project."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def keys(rule: dict, schema: dict) -> Iterator[tuple[tuple[str, ...], dict]]:
    """Yield the keys below a rule of the schema that have values of their own: path and rule."""
    for key, own in rule["properties"].items():
        below = resolve(own, schema)
        if below.get("type") != "object":
            yield (key,), below
        inner = resolve(below.get("items", {}).get("then", below), schema)
        if "properties" in inner:
            yield from (((key, *path), found) for path, found in keys(inner, schema))


def resolve(rule: dict, schema: dict) -> dict:
    """Return a rule with what it refers to; what it says itself counts."""
    if "$ref" not in rule:
        return rule
    return schema["$defs"][rule["$ref"].rpartition("/")[2]] | rule


def plain(value: object) -> str:
    """Return a value as one would write it in YAML, on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")


def stages() -> dict[str, dict[str, str]]:
    """Return the rules of every file of rules, name and docstring, in the workflow's order."""
    workflow = ROOT / "workflow/Snakefile"
    files = re.findall(r'^include: "(.+)"$', workflow.read_text(encoding="utf-8"), re.M)
    return {
        Path(file).name: dict(
            re.findall(
                r'^rule (\w+):\n {4}"""(.+?)"""',
                (workflow.parent / file).read_text(encoding="utf-8"),
                re.M | re.S,
            )
        )
        for file in files
    }


def rule_table(rules: dict[str, str]) -> str:
    """Return the table of a stage's rules, in Markdown."""
    lines = ["| rule | makes | program |", "| --- | --- | --- |"]
    for rule, docstring in rules.items():
        makes = " ".join(docstring.split()).replace("|", r"\|")
        program = f"scripts/{rule}.py"
        lines.append(f"| `{rule}` | {makes} | [{program}](../{program}) |")
    return "\n".join([*lines, ""])


def rule_graph(target: str) -> list[tuple[str, str]]:
    """Return which rule's output is which rule's input, for all that a target needs.

    In the order that the rules are defined in, without the rule `all` and without what a way over
    other rules implies.
    """
    snakemake = Path(sys.executable).with_name("snakemake")
    text = run([snakemake, "--quiet", "all", "--rulegraph", "dot", "--", target])
    names = dict(re.findall(r'(\d+)\[label = "(\w+)"', text))
    order = [name for rules in stages().values() for name in rules]
    edges = ((names[one], names[other]) for one, other in re.findall(r"(\d+) -> (\d+)", text))
    shown = [edge for edge in edges if "all" not in edge]
    return reduced(sorted(shown, key=lambda edge: [order.index(name) for name in edge]))


def reduced(edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the edges but those that others imply: a way from the same start to the same end."""
    kept = list(edges)
    for edge in edges:
        others = [other for other in kept if other != edge]
        if edge[1] in reached(edge[0], others):
            kept = others
    return kept


def reached(start: str, edges: list[tuple[str, str]]) -> set[str]:
    """Return all that the edges lead to from a start."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        place = waiting.pop()
        new = {end for begin, end in edges if begin == place} - found
        found |= new
        waiting += new
    return found


def dot(edges: list[tuple[str, str]], boxes: dict[str, list[str]]) -> str:
    """Return a graph in graphviz' language, from left to right, with boxes round some nodes."""
    lines = [
        "digraph rules {",
        "graph [rankdir=LR, ranksep=0.2, nodesep=0.15, bgcolor=white]",
        "graph [fontname=sans, fontsize=12, color=grey, labeljust=l]",
        "node [shape=box, style=rounded, fontname=sans, fontsize=12, height=0.4, margin=0.05]",
        "edge [color=grey, penwidth=1.5, arrowsize=0.8]",
    ]
    for file, names in boxes.items():
        lines += [f'subgraph "cluster_{file}" {{', f'label="{file}"', *names, "}"]
    return "\n".join([*lines, *(f"{one} -> {other}" for one, other in edges), "}"])


def mermaid(edges: list[tuple[str, str]]) -> str:
    """Return a graph in Mermaid's language as a block of Markdown, a box for each file of rules."""
    lines = ["```mermaid", "flowchart LR"]
    for file, names in boxes_of(edges).items():
        lines += [f"    subgraph {file}", *(f"        {name}" for name in names), "    end"]
    lines += [f"    {one} --> {other}" for one, other in edges]
    return "\n".join([*lines, "```", ""])


def boxes_of(edges: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the rules of a graph by their file, in the workflow's order."""
    shown = {name for edge in edges for name in edge}
    found = {file: [name for name in rules if name in shown] for file, rules in stages().items()}
    return {file: names for file, names in found.items() if names}


if __name__ == "__main__":
    main()
