import math
import os
import random
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from rank_bm25 import BM25Okapi

from bioqa.index.errors import IndexFolderError, StorageError
from bioqa.index.records import Document, Passage, Section
from bioqa.index.search import lexical
from bioqa.index.search.filters import NO_FILTER, Filter
from bioqa.index.search.lexical import LexicalIndex, LivePassages
from bioqa.index.search.lexical_writer import LexicalWriter, disk_errors, passage_length
from bioqa.index.store import digests
from bioqa.index.store.digests import sha256_of
from bioqa.index.text import analyzer

Add = Callable[[Iterable[Document]], LexicalIndex]


def whole(number: int, document: Document) -> Passage:
    """The abstract of a document as one passage."""
    return Passage(number, document, document.abstract_start, len(document.text))


@pytest.fixture
def index_of(tmp_path: Path) -> Add:
    """Builds a lexical index in which document and passage i are the i-th of those given."""

    def build(documents: Iterable[Document]) -> LexicalIndex:
        writer = LexicalWriter(tmp_path)
        for number, document in enumerate(documents):
            writer.add(whole(number, document), number)
        writer.commit()
        return LexicalIndex(tmp_path)

    return build


@pytest.fixture(scope="module")
def random_corpus() -> list[Document]:
    """Documents of words of very different frequency, short enough for their length to be kept exactly."""
    source = random.Random(11)
    vocabulary = [f"word{letter}{n}" for letter in "abcdefgh" for n in range(12)]
    weights = [1 / (rank + 1) for rank in range(len(vocabulary))]
    return [
        Document(str(i), "", " ".join(source.choices(vocabulary, weights, k=source.randint(3, 35)))) for i in range(200)
    ]


def lucene_bm25(documents: list[Document], query: str) -> dict[int, float]:
    """BM25 by the book, with Lucene's idf: ln(1 + (N - n + 0.5) / (n + 0.5)), k1 1.2 and b 0.75."""
    texts = [Counter(analyzer.terms(document.text)) for document in documents]
    lengths = [sum(text.values()) for text in texts]
    mean = sum(lengths) / len(lengths)
    scores: dict[int, float] = {}
    for term in analyzer.terms(query):
        holding = sum(term in text for text in texts)
        idf = math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))
        for number, (text, words) in enumerate(zip(texts, lengths, strict=True)):
            if term in text:
                part = text[term] * 2.2 / (text[term] + 1.2 * (0.25 + 0.75 * words / mean))
                scores[number] = scores.get(number, 0.0) + idf * part
    return scores


QUERIES = ["worda0", "wordb3 wordc5", "wordh11 worda0 worda1", "wordd2 wordd2 worde9", "worda0 unheard"]


@pytest.mark.parametrize("query", QUERIES)
def test_scores_are_those_of_bm25(query: str, index_of: Add, random_corpus: list[Document]) -> None:
    wanted = lucene_bm25(random_corpus, query)
    found = index_of(random_corpus).search(query, 1000, NO_FILTER)
    assert found == pytest.approx(wanted, rel=1e-4)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_one_rare_term_ranks_as_rank_bm25_does(index_of: Add, random_corpus: list[Document]) -> None:
    oracle = BM25Okapi([analyzer.terms(document.text) for document in random_corpus], k1=1.2, b=0.75)
    scores = oracle.get_scores(analyzer.terms("wordb3"))
    found = index_of(random_corpus).search("wordb3", 1000, NO_FILTER)
    assert len(found) > 5
    ranked = [scores[number] for number in found]
    assert ranked == sorted(ranked, reverse=True)
    assert min(ranked) > max(score for number, score in enumerate(scores) if number not in found)


def test_the_best_k_are_the_first_of_all(index_of: Add, random_corpus: list[Document]) -> None:
    index = index_of(random_corpus)
    every = list(index.search("worda1 wordb2", 1000, NO_FILTER).items())
    best = list(index.search("worda1 wordb2", 7, NO_FILTER).items())
    assert [score for _, score in best] == [score for _, score in every[:7]]


def test_equal_scores_come_in_order_of_passages(index_of: Add) -> None:
    index = index_of(Document(str(i), "", "the same text") for i in range(30))
    assert list(index.search("same text", 30, NO_FILTER)) == list(range(30))


@pytest.mark.parametrize(
    "query", ["", "  ", "the of and", "?!", "unheard", "😀", "A" * 10_000, "field:value AND (", "*"]
)
def test_a_query_without_known_terms_finds_nothing(query: str, index_of: Add) -> None:
    assert index_of([Document("1", "", "gene")]).search(query, 10, NO_FILTER) == {}


@pytest.mark.parametrize("k", [0, -3])
def test_asked_for_nothing_it_finds_nothing(k: int, index_of: Add) -> None:
    assert index_of([Document("1", "", "gene")]).search("gene", k, NO_FILTER) == {}


def test_the_title_counts_for_every_passage_of_its_document(tmp_path: Path) -> None:
    document = Document("1", "Porphyria", "First half. Second half.")
    writer = LexicalWriter(tmp_path)
    for number, (start, end) in enumerate([(10, 21), (22, 34)]):
        writer.add(Passage(number, document, start, end), 0)
    writer.add(Passage(2, Document("2", "Porphyria"), 0, 9), 1)
    writer.commit()
    index = LexicalIndex(tmp_path)
    assert set(index.search("porphyria", 10, NO_FILTER)) == {0, 1, 2}
    assert set(index.search("second", 10, NO_FILTER)) == {1}
    assert index.document_frequency("porphyria") == 3


FILTERED = [
    Document("1", "", "gene", year=1999, journal="Gut"),
    Document("2", "", "gene gene", year=2005, journal="The Lancet"),
    Document("3", "", "gene", year=2010, journal="gut"),
    Document("4", "", "gene"),
    Document("5", "", "liver", year=2005, journal="Gut"),
]


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (NO_FILTER, {0, 1, 2, 3}),
        (Filter(2005, 2005), {1}),
        (Filter(2000, None), {1, 2}),
        (Filter(None, 2005), {0, 1}),
        (Filter(1999, 2010), {0, 1, 2}),
        (Filter(2011, None), set()),
        (Filter(journal="GUT"), {0, 2}),
        (Filter(journal="Lance"), set()),
        (Filter(journal="Lancet"), {1}),
        (Filter(journal="the lancet"), {1}),
        (Filter(2000, 2020, "Gut"), {2}),
    ],
)
def test_a_filter_narrows_and_leaves_scores_as_they_are(filters: Filter, wanted: set[int], index_of: Add) -> None:
    index = index_of(FILTERED)
    every = index.search("gene", 10, NO_FILTER)
    found = index.search("gene", 10, filters)
    assert found == pytest.approx({number: every[number] for number in wanted})
    if not filters.is_empty:
        assert set(index.filtered_passages(filters).tolist()) - {4} == wanted


FACTS = [
    Document("1", "", "gene", mesh=("Cystic Fibrosis", "Humans"), publication_types=("Review",), language="eng"),
    Document("2", "", "gene", mesh=("Humans",), publication_types=("Journal Article", "Review"), status="retracted"),
    Document("3", "", "gene", mesh=("Cystic Fibrosis",), language="fre; ger", status="concern"),
    Document("4", "", "gene"),
]


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (Filter(mesh=("humans",)), {0, 1}),
        (Filter(mesh=("HUMANS", "Cystic fibrosis")), {0}),
        (Filter(mesh=("human", "fibrosis, cystic")), {0}),
        (Filter(publication_type="Journal articles"), {1}),
        (Filter(language="english"), {0}),
        (Filter(language="fr"), {2}),
        (Filter(language="Latin"), set()),
        (Filter(mesh=("Fibrosis",)), set()),
        (Filter(mesh=("Cystic",)), set()),
        (Filter(mesh=("",)), set()),
        (Filter(publication_type="review"), {0, 1}),
        (Filter(publication_type="Article"), set()),
        (Filter(language="ENG"), {0}),
        (Filter(language="fre"), {2}),
        (Filter(language="Ger"), {2}),
        (Filter(language="fre; ger"), set()),
        (Filter(not_retracted=True), {0, 2, 3}),
        (Filter(mesh=("Humans",), not_retracted=True), {0}),
        (Filter(mesh=("Humans",), language="ger"), set()),
    ],
)
def test_facts_of_a_record_narrow_by_whole_terms_in_any_case(filters: Filter, wanted: set[int], index_of: Add) -> None:
    index = index_of(FACTS)
    assert set(index.search("gene", 10, filters)) == wanted
    assert set(index.filtered_passages(filters).tolist()) == wanted


@pytest.mark.parametrize(
    "name", ["The New England Journal of Medicine", "n engl j med", "N. Engl. J. Med.", "1533-4406", "15334406"]
)
def test_a_journal_is_found_by_title_abbreviation_and_issn(name: str, index_of: Add) -> None:
    names = {"journal_names": ["N Engl J Med", "0028-4793", "1533-4406"]}
    known = Document("1", "", "gene", journal="The New England journal of medicine", extra=names)
    index = index_of([known, Document("2", "", "gene", journal="The New England journal of statistics")])
    assert set(index.search("gene", 10, Filter(journal=name))) == {0}


def test_a_value_written_so_is_preferred_to_one_that_differs_in_number(index_of: Add) -> None:
    index = index_of([Document("1", "", "gene", mesh=("Child",)), Document("2", "", "gene", mesh=("Childs",))])
    assert set(index.search("gene", 10, Filter(mesh=("Child",)))) == {0}
    assert set(index.search("gene", 10, Filter(mesh=("childs",)))) == {1}


def test_the_years_of_an_index_are_the_first_and_the_last(index_of: Add) -> None:
    assert index_of(FILTERED).years() == (1999, 2010)


def test_an_index_without_years_has_none(index_of: Add) -> None:
    assert index_of([Document("4", "", "gene")]).years() is None


def test_the_heading_counts_for_every_passage_of_its_section(tmp_path: Path) -> None:
    document = Document("1", "Porphyria", "Abstract.", sections=(Section("Diet", "Mice ate."), Section("", "Rats.")))
    writer = LexicalWriter(tmp_path)
    for number, start in enumerate((document.abstract_start, *document.section_starts)):
        writer.add(Passage(number, document, start, start + 5), 0)
    writer.commit()
    index = LexicalIndex(tmp_path)
    assert set(index.search("diet", 10, NO_FILTER)) == {1}
    assert set(index.search("porphyria", 10, NO_FILTER)) == {0, 1, 2}


def test_a_removed_document_is_found_by_nothing(index_of: Add, tmp_path: Path) -> None:
    index_of(FILTERED)
    writer = LexicalWriter(tmp_path)
    writer.remove(0)
    writer.remove(4)
    writer.remove(77)
    writer.add(whole(5, Document("1", "", "fresh", year=1999)), 5)
    writer.commit()
    index = LexicalIndex(tmp_path)
    assert set(index.search("gene", 10, NO_FILTER)) == {1, 2, 3}
    assert index.search("liver", 10, NO_FILTER) == {}
    assert set(index.search("fresh", 10, NO_FILTER)) == {5}
    assert index.filtered_passages(Filter(1999, 1999)).tolist() == [5]
    assert list(index.document_rows(["1", "5"])) == [5]


@pytest.fixture
def updated(index_of: Add, random_corpus: list[Document], tmp_path: Path) -> tuple[LexicalIndex, list[Document]]:
    """An index from which every third document was removed, those with the most words first, and what is left."""
    index_of(random_corpus)
    by_length = sorted(range(len(random_corpus)), key=lambda row: -len(random_corpus[row].text))
    gone = set(by_length[: len(random_corpus) // 3])
    writer = LexicalWriter(tmp_path)
    for row in gone:
        writer.remove(row)
    writer.commit()
    left = [document for row, document in enumerate(random_corpus) if row not in gone]
    tokens = sum(passage_length(whole(0, document)) for document in left)
    return LexicalIndex(tmp_path, LivePassages(tokens, lambda number: whole(number, random_corpus[number]))), left


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("k", [1, 3, 1000])
def test_scores_are_those_of_bm25_over_what_is_left(
    query: str, k: int, updated: tuple[LexicalIndex, list[Document]]
) -> None:
    index, left = updated
    found = index.search(query, k, NO_FILTER)
    every = {left[row].id: score for row, score in lucene_bm25(left, query).items()}
    kth = sorted(every.values(), reverse=True)[:k][-1]
    assert {str(number) for number in found} == {name for name, score in every.items() if score > kth * (1 - 1e-9)}
    assert {str(number): score for number, score in found.items()} == pytest.approx(
        {str(number): every[str(number)] for number in found}, rel=1e-9
    )
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_statistics_count_what_is_left_alone(updated: tuple[LexicalIndex, list[Document]]) -> None:
    index, left = updated
    assert (index.passages, index.deleted_passages) == (len(left), 66)
    for term in ("worda0", "worde9", "unheard"):
        assert index.document_frequency(term) == sum(term in analyzer.terms(document.text) for document in left)


def test_the_number_of_terms_is_told_of_every_passage_that_is_added(tmp_path: Path) -> None:
    writer = LexicalWriter(tmp_path)
    titled = Document(id="1", title="IL-6 in mice", abstract="The receptor binds IL-6.")
    assert (
        writer.add(whole(0, titled), 0) == passage_length(whole(0, titled)) == 9
    )  # il 6 il6 mice receptor bind il 6 il6
    assert writer.add(whole(1, Document(id="2", abstract="the of and")), 1) == 0


def test_nothing_shows_before_the_commit(index_of: Add, tmp_path: Path) -> None:
    index_of(FILTERED)
    writer = LexicalWriter(tmp_path)
    writer.remove(0)
    writer.add(whole(9, Document("9", "", "gene")), 9)
    assert set(LexicalIndex(tmp_path).search("gene", 10, NO_FILTER)) == {0, 1, 2, 3}
    writer.commit()
    assert set(LexicalIndex(tmp_path).search("gene", 10, NO_FILTER)) == {1, 2, 3, 9}


def test_documents_are_found_by_their_whole_id_only(index_of: Add) -> None:
    index = index_of(Document(name, "", "gene") for name in ["note:1", "note", "1", "NOTE:1", "10"])
    assert list(index.document_rows(["note:1"])) == [0]
    assert list(index.document_rows(["10", "1", "gone"])) == [2, 4]
    assert list(index.document_rows([])) == []
    assert list(index.document_rows(["gone"])) == []


def test_document_frequency_counts_passages_with_the_term(index_of: Add) -> None:
    index = index_of(FILTERED)
    assert index.document_frequency("gene") == 4
    assert index.document_frequency("unheard") == 0


def test_every_row_of_a_larger_index_is_found_by_its_id(index_of: Add) -> None:
    index = index_of(Document(f"id{i}", "", "gene") for i in range(3000))
    assert list(index.document_rows([f"id{i}" for i in range(0, 3000, 3)])) == list(range(0, 3000, 3))
    assert sorted(index.search("gene", 5000, NO_FILTER)) == list(range(3000))


def test_an_empty_index_finds_nothing(index_of: Add) -> None:
    index = index_of([])
    assert index.search("gene", 10, NO_FILTER) == {}
    assert list(index.document_rows(["1"])) == []
    assert index.filtered_passages(Filter(2000)).tolist() == []


@pytest.mark.parametrize("how", ["missing", "empty", "no meta", "empty meta", "not json", "a file gone", "a file cut"])
def test_a_damaged_index_is_refused_with_its_folder(how: str, index_of: Add, tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    if how not in ("missing", "empty"):
        index_of(FILTERED)
        folder = tmp_path
    match how:
        case "empty":
            folder.mkdir()
        case "no meta":
            (folder / "meta.json").unlink()
        case "empty meta":
            (folder / "meta.json").write_bytes(b"")
        case "not json":
            (folder / "meta.json").write_bytes(b"\xff\x00")
        case "a file gone":
            next(folder.glob("*.term")).unlink()
        case "a file cut":
            file = next(folder.glob("*.idx"))
            file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(IndexFolderError, match="cannot be opened") as caught:
        LexicalIndex(folder)
    assert str(folder) in str(caught.value)


def test_an_index_whose_positions_are_gone_is_refused(index_of: Add, tmp_path: Path) -> None:
    index_of(FILTERED)
    for file in tmp_path.glob("*.pos"):
        file.unlink()
    with pytest.raises(IndexFolderError):
        LexicalIndex(tmp_path).search("gene", 10, NO_FILTER)


@pytest.mark.parametrize("error", [ValueError("An IO error occurred"), OSError(28, "No space left on device")])
def test_what_tantivy_says_about_the_disk_names_the_folder(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught, disk_errors(tmp_path):
        raise error
    assert str(tmp_path) in str(caught.value)
    assert str(error) in str(caught.value)


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    first = LexicalWriter(tmp_path)
    with pytest.raises(StorageError), disk_errors(tmp_path):
        LexicalWriter(tmp_path)
    first.commit()


def test_shares_are_of_the_most_that_a_passage_could_have(tmp_path: Path) -> None:
    writer = LexicalWriter(tmp_path)
    for number, text in enumerate(["gene gene gene gene gene gene gene gene", "gene therapy", "nothing"]):
        writer.add(whole(number, Document(str(number), text)), number)
    writer.commit()
    index = LexicalIndex(tmp_path)
    shares = index.normalized(index.weights("gene"), index.search("gene", 5, NO_FILTER))
    assert 0.7 < shares[0] < 1
    assert shares[0] > shares[1] > 0
    unknown = index.normalized(index.weights("gene xyzzy"), index.search("gene xyzzy", 5, NO_FILTER))
    assert 0 < unknown[0] < shares[0]  # what no passage says is missing in all of them


class PanicException(BaseException):
    """What a panic of tantivy's Rust code comes as: no module exports its class."""


@pytest.mark.parametrize(
    "error", [PanicException("index out of bounds:\n the len is 3"), ValueError("a\nb"), OverflowError("too big")]
)
def test_whatever_the_engine_does_is_one_error_in_one_line(error: BaseException, index_of: Add, tmp_path: Path) -> None:
    index = index_of(FILTERED)

    class Searcher:
        num_docs = 3

        def __getattr__(self, _: str) -> Any:
            raise error

    index._searcher = Searcher()
    for use in (
        lambda: index.search("gene", 5, NO_FILTER),
        lambda: index.filtered_passages(NO_FILTER),
        lambda: index.document_rows(["1"]),
        lambda: index.idf("gene"),
    ):
        with pytest.raises(IndexFolderError, match="build the index again") as caught:
            use()
        assert str(tmp_path) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_is_no_failure_of_the_engine_passes(stop: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(stop), disk_errors(tmp_path):
        raise stop
    with pytest.raises(StorageError, match="broke off"), disk_errors(tmp_path):
        raise PanicException("bang")


@pytest.fixture
def written(index_of: Add, tmp_path: Path) -> dict[Path, str]:
    """The digests of the files of an index."""
    index_of(FILTERED)
    return {file: sha256_of(file) for file in tmp_path.iterdir() if file.suffix != ".lock"}


@pytest.mark.parametrize("at_once", [0, 1_000_000])
def test_a_changed_file_is_found_before_an_answer_is_given(
    at_once: int, written: dict[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "_AT_ONCE", at_once)
    assert LexicalIndex(tmp_path, None, written).search("gene", 5, NO_FILTER)
    file = next(tmp_path.glob("*.idx"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(IndexFolderError, match=rf"{file.name} has changed since it was written"):
        LexicalIndex(tmp_path, None, written).search("gene", 5, NO_FILTER)


def test_a_large_index_is_not_read_as_a_whole(
    written: dict[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "_WHOLE", 10)
    monkeypatch.setattr(lexical, "_AT_ONCE", 0)
    monkeypatch.setattr(digests, "refuse_changed", lambda _: pytest.fail("read"))
    assert LexicalIndex(tmp_path, None, written).search("gene", 5, NO_FILTER)


def test_files_that_a_later_commit_deleted_are_no_damage(
    written: dict[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "_AT_ONCE", 0)
    index = LexicalIndex(tmp_path, None, written)
    for file in written:
        file.unlink()
    assert index.search("gene", 5, NO_FILTER)


def test_a_file_that_is_cut_while_it_is_searched_is_named(written: dict[Path, str], tmp_path: Path) -> None:
    index = LexicalIndex(tmp_path, None, written)
    file = next(tmp_path.glob("*.idx"))
    os.truncate(file, 10)
    with pytest.raises(IndexFolderError, match=rf"{file.name} was truncated while it was read"):
        index.search("gene", 5, NO_FILTER)


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"segments": 5}', b'{"segments": [{}]}', b"[" * 99_999])
def test_a_list_of_segments_that_says_something_else_is_damage(content: bytes, index_of: Add, tmp_path: Path) -> None:
    index_of(FILTERED)
    (tmp_path / "meta.json").write_bytes(content)
    with pytest.raises(IndexFolderError, match="cannot be opened"):
        LexicalIndex(tmp_path)
