from unicodedata import normalize

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from camseg.datasets.lists import locate, one_of, read_lines
from camseg.errors import CamsegError

REQUIRED = ("image", "side", "label")
TABLE = "image,side,label,note\na 1.png,left,normal,\nb#2.png,right,abnormal,x; y\n"
LINES = [
    {"image": "a 1.png", "side": "left", "label": "normal", "note": ""},
    {"image": "b#2.png", "side": "right", "label": "abnormal", "note": "x; y"},
]


def write(folder, content):
    path = folder / "list.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder, content):
    return list(read_lines(write(folder, content), REQUIRED, "side"))


SEMICOLONS = TABLE.replace(",", ";").replace("x; y", '"x; y"')
TABS = TABLE.replace(",", "\t")


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        SEMICOLONS,
        TABS,
        "sep=;\n" + SEMICOLONS,
        '"sep=\t"\n' + TABS,
        "sep=|\n" + TABLE.replace(",", "|"),
        ("sep=;\n" + SEMICOLONS).encode("utf-8-sig"),
        TABS.encode("utf-16"),
        b"\xfe\xff" + SEMICOLONS.encode("utf-16-be"),
        TABLE.replace("\n", "\r\n"),
        TABLE.replace("\n", "\r"),
        TABLE.replace("\n", "\r\r\n"),  # twice made Windows' own
        TABLE.rstrip("\n"),
        "\n , ,,\n \n" + TABLE.replace("\n", "\n\n,,,\n   \n \xa0\t\n"),
        TABLE.replace("\n", ",,\n"),
        TABLE.replace("note\n", "note,,\n"),
        TABLE.replace("normal,\n", "normal\n"),
        TABLE.replace(",", " ,  ").replace("\n", " \n \ufeff"),
        TABLE.replace("image,side,label,note", '"IMAGE", Side ,\u200bLabel,"Note"'),
        '"' + TABLE.replace(",", '", "').replace("\n", '"\n"').removesuffix('"'),
        '# by "hand", on Monday\n#\n' + TABLE.replace("\n", "\n# it's 6\" wide, so, it, is\n"),
        TABLE + '"# saved, as, a, cell",,,\n  # and with blanks before\n',
        "# " + TABLE,  # whose first column is named
        TABLE + TABLE.splitlines()[0].upper() + ",,\n",
        TABLE + "# " + TABLE.splitlines()[0] + "\n",
    ],
)
def test_what_spreadsheets_export_is_read_as_the_plain_table(tmp_path, content):
    assert [fields for _, fields in read(tmp_path, content)] == LINES


def test_places_are_the_lines_of_the_file(tmp_path):
    content = '# two\nimage,side,label\n\n#\na.png,left,normal\n"b\n#.png",left,normal\nc,left,x\n'
    for text in (content, content.replace("\n", "\r\n"), content.replace("\n", "\r")):
        lines = read(tmp_path, text)
        places = [f"{tmp_path}/list.csv:{number}" for number in (5, 6, 8)]
        assert [place for place, _ in lines] == places
        assert [fields["image"] for _, fields in lines] == ["a.png", "b\n#.png", "c"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", ": has no line of column names; they are image, side, label"),
        ("\n#\n,,\n", ": has no line of column names; they are image, side, label"),
        ("a\nimage,side\n", ":1: has no column 'image'; its columns are a"),
        ("\nimage,Label\nx,y\n", ":2: has no column 'side'; its columns are image, label"),
        (TABLE.replace("note", "Side"), ":1: has the column 'side' twice; remove or rename one"),
        (
            TABLE.replace("x; y", "x, y"),
            ":3: has 5 fields, the header 4; put a field that holds a ',' in quotes",
        ),
        (
            "," + TABLE.replace("\n", "\n1,", 2),
            ":2: '1' stands in column 1, which has no name in the header; name or remove the "
            "column",
        ),
        (
            TABLE + "#c.png,left,normal\n",
            ":4: begins with #, but reads like a line of the table; remove it, or write ./#c.png "
            "if that is a file's name",
        ),
        (TABLE + '"#c.png",Right,normal\n', ":4: begins with #, but reads like a line of the"),
        (
            TABLE + "label,side,image\n",
            ":4: is a header of other columns or another order than the first; merge only tables "
            "of the same columns",
        ),
        (TABLE + "image,side,label,note,more\n", ":4: is a header of other columns"),
        (
            TABLE + "c.png;left;normal\n",
            ":4: is one field, 'c.png;left;normal'; separate it by ',', as the header, and put no "
            "line in quotes as a whole",
        ),
        (TABLE + '"c.png,left,normal"\n', ":4: is one field, 'c.png,left,normal'; separate it"),
        (
            TABLE + '"c.png,left,normal\n',
            ":4: cannot be read as a CSV or TSV: unexpected end of data; look for a stray quote",
        ),
        (TABLE + '"c" .png,left,normal\n', ":4: cannot be read as a CSV or TSV: ',' expected"),
        (
            TABLE.replace("x; y", "\xe4").encode("latin-1"),
            ':3: byte 0xe4 is no UTF-8; save the table as "CSV UTF-8"',
        ),
        (TABLE.replace("x; y", "\xe4").replace("\n", "\r").encode("cp1252"), ":3: byte 0xe4 is no"),
        (TABS.encode("utf-16")[:-1], ":3: byte 0xa is no UTF-16; save the table as"),
        (
            TABLE.encode("utf-16-le"),
            ':1: has a NUL, as no text has; save the table as "CSV UTF-8"',
        ),
        (TABLE + "\0", ":4: has a NUL, as no text has; save"),
        ("x" * 200_000, ":1: cannot be read as a CSV or TSV: field larger than field limit"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_place_reason_and_remedy(tmp_path, content, reason):
    with pytest.raises(CamsegError) as caught:
        read(tmp_path, content)
    assert str(caught.value).removeprefix(f"{tmp_path}/list.csv").startswith(reason)
    assert "\n" not in str(caught.value)


def test_a_list_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CamsegError, match=r"list.csv: cannot be read: No such file or directory$"):
        list(read_lines(tmp_path / "list.csv", REQUIRED, "side"))


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@example(content=b"\xff\xfe\x00")
def test_any_bytes_are_read_or_refused(content, tmp_path_factory):
    for whole in (content, TABLE.encode() + content):
        try:
            lines = read(tmp_path_factory.mktemp("any"), whole)
        except CamsegError as error:
            assert "\n" not in str(error)
        else:
            assert all(set(fields) >= set(REQUIRED) for _, fields in lines)


COMPOSED, DECOMPOSED = (normalize(form, "Pàtiënt/é 1.png") for form in ("NFC", "NFD"))


@pytest.mark.parametrize("there", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("listed", [COMPOSED, DECOMPOSED, COMPOSED.replace("/", "\\"), "./{}"])
def test_a_file_is_found_however_its_path_is_written(tmp_path, there, listed):
    path = tmp_path / there
    path.parent.mkdir()
    path.touch()
    assert locate(tmp_path, listed.format(there)) == path
    assert locate(tmp_path / "elsewhere", f"{tmp_path}/{listed}".format(there)) == path


def test_a_folder_and_its_file_may_be_written_differently(tmp_path):
    folder, name = COMPOSED.partition("/")[0], DECOMPOSED.partition("/")[2]
    (tmp_path / folder).mkdir()
    (tmp_path / folder / name).touch()
    for listed in (COMPOSED, DECOMPOSED, DECOMPOSED.replace("/", "\\\\")):
        assert locate(tmp_path, listed) == tmp_path / folder / name


def test_a_name_as_it_stands_comes_first(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("a\\b.png", "a/b.png", normalize("NFC", "é"), normalize("NFD", "é")):
        (tmp_path / name).touch()
        assert locate(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize("name", ["a\\b.png", "é.png", "C:\\x\\é.png", "x" * 300, "A.PNG"])
def test_a_file_that_is_not_there_keeps_its_name(tmp_path, name):
    (tmp_path / "a.png").touch()
    assert locate(tmp_path, name) == tmp_path / name


def test_of_copies_the_first_is_read_and_others_that_differ_are_refused(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("a")
    second.write_text("a")
    assert one_of([first]) == one_of([first, second]) == first
    second.write_text("b")
    with pytest.raises(CamsegError) as caught:
        one_of([first, second])
    assert str(caught.value) == f"{second}: differs from {first}; leave only one of them there"
    with pytest.raises(CamsegError, match=r"lost.csv: cannot be read: No such file or directory"):
        one_of([first, tmp_path / "lost.csv"])
