import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioqa.index.errors import IndexFolderError, InputError
from bioqa.index.ingest import builder
from bioqa.index.models import model
from bioqa.index.models.encoder import Encoder
from bioqa.index.records import Document, Hit
from bioqa.index.search import feedback, fusion, hybrid
from bioqa.index.search.filters import Filter
from bioqa.index.search.hybrid import Index
from bioqa.index.search.search_index import Query
from bioqa.index.store.manifest import MANIFEST
from bioqa.index.text import analyzer

QUESTION = "which mutations lead to cystic fibrosis?"
Ask = Callable[[str], Query]


@pytest.fixture(scope="module")
def ask(encoder: Encoder) -> Ask:
    """Makes a query with its vector."""
    return lambda text: Query(text, encoder.encode([text])[0])


@pytest.fixture(scope="module")
def index(small_index: Path) -> Index:
    """The small index, opened."""
    return Index(small_index)


@pytest.fixture(scope="module")
def lexical_only(tmp_path_factory: pytest.TempPathFactory, corpus_file: Path) -> Index:
    """The small corpus without vectors."""
    folder = tmp_path_factory.mktemp("index") / "lexical"
    builder.build([corpus_file], folder, None)
    return Index(folder)


def ids(hits: list[Hit]) -> list[str]:
    return [hit.passage.document.id for hit in hits]


def test_the_manifest_counts_what_the_corpus_holds(index: Index, corpus_file: Path) -> None:
    assert index.manifest.documents == len(corpus_file.read_text().splitlines()) == 8


def test_a_hit_brings_its_document_as_it_was_read(index: Index, ask: Ask, corpus_file: Path) -> None:
    records = {str(r.get("pmid", r.get("id"))): r for r in map(json.loads, corpus_file.read_text().splitlines())}
    hits = index.search(ask(QUESTION), 50)
    assert set(ids(hits)) == set(records)
    for hit in hits:
        record, document = records[hit.passage.document.id], hit.passage.document
        assert document.title == record["title"]
        assert document.abstract == record.get("abstract", record.get("text"))
        assert (document.year, document.journal) == (record.get("year"), record.get("journal", ""))
        assert hit.passage.text in document.abstract


@pytest.mark.parametrize("mode", hybrid.MODES)
def test_the_papers_on_the_question_come_first(mode: str, index: Index, ask: Ask) -> None:
    assert set(ids(index.search(ask(QUESTION), 2, mode=mode))) == {"101", "102"}


def test_dense_search_ranks_by_the_cosine_of_title_and_passage(index: Index, ask: Ask, encoder: Encoder) -> None:
    query = ask(QUESTION)
    assert query.vector is not None
    hits = index.search(query, 50, mode="dense")
    texts = [hit.passage.search_text for hit in hits]
    assert all(hit.passage.document.title in text for hit, text in zip(hits, texts, strict=True))
    cosines = encoder.encode(texts) @ query.vector
    assert [hit.dense_score for hit in hits] == pytest.approx(cosines.tolist(), abs=2e-3)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert cosines.tolist() == pytest.approx(sorted(cosines.tolist(), reverse=True), abs=2e-3)
    assert [hit.dense_rank for hit in hits] == list(range(1, 9))
    assert all(hit.lexical_rank is None and hit.lexical_score is None for hit in hits)


def test_lexical_search_needs_no_vector_and_ranks_by_bm25(index: Index) -> None:
    hits = index.search(Query("vitamin k", None), 50, mode="lexical")
    assert ids(hits) == ["107"]
    assert hits[0].lexical_score == index.lexical.search("vitamin k", 5, Filter())[hits[0].passage.number]
    assert (hits[0].lexical_rank, hits[0].dense_rank, hits[0].dense_score) == (1, None, None)


@pytest.mark.parametrize("name", fusion.FUSIONS)
def test_hybrid_search_fuses_the_two_rankings(index: Index, ask: Ask, name: str) -> None:
    query = ask("gene for Huntington disease")
    lexical = {hit.passage.number: hit.lexical_score or 0 for hit in index.search(query, 50, mode="lexical")}
    dense = {hit.passage.number: hit.dense_score or 0 for hit in index.search(query, 50, mode="dense")}
    assert 0 < len(lexical) < len(dense)
    fused = fusion.FUSIONS[name]([index.lexical.normalized(index.lexical.weights(query.text), lexical), dense])
    hits = index.search(query, 50, fusion=name, feedback_passages=0)
    wanted = {number: max(score, 0.0) for number, score in fused.items()}
    assert {hit.passage.number: hit.score for hit in hits} == pytest.approx(wanted)
    assert [hit.score for hit in hits] == sorted(wanted.values(), reverse=True)
    for hit in hits:
        number = hit.passage.number
        assert (hit.lexical_score, hit.dense_score) == (lexical.get(number), dense.get(number))
        assert hit.lexical_rank == (list(lexical).index(number) + 1 if number in lexical else None)
        assert hit.dense_rank == list(dense).index(number) + 1


def test_passages_found_first_speak_for_the_question_and_scores_of_the_searches_stay_those_of_the_question(
    index: Index, ask: Ask, encoder: Encoder
) -> None:
    query = ask("huntington")
    alone, spoken = index.search(query, 50, feedback_passages=0), index.search(query, 50)
    titles = [hit.passage.document.title for hit in alone[: feedback.PASSAGES]]
    assert query.vector is not None
    vectors = encoder.encode([hit.passage.search_text for hit in alone[: feedback.PASSAGES]])
    again = Query(query.text, feedback.feedback_vector(query.vector, vectors, 1))
    cosines = {hit.passage.number: hit.dense_score or 0 for hit in index.search(again, 50, mode="dense")}
    terms = [analyzer.terms(title) for title in titles]
    idf = {term: index.lexical.idf(term) for title in terms for term in title}
    weights = feedback.feedback_weights(index.lexical.weights(query.text), terms, idf)
    shares = index.lexical.normalized(weights, index.lexical.search_terms(weights, 50, Filter()))
    wanted = {number: max(score, 0.0) for number, score in fusion.mean([shares, cosines]).items()}
    assert {hit.passage.number: hit.score for hit in spoken} == pytest.approx(wanted, abs=2e-3)
    assert [hit.score for hit in spoken] == sorted((hit.score for hit in spoken), reverse=True)

    def by_searches(hits: list[Hit]) -> dict[int, tuple[object, ...]]:
        return {h.passage.number: (h.lexical_rank, h.dense_rank, h.lexical_score, h.dense_score) for h in hits}

    assert by_searches(spoken) == by_searches(alone)


def test_a_fusion_that_is_not_there_is_refused_with_those_that_are(index: Index, ask: Ask) -> None:
    with pytest.raises(InputError, match="unknown fusion 'sum': choose one of mean, minmax, rrf, adaptive"):
        index.search(ask("gene"), 3, fusion="sum")


def test_a_question_of_unknown_words_is_answered_by_the_dense_side_alone(index: Index, ask: Ask) -> None:
    hits = index.search(ask("xyzzy plugh"), 3)
    assert len(hits) == 3
    assert [(hit.lexical_rank, hit.dense_rank) for hit in hits] == [(None, 1), (None, 2), (None, 3)]


@pytest.mark.parametrize("mode", hybrid.MODES)
@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        (Filter(2010, 2019), {"102", "103", "105"}),
        (Filter(None, 2001), {"101", "107"}),
        (Filter(journal="journal of genes"), {"101", "103"}),
        (Filter(2010, None, "Drug Notes"), {"104", "105"}),
        (Filter(2050, None), set()),
    ],
)
def test_a_filter_holds_in_every_mode(mode: str, filters: Filter, allowed: set[str], index: Index, ask: Ask) -> None:
    text = "CFTR huntington metformin pheochromocytoma warfarin allopurinol malaria"
    assert set(ids(index.search(ask(text), 50, mode=mode, filters=filters))) == allowed


LANGUAGES, HEADINGS, KINDS = ("eng", "ger"), ("Humans", "Mice", "Liver", "Heart"), ("Review", "Letter")


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Index:
    """Sixty short papers with random facts, from two builds, of which the second replaces papers of the first."""
    source = random.Random(5)
    folder = tmp_path_factory.mktemp("facts")
    for name, numbers in (("a", range(50)), ("b", range(40, 60))):
        records = [
            {
                "pmid": number,
                "title": f"Paper {number}",
                "abstract": " ".join(source.choices(["gene", "liver", "mouse", "heart", "cell"], k=6)),
                "year": source.choice([None, 2001, 2005, 2010]),
                "journal": source.choice(["Gut", "The Heart", ""]),
                "mesh": source.sample(HEADINGS, source.randint(0, 3)),
                "publication_types": source.sample(KINDS, source.randint(0, 2)),
                "language": source.choice(["", *LANGUAGES]),
                "status": source.choice(["", "", "retracted", "concern"]),
            }
            for number in numbers
        ]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        builder.build([folder / f"{name}.jsonl"], folder / "index", encoder)
    return Index(folder / "index")


FILTERS = st.builds(
    Filter,
    first_year=st.none() | st.sampled_from([2001, 2002]),
    last_year=st.none() | st.sampled_from([2005, 2030]),
    journal=st.none() | st.sampled_from(["gut", "THE HEART", "heart"]),
    mesh=st.lists(st.sampled_from([*HEADINGS, "humans", "Human"]), max_size=2).map(tuple),
    publication_type=st.none() | st.sampled_from([*KINDS, "review"]),
    language=st.none() | st.sampled_from([*LANGUAGES, "ENG"]),
    not_retracted=st.booleans(),
)


def simplest(value: str) -> str:
    """A value without case, article and plural, which do not matter."""
    return value.casefold().removeprefix("the ").removesuffix("s")


def passes(document: Document, filters: Filter) -> bool:
    """What a filter means, by the book."""
    folded = {simplest(heading) for heading in document.mesh}
    kinds = {kind.casefold() for kind in document.publication_types}
    by_year = filters.first_year is not None or filters.last_year is not None
    return (
        (not by_year or (filters.first_year or 0) <= (document.year or -1) <= (filters.last_year or 9999))
        and (filters.journal is None or simplest(filters.journal) == simplest(document.journal))
        and all(simplest(term) in folded for term in filters.mesh)
        and (filters.publication_type is None or filters.publication_type.casefold() in kinds)
        and (filters.language is None or filters.language.casefold() == document.language)
        and not (filters.not_retracted and document.status == "retracted")
    )


@pytest.mark.parametrize("mode", ["lexical", "dense"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(filters=FILTERS, k=st.integers(1, 60))
def test_a_filtered_search_is_the_top_of_what_passes_in_an_exhaustive_one(
    mode: str, filters: Filter, k: int, facts: Index, ask: Ask
) -> None:
    query = ask("gene of the liver")
    every = facts.search(query, 1000, mode=mode)
    wanted = [hit for hit in every if passes(hit.passage.document, filters)][:k]
    found = facts.search(query, k, mode=mode, filters=filters)
    assert [hit.passage for hit in found] == [hit.passage for hit in wanted]
    assert [(hit.lexical_score, hit.dense_score) for hit in found] == [
        pytest.approx((hit.lexical_score, hit.dense_score)) for hit in wanted
    ]


@pytest.mark.parametrize("filters", [Filter(None, 0), Filter(0, 0)])
def test_nothing_is_from_the_year_0_or_before(filters: Filter, index: Index, ask: Ask) -> None:
    assert index.search(ask(QUESTION), 10, filters=filters) == []


def test_a_filter_acts_before_the_best_are_chosen(index: Index, ask: Ask) -> None:
    assert ids(index.search(ask(QUESTION), 1, filters=Filter(2020, 2020))) == ["104"]


@pytest.mark.parametrize("k", [0, 1, 3, 8, 500])
def test_as_many_come_as_are_asked_for_and_there_are(k: int, index: Index, ask: Ask) -> None:
    assert len(index.search(ask(QUESTION), k)) == min(k, 8)


@pytest.mark.parametrize("mode", hybrid.MODES)
@pytest.mark.parametrize("text", [QUESTION, "gene for Huntington disease", "drug against gout and diabetes"])
def test_the_first_are_the_same_however_many_are_asked_for(mode: str, text: str, index: Index, ask: Ask) -> None:
    every = index.search(ask(text), 50, mode=mode)
    assert [index.search(ask(text), k, mode=mode) for k in (1, 2, 5)] == [every[:k] for k in (1, 2, 5)]


def test_more_can_be_asked_for_than_the_two_searches_usually_give(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f'{{"id": "{number}", "text": "a gene"}}\n' for number in range(hybrid.DEPTH + 50)))
    builder.build([path], tmp_path / "index", None)
    assert len(Index(tmp_path / "index").search(Query("gene", None), 1000)) == hybrid.DEPTH + 50


def test_an_unknown_mode_is_refused_and_the_known_ones_are_named(index: Index, ask: Ask) -> None:
    with pytest.raises(InputError, match="'fuzzy'") as caught:
        index.search(ask(QUESTION), 1, mode="fuzzy")
    assert all(mode in str(caught.value) for mode in hybrid.MODES)


def test_without_vectors_hybrid_search_is_lexical_and_dense_search_is_refused(lexical_only: Index, ask: Ask) -> None:
    query = ask(QUESTION)
    assert lexical_only.search(query, 5) == lexical_only.search(query, 5, mode="lexical") != []
    with pytest.raises(InputError, match="has no vectors") as caught:
        lexical_only.search(query, 5, mode="dense")
    assert str(lexical_only.folder) in str(caught.value)


def test_a_query_without_vector_is_lexical_on_any_index(index: Index) -> None:
    assert index.search(Query(QUESTION, None), 5) == index.search(Query(QUESTION, None), 5, mode="lexical") != []
    with pytest.raises(InputError):
        index.search(Query(QUESTION, None), 5, mode="dense")


def recorded_encoder(small_index: Path, copy: Path, **changes: str) -> Index:
    """A copy of the small index whose manifest names another encoder."""
    shutil.copytree(small_index, copy)
    fields = json.loads((copy / MANIFEST).read_text())
    fields["encoder"] |= changes
    fields["digest"] = ""
    (copy / MANIFEST).write_text(json.dumps(fields))
    return Index(copy)


def test_an_index_opens_the_encoder_that_made_its_vectors(index: Index, lexical_only: Index, encoder: Encoder) -> None:
    opened = index.open_encoder()
    assert opened is not None
    assert opened.card == encoder.card
    assert lexical_only.open_encoder() is None


def test_an_index_finds_an_encoder_that_does_not_ship(tmp_path: Path, corpus_file: Path) -> None:
    folder = tmp_path / "own-encoder"
    shutil.copytree(model.shipped("encoder"), folder)
    builder.build([corpus_file], tmp_path / "index", Encoder(folder))
    index = Index(tmp_path / "index")
    opened = index.open_encoder()
    assert opened is not None
    assert index.manifest.encoder is not None
    assert index.manifest.encoder.folder == str(folder)


def test_another_encoder_in_the_place_of_the_one_that_made_the_vectors_is_refused(
    small_index: Path, tmp_path: Path
) -> None:
    index = recorded_encoder(small_index, tmp_path / "index", name="old-model", digest="0" * 64)
    with pytest.raises(IndexFolderError, match=r"old-model.*rebuild") as caught:
        index.open_encoder()
    assert str(index.folder) in str(caught.value)


def test_an_encoder_that_is_gone_is_reported_with_the_index_that_needs_it(small_index: Path, tmp_path: Path) -> None:
    index = recorded_encoder(small_index, tmp_path / "index", folder=str(tmp_path / "gone"))
    with pytest.raises(IndexFolderError) as caught:
        index.open_encoder()
    assert str(index.folder) in str(caught.value)
    assert str(tmp_path / "gone") in str(caught.value)


def test_an_index_in_use_does_not_notice_commits_made_meanwhile(
    small_index: Path, ask: Ask, encoder: Encoder, tmp_path: Path
) -> None:
    folder, query = tmp_path / "index", ask(QUESTION)
    shutil.copytree(small_index, folder)
    untouched, searched = Index(folder), Index(folder)
    before = searched.search(query, 8)
    more = tmp_path / "more.jsonl"
    more.write_text('{"pmid": 101, "title": "Cystic fibrosis, revised", "abstract": "Cystic fibrosis again."}\n')
    builder.build([more], folder, encoder)
    builder.build([more.rename(tmp_path / "again.jsonl")], folder, encoder)
    assert searched.search(query, 8) == before
    assert untouched.search(query, 8) == before
    assert "Cystic fibrosis, revised" in [hit.passage.document.title for hit in Index(folder).search(query, 8)]


def test_an_index_can_be_moved(small_index: Path, index: Index, ask: Ask, tmp_path: Path) -> None:
    shutil.copytree(small_index, tmp_path / "moved")
    assert Index(tmp_path / "moved").search(ask(QUESTION), 8) == index.search(ask(QUESTION), 8)


def test_searching_changes_no_file(small_index: Path, ask: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(small_index, folder)
    state = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}
    Index(folder).search(ask(QUESTION), 8)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}
    assert after == state


@pytest.mark.parametrize("mode", hybrid.MODES)
def test_an_index_from_which_all_was_deleted_finds_nothing(
    mode: str, ask: Ask, encoder: Encoder, tmp_path: Path
) -> None:
    one, gone = tmp_path / "one.jsonl", tmp_path / "gone.xml"
    one.write_text('{"pmid": 1, "title": "Cystic fibrosis"}')
    gone.write_text("<PubmedArticleSet><DeleteCitation><PMID>1</PMID></DeleteCitation></PubmedArticleSet>")
    for file in (one, gone):
        builder.build([file], tmp_path / "index", encoder)
    assert Index(tmp_path / "index").search(ask(QUESTION), 5, mode=mode) == []


def test_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="no index there"):
        Index(tmp_path)


def test_vectors_that_are_gone_are_refused_before_any_search(small_index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(small_index, folder)
    next(folder.rglob("vectors.npy")).unlink()
    with pytest.raises(IndexFolderError, match=r"vectors\.npy is missing"):
        Index(folder)


def test_stored_vectors_are_the_half_precision_of_the_encoders(small_index: Path, encoder: Encoder) -> None:
    index = Index(small_index)
    (segment,) = index._store.segments
    texts = [index._store.passage(number).search_text for number in range(index.manifest.passages)]
    assert np.array_equal(segment.vectors, encoder.encode(texts).astype(np.float16))
