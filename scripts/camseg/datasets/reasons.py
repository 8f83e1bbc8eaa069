"""Why views and ROIs are not used: reasons told apart by kind, and counted in one line."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

SHOWN = 4  # kinds in a line
# a path that a clause begins with, which may hold blanks: "my images/a (1).png: ", "a.png is "
PATH = re.compile(r"(?:^|(?<=: ))(?:\w:\\)?[^:,]*?[^\s.]\.\w{1,8}(?::\d+)?(?:: |(?= is ))")
# other words that are paths: images/a, a.png
PATH_WORD = re.compile(r"[^\s(),;'\"]*(?:[/\\]|\w\.\w)[^\s(),;'\"]*?(?=[:.]?(?:[\s(),;'\"]|$))")
# ids and numbers, and values in quotes
NAME_WORD = re.compile(r"[^\s(),;'\"]*\d[^\s(),;'\"]*?(?=[:.]?(?:[\s(),;'\"]|$))")
QUOTED = re.compile(r"(?<!\w)(['\"]).*?\1(?!\w)")


@dataclass(frozen=True)
class Kind:
    """Reasons that are alike but for names and numbers.

    `text` is what all of them say; `name` is the first that one is given for, `reason` its own.
    """

    count: int
    text: str
    name: str
    reason: str

    @property
    def told(self) -> str:
        """The text, and the example where that says more."""
        more = f" (e.g. {self.name}: {self.reason})" if self.text != self.reason else ""
        return self.text + more


def without_paths(reason: str) -> str:
    """Return a reason without the paths in it: left out before a colon, else shown as "..."."""
    bare = PATH.sub(lambda path: "" if path[0].endswith(": ") else "...", reason)
    return PATH_WORD.sub("...", bare)


def kind(reason: str) -> str:
    """Return a reason without its paths, ids, numbers and quoted values, shown as "..."."""
    return NAME_WORD.sub("...", QUOTED.sub("...", without_paths(reason)))


def by_kind(reasons: Iterable[tuple[str, str]]) -> list[Kind]:
    """Return the kinds of (name, reason)s, those of most first.

    Reasons whose `kind` is the same are one; where all of them are the same to the letter, or but
    for paths, their text is that.
    """
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, reason in reasons:
        groups[kind(reason)].append((name, reason))
    kinds = []
    for text, members in groups.items():
        name, reason = min(members)
        for say in (without_paths, str):
            if {say(given) for _, given in members} == {say(reason)}:
                text = say(reason)
        kinds.append(Kind(len(members), text, name, reason))
    return sorted(kinds, key=lambda each: (-each.count, each.text))


def in_a_line(*reasons: Iterable[tuple[str, str]]) -> str:
    """Return how many (name, reason)s there are of each kind, without paths, each with a name.

    Causes come before what follows from them: the kinds of the first argument before those of the
    next, and in each those of most first.
    """
    kinds = [each for group in reasons for each in by_kind(group)]
    told = [
        f"{each.count} x {without_paths(each.text)} (e.g. {each.name})" for each in kinds[:SHOWN]
    ]
    rest = kinds[SHOWN:]
    if rest:
        told.append(f"{sum(each.count for each in rest)} x for {len(rest)} other reasons")
    return "; ".join(told)
