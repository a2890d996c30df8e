import hashlib
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioqa.index.download import listing
from bioqa.index.download.listing import ListedFile
from bioqa.index.errors import InputError, NetworkError

SOURCE = "https://ftp.ncbi.nlm.nih.gov/pubmed/baseline/"
APACHE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /pubmed/baseline</title></head><body><h1>Index of /pubmed/baseline</h1>
<pre>Name                          Last modified      Size  <hr><a href="/pubmed/">Parent Directory</a>         -
<a href="README.txt">README.txt</a>                    2025-12-10 13:26  4.5K
<a href="pubmed26n0002.xml.gz">pubmed26n0002.xml.gz</a>          2026-01-09 14:15   19M
<a href="pubmed26n0002.xml.gz.md5">pubmed26n0002.xml.gz.md5</a>      2026-01-09 14:15   60
<a href="pubmed26n0001.xml.gz">pubmed26n0001.xml.gz</a>          2026-01-09 14:14  1.5K
<hr></pre></body></html>"""
NGINX = """<html><head><title>Index of /pubmed/</title></head><body><pre><a href="../">../</a>
<a href="pubmed26n0001.xml.gz">pubmed26n0001.xml.gz</a>            09-Jan-2026 14:14            19876543
</pre></body></html>"""
TABLE = """<title>Index of /pubmed</title><table><tr><td><a href='pubmed26n0001.xml.gz'>pubmed26n0001..&gt;</a></td>
<td align="right">2026-01-09 14:14  </td><td align="right"> 19M</td></tr></table>"""
PYTHON = """<h1>Directory listing for /</h1><ul><li><a href="pubmed26n0001.xml.gz">pubmed26n0001.xml.gz</a></li></ul>"""
DIGEST = "0123456789abcdef0123456789abcdef"
NAME = "pubmed26n0001.xml.gz"


def listed(page: str) -> list[ListedFile]:
    return listing.parse_listing(page, "baseline", SOURCE)


def link(name: str) -> str:
    return f'<title>Index of /</title><a href="{name}">x</a>'


def test_an_apache_listing_gives_files_in_order_with_rounded_sizes() -> None:
    assert listed(APACHE) == [
        ListedFile("baseline", "pubmed26n0001.xml.gz", 1536, "2026-01-09 14:14"),
        ListedFile("baseline", "pubmed26n0002.xml.gz", 19 << 20, "2026-01-09 14:15"),
    ]


@pytest.mark.parametrize(
    ("page", "size", "modified"),
    [(NGINX, 19876543, "09-Jan-2026 14:14"), (TABLE, 19 << 20, "2026-01-09 14:14"), (PYTHON, None, "")],
)
def test_other_servers_listings_are_read_too(page: str, size: int | None, modified: str) -> None:
    assert listed(page) == [ListedFile("baseline", NAME, size, modified)]


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.xml.gz",
        "../pubmed26n0001.xml.gz",
        "..%2fpubmed26n0001.xml.gz",
        "/etc/pubmed26n0001.xml.gz",
        "https://elsewhere.example/pubmed26n0001.xml.gz",
        "pubmed26n0001.xml.gz/../../x",
        "pubmed26n0001.xml.gz\n",
        "pubmed26n0001.xml.gz\x00",
        "pubmed٢٦n٠٠٠١.xml.gz",
        "pubmed26n1.xml.gz",
        "PUBMED26n0001.xml.gz",
        "pubmed26n0001.xml",
        "",
    ],
)
def test_a_name_of_another_form_is_passed_over(name: str) -> None:
    assert listed(link(name)) == []
    assert not listing.is_pubmed_name(name)


@given(st.text())
def test_whatever_the_page_every_name_taken_is_a_plain_one(text: str) -> None:
    for file in listed(link(text) + text):
        assert Path(file.name).name == file.name


def test_numbers_are_sorted_as_numbers_and_years_first() -> None:
    names = ["pubmed26n10000.xml.gz", "pubmed26n9999.xml.gz", "pubmed25n9999.xml.gz", "pubmed26n00001.xml.gz"]
    page = "".join(map(link, [*names, *names, "pubmed26n0001.xml.gz"]))
    found = [listing.year_and_number(file.name) for file in listed(page)]
    assert found == [(25, 9999), (26, 1), (26, 1), (26, 9999), (26, 10000)]


@pytest.mark.parametrize("told", ["1.2.3M", "9" * 400, "-", "M", "99999999999999G"])
def test_an_absurd_size_is_no_failure(told: str) -> None:
    page = f'<title>Index of /</title><a href="{NAME}">{NAME}</a> 2026-01-09 14:14  {told}'
    assert [file.name for file in listed(page)] == [NAME]


@pytest.mark.parametrize(
    ("told", "size", "rounding"),
    [
        ("19M", 19 << 20, 1 << 20),
        ("1.5K", 1536, 102),
        ("19876543", 19876543, 0),
        ("19.0 MiB", 19 << 20, (1 << 20) // 10),
        ("30 kB", 30 << 10, 1 << 10),
        ("99999999999G", None, 0),
        ("9" * 15, None, 0),
        ("-", None, 0),
    ],
)
def test_a_size_is_as_exact_as_it_is_written(told: str, size: int | None, rounding: int) -> None:
    [file] = listed(f"{link(NAME)} 2026-01-09 14:14  {told}</a>")
    assert (file.size, file.rounding) == (size, rounding)


@pytest.mark.parametrize(
    "repeated",
    [
        "<a ",
        "<",
        "<a href",
        "<a href=",
        '<a href="',
        "<td",
        '<a href="x">',
        "href='",
        "<a x ",
        f'<a href="{NAME}">',
        "a<b>",
    ],
)
@pytest.mark.parametrize("start", ["", "<a ", f'<a href="{NAME}">', f'<a href="{NAME}">2026-01-09 14:14 '])
def test_a_page_of_nothing_but_beginnings_is_read_in_no_time(start: str, repeated: str) -> None:
    page = "<title>Index of /</title>" + start + repeated * (1_000_000 // len(repeated))
    began = time.process_time()
    listed(page)
    assert time.process_time() - began < 5  # a search that starts again at every tag takes half an hour


@pytest.mark.parametrize("text", ["a", "MD5(", "MD5 ", "0" * 32 + " ", "0" * 31 + " ", "MD5(x)= "])
def test_a_digest_is_looked_for_in_no_time(text: str) -> None:
    began = time.process_time()
    with pytest.raises(NetworkError, match="no MD5 of"):
        listing.parse_digest(text * (2_000_000 // len(text)), NAME, "m")
    assert time.process_time() - began < 5


def test_a_listing_of_more_files_than_pubmed_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_MOST_FILES", 3)
    names = [f"pubmed26n{number:04}.xml.gz" for number in range(4)]
    assert len(listed("".join(map(link, names[:3] * 5)))) == 3
    with pytest.raises(NetworkError, match=f"^{SOURCE}: lists more than 3 PubMed files"):
        listed("".join(map(link, names)))


def test_an_empty_folder_is_a_listing_of_nothing() -> None:
    assert listed("<html><title>Index of /pubmed/updatefiles</title><pre></pre></html>") == []


@pytest.mark.parametrize(
    ("page", "said"),
    [("", "it is empty"), ("<html>\n<h1>Maintenance</h1>", "it begins with '<html> <h1>Maintenance</h1>'")],
)
def test_a_page_that_is_no_listing_is_said_to_be_none(page: str, said: str) -> None:
    with pytest.raises(NetworkError, match="is no listing of files") as caught:
        listed(page)
    assert str(caught.value).startswith(SOURCE)
    assert said in str(caught.value)


def test_the_name_of_something_else_has_no_number() -> None:
    with pytest.raises(InputError, match="not the name of a PubMed file"):
        listing.year_and_number("notes.xml.gz")


@pytest.mark.parametrize(
    "text",
    [
        f"MD5({NAME})= {DIGEST}\n",
        f"MD5 ({NAME}) = {DIGEST}",
        f"{DIGEST}  {NAME}\n",
        f"{DIGEST} *{NAME}\r\n",
        f"MD5({NAME})= {DIGEST.upper()}\n",
        f"{'f' * 32}  other.gz\n{DIGEST}  {NAME}\n",
    ],
)
def test_the_digest_is_read_in_every_form(text: str) -> None:
    assert listing.parse_digest(text, NAME, "m") == DIGEST


@pytest.mark.parametrize("command", [["md5sum"], ["md5sum", "--tag"], ["openssl", "md5"]])
def test_the_digest_is_the_one_that_other_programs_print(command: list[str], tmp_path: Path) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"there is no {command[0]} here")
    (tmp_path / NAME).write_bytes(b"some bytes")
    printed = subprocess.run([*command, NAME], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    expected = hashlib.md5(b"some bytes").hexdigest()
    assert listing.parse_digest(printed, NAME, "m") == expected


@pytest.mark.parametrize(
    "text",
    ["", "<html>busy</html>", DIGEST, f"MD5(pubmed26n0002.xml.gz)= {DIGEST}", f"MD5({NAME})= {DIGEST[:-1]}", "\ufffd"],
)
def test_without_a_digest_of_this_file_the_page_is_refused(text: str) -> None:
    with pytest.raises(NetworkError, match=f"^https://x: no MD5 of {NAME}"):
        listing.parse_digest(text, NAME, "https://x")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("7", [7], [6, 8]),
        ("1-50,1219-", [1, 50, 1219, 99999], [0, 51, 1218]),
        ("-100", [0, 100], [101]),
        (" 3 , 5-5 ", [3, 5], [4, 6]),
    ],
)
def test_numbers_are_ranges_with_both_ends_in(text: str, inside: list[int], outside: list[int]) -> None:
    numbers = listing.parse_numbers(text)
    assert all(number in numbers for number in inside)
    assert not any(number in numbers for number in outside)


@pytest.mark.parametrize("text", ["", "-", ",", "1,,2", "a", "1:5", "5-1", "1-2-3", "٣", "9" * 5000, "1.5"])
def test_other_texts_are_no_numbers(text: str) -> None:
    with pytest.raises(InputError, match=r"^--files "):
        listing.parse_numbers(text)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("pubmed26n0001.xml.gz", 26_000_001),
        ("pubmed26n1335.xml", 26_001_335),
        ("pubmed27n0001.xml.gz", 27_000_001),
        ("pubmed26n0001.xml.gz.gz", 0),
        ("my-pubmed26n0001.xml.gz", 0),
        ("notes.jsonl", 0),
    ],
)
def test_the_number_of_a_file_grows_from_file_to_file(name: str, number: int) -> None:
    assert listing.file_number(name) == number
