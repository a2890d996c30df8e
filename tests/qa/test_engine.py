import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bioqa.index.errors import IndexFolderError, InputError, ModelError
from bioqa.index.ingest import builder
from bioqa.index.models import model
from bioqa.index.records import Document, Hit, Passage
from bioqa.index.search.filters import Filter
from bioqa.index.store.manifest import read_manifest, write_manifest
from bioqa.qa import yesno
from bioqa.qa.config import AskConfig
from bioqa.qa.engine import Engine
from bioqa.qa.normalize import normalize_answer
from bioqa.qa.question_types import QuestionType
from bioqa.qa.response import Response

ALWAYS = AskConfig(min_confidence=0.0)
NEVER = AskConfig(min_confidence=1.0)
QUESTIONS = {
    QuestionType.FACTOID: "what gene causes cystic fibrosis?",
    QuestionType.LIST: "list the symptoms of pheochromocytoma",
    QuestionType.YESNO: "is Huntington disease dominant?",
    QuestionType.SUMMARY: "how does metformin lower blood glucose?",
}


@pytest.fixture(scope="module")
def lexical_engine(tmp_path_factory: pytest.TempPathFactory, corpus_file: Path) -> Engine:
    folder = tmp_path_factory.mktemp("index") / "lexical"
    builder.build([corpus_file], folder, None)
    return Engine.open(folder)


def cited(response: Response) -> Iterator[str]:
    """The id of every document that a response mentions anywhere."""
    for answer in (*response.answers, *response.guesses):
        yield from answer.documents
        yield from (item.passage.document.id for item in answer.evidence)
    yield from (sentence.passage.document.id for sentence in response.citations)
    yield from (hit.passage.document.id for hit in response.hits)
    yield from (reading.context.passage.document.id for reading in response.readings)


def timeless(response: Response) -> Response:
    return replace(response, timings_ms={})


def test_the_first_question_a_newcomer_asks(engine: Engine) -> None:
    response = engine.ask("what gene causes cystic fibrosis?", AskConfig(min_confidence=0.0))
    assert response.type is QuestionType.FACTOID
    best = response.answers[0]
    assert best.text == "CFTR"
    assert set(best.documents) == {"101", "102"}
    for evidence in best.evidence:
        assert evidence.sentence[evidence.start : evidence.end] == "CFTR"


@pytest.mark.parametrize(
    ("question", "answer", "document"),
    [
        ("Which drug lowers uric acid?", "Allopurinol", "108"),
        ("On which chromosome is the CFTR gene?", "7", "101"),
        ("What does warfarin inhibit?", "vitamin K epoxide reductase", "107"),
        ("Which mosquitoes carry malaria parasites?", "Anopheles", "note:1"),
    ],
)
def test_what_the_corpus_says_is_found_with_its_document(
    engine: Engine, question: str, answer: str, document: str
) -> None:
    response = engine.ask(question, ALWAYS, QuestionType.FACTOID)
    assert answer.lower() in response.answers[0].text.lower()
    assert document in response.answers[0].documents


@pytest.mark.parametrize("first", [True, False])
def test_a_case_history_is_answered_as_what_it_asks(engine: Engine, first: bool) -> None:
    case = (
        "A farmer of 45 years has had cough and fever for three weeks. He keeps two dogs and some hens, has lost "
        "weight, sleeps badly, drinks little, sees his doctor rarely, and lives alone in a small and damp house."
    )
    question = "Which drug lowers uric acid?"
    response = engine.ask(f"{question} {case}" if first else f"{case} {question}", ALWAYS, QuestionType.FACTOID)
    alone = engine.ask(question, ALWAYS, QuestionType.FACTOID)
    assert response.answers[0].text == alone.answers[0].text
    assert (response.asked, alone.asked) == (question, "")
    assert case in response.question


def test_each_question_of_a_case_history_is_asked(engine: Engine) -> None:
    case = "A man of 45 years has had pain in his toe " + "and in his knee " * 8 + "for days."
    response = engine.ask(f"{case} Which drug lowers uric acid? On which chromosome is the CFTR gene?", ALWAYS)
    assert [part.asked for part in response.parts] == [
        "Which drug lowers uric acid?",
        "On which chromosome is the CFTR gene?",
    ]


def test_a_list_question_gives_the_items(engine: Engine) -> None:
    response = engine.ask(QUESTIONS[QuestionType.LIST], ALWAYS)
    assert response.type is QuestionType.LIST
    assert {"headache", "sweating", "palpitations"} <= {answer.text for answer in response.answers}
    assert response.answers[0].text in ("headache", "sweating", "palpitations")


def test_a_yes_no_question_gives_one_of_the_two_with_the_sentence(engine: Engine) -> None:
    response = engine.ask(QUESTIONS[QuestionType.YESNO], ALWAYS)
    assert response.type is QuestionType.YESNO
    assert [given.text for given in response.answers] == ["yes"]
    assert 0.5 <= response.answers[0].confidence <= 1
    assert "103" in response.answers[0].documents


@pytest.mark.parametrize(
    ("sentence", "answer"),
    [
        ("Metformin alone causes hypoglycemia in most patients.", "yes"),
        ("Metformin alone does not cause hypoglycemia in patients.", "no"),
    ],
)
def test_the_answer_comes_from_the_passages_that_are_handed_over(engine: Engine, sentence: str, answer: str) -> None:
    asked = engine.analyze("does metformin cause hypoglycemia?", ALWAYS)
    passage = Passage(0, Document(id="7", abstract=sentence), 0, len(sentence))
    response = engine.answer(asked, [Hit(passage, 1.0, dense_score=0.8)], ALWAYS)
    assert [given.text for given in response.answers] == [answer]
    assert response.ideal_answer == sentence
    assert set(cited(response)) == {"7"}


def verdicts_of(engine: Engine, monkeypatch: pytest.MonkeyPatch, verdict: tuple[float, float, float] | None) -> None:
    """From now on the reader says this of every passage, and everything is taken for a no."""
    read = engine.reader.read
    monkeypatch.setattr(
        engine.reader, "read", lambda *a, **k: [replace(reading, verdict=verdict) for reading in read(*a, **k)]
    )
    searched = engine.calibrations.searched
    sure_of_no = replace(searched, yesno=replace(searched.yesno, weights={}, bias=-1.0))
    monkeypatch.setattr(engine, "calibrations", replace(engine.calibrations, searched=sure_of_no))


def test_what_a_sentence_says_is_not_overturned_by_all_else(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts_of(engine, monkeypatch, (0.8, 0.1, 0.1))
    response = engine.ask(QUESTIONS[QuestionType.YESNO], AskConfig())
    assert [(given.text, given.confidence) for given in response.answers] == [("yes", pytest.approx(0.51))]
    assert response.answers[0].evidence


def test_what_says_yes_is_no_evidence_of_a_no_which_is_then_no_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts_of(engine, monkeypatch, (0.8, 0.1, 0.1))
    monkeypatch.setattr(yesno, "with_side_of_sentences", lambda yes, features: yes)
    response = engine.ask(QUESTIONS[QuestionType.YESNO], AskConfig())
    assert response.abstained
    assert [(guess.text, guess.evidence) for guess in response.guesses] == [("no", ())]
    assert [(other.text, bool(other.evidence)) for other in response.disagreeing] == [("yes", True)]
    response = engine.ask(QUESTIONS[QuestionType.YESNO], ALWAYS)
    assert [(given.text, given.evidence) for given in response.answers] == [("no", ())]
    assert [(other.text, bool(other.evidence)) for other in response.disagreeing] == [("yes", True)]
    assert response.ideal_answer


def test_where_no_passage_says_either_an_answer_stands_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts_of(engine, monkeypatch, (0.1, 0.1, 0.8))
    response = engine.ask(QUESTIONS[QuestionType.YESNO], ALWAYS)
    assert [(given.text, given.evidence) for given in response.answers] == [("no", ())]
    assert response.disagreeing == ()


def test_by_a_reader_that_gives_no_verdict_the_best_sentences_stand_for_the_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts_of(engine, monkeypatch, None)
    (answer,) = engine.ask(QUESTIONS[QuestionType.YESNO], ALWAYS).answers
    scores = [item.score for item in answer.evidence]
    assert scores
    assert scores == sorted(scores, reverse=True)
    assert len(answer.documents) == len(answer.evidence)


@pytest.mark.parametrize(
    ("wordy", "bare"),
    [
        ("Can you tell me what gene causes cystic fibrosis?", "what gene causes cystic fibrosis?"),
        ("Is Huntington disease dominant, yes or no?", "Is Huntington disease dominant?"),
        ("Isn’t Huntington disease dominant?", "Is Huntington disease dominant?"),
    ],
)
def test_a_wordy_question_is_answered_as_the_bare_one_and_shown_as_written(
    engine: Engine, wordy: str, bare: str
) -> None:
    response, expected = (timeless(engine.ask(question, ALWAYS)) for question in (wordy, bare))
    assert response.question == wordy
    assert (response.type, response.answers) == (expected.type, expected.answers)
    assert response.ideal_answer == expected.ideal_answer


def test_without_prose_no_sentence_is_encoded_and_the_evidence_stands_for_an_ideal_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = engine.ask(QUESTIONS[QuestionType.FACTOID], ALWAYS)
    monkeypatch.setattr("bioqa.qa.summary.relevant_sentences", lambda *_: pytest.fail("sentences were looked for"))
    short = engine.ask(QUESTIONS[QuestionType.FACTOID], replace(ALWAYS, always_summarize=False))
    assert short.answers == whole.answers
    assert short.sentences == ()
    assert short.ideal_answer == short.answers[0].evidence[0].sentence == whole.citations[0].text


def test_a_summary_is_sentences_of_the_corpus_and_no_answers(engine: Engine) -> None:
    response = engine.ask(QUESTIONS[QuestionType.SUMMARY], ALWAYS)
    assert response.type is QuestionType.SUMMARY
    assert response.answers == response.guesses == ()
    assert response.citations[0].text.startswith("Metformin lowers blood glucose")
    assert response.ideal_answer == " ".join(sentence.text for sentence in response.citations)


@pytest.mark.parametrize("forced", QuestionType)
@pytest.mark.parametrize("question", QUESTIONS.values())
def test_every_quotation_is_exact_whatever_the_type(engine: Engine, question: str, forced: QuestionType) -> None:
    response = engine.ask(question, ALWAYS, forced)
    assert response.type is forced
    for answer in response.answers:
        assert 0 <= answer.confidence <= 1
        assert len(set(answer.documents)) == len(answer.documents)
        for item in answer.evidence:
            quoted = item.sentence[item.start : item.end]
            assert item.sentence in item.passage.document.text
            assert 0 <= item.score <= 1
            if forced is QuestionType.YESNO:
                assert quoted == item.sentence
            else:
                assert normalize_answer(quoted) == normalize_answer(answer.text)
        if forced is not QuestionType.YESNO:
            best = answer.evidence[0]
            assert best.sentence[best.start : best.end] == answer.text
    for sentence in response.citations:
        assert sentence.text in sentence.passage.document.text


@pytest.mark.parametrize(("kind", "question"), QUESTIONS.items())
def test_at_confidence_1_it_abstains_and_says_nothing(engine: Engine, kind: QuestionType, question: str) -> None:
    response = engine.ask(question, NEVER)
    assert response.type is kind
    assert response.abstained
    assert response.answers == response.citations == ()
    assert response.ideal_answer == ""
    assert bool(response.guesses) is (kind is not QuestionType.SUMMARY)


@pytest.mark.parametrize("question", QUESTIONS.values())
def test_at_confidence_0_it_always_answers(engine: Engine, question: str) -> None:
    response = engine.ask(question, ALWAYS)
    assert not response.abstained
    assert response.guesses == ()
    assert response.ideal_answer


@pytest.mark.parametrize("kind", [QuestionType.FACTOID, QuestionType.LIST])
def test_the_answer_is_withheld_just_above_its_confidence_and_given_at_it(engine: Engine, kind: QuestionType) -> None:
    sure = max(answer.confidence for answer in engine.ask(QUESTIONS[kind], ALWAYS).answers)
    assert engine.ask(QUESTIONS[kind], replace(ALWAYS, min_confidence=sure)).answers
    assert engine.ask(QUESTIONS[kind], replace(ALWAYS, min_confidence=sure + 1e-6)).abstained


def test_yes_or_no_is_withheld_just_above_its_confidence_and_given_at_it(engine: Engine) -> None:
    question = QUESTIONS[QuestionType.YESNO]
    sure = engine.ask(question, ALWAYS).answers[0].confidence
    given = engine.ask(question, replace(ALWAYS, min_confidence=sure - 1e-3)).answers
    withheld = engine.ask(question, replace(ALWAYS, min_confidence=sure + 1e-3)).answers
    assert given
    assert not withheld


def test_a_question_that_the_corpus_cannot_answer_is_not_answered(engine: Engine) -> None:
    response = engine.ask("Which protein is the target of the drug imatinib in leukemia?", AskConfig())
    assert response.abstained
    assert response.threshold > 0


@pytest.mark.parametrize("top", [1, 2, 5])
def test_no_more_answers_to_a_factoid_than_asked_for(engine: Engine, top: int) -> None:
    everything = engine.ask(QUESTIONS[QuestionType.FACTOID], replace(ALWAYS, top=20))
    response = engine.ask(QUESTIONS[QuestionType.FACTOID], replace(ALWAYS, top=top))
    assert response.answers == everything.answers[:top]


YEARS = {"101": 2001, "102": 2012, "103": 2015, "104": 2020, "105": 2018, "107": 1999, "108": 2003}


@pytest.mark.parametrize("question", QUESTIONS.values())
@pytest.mark.parametrize(
    ("filters", "allowed"),
    [
        (Filter(first_year=2012), {paper for paper, year in YEARS.items() if year >= 2012}),
        (Filter(last_year=2003), {paper for paper, year in YEARS.items() if year <= 2003}),
        (Filter(first_year=2012, last_year=2015), {"102", "103"}),
        (Filter(journal="drug notes"), {"104", "105", "107", "108"}),
        (Filter(first_year=2019, journal="Drug Notes"), {"104"}),
        (Filter(first_year=2100), set()),
        (Filter(journal="Drug"), set()),
    ],
)
def test_nothing_outside_the_filter_is_ever_mentioned(
    engine: Engine, question: str, filters: Filter, allowed: set[str]
) -> None:
    for config in (ALWAYS, NEVER):
        response = engine.ask(question, replace(config, filters=filters))
        assert set(cited(response)) <= allowed
    assert {hit.passage.document.id for hit in response.hits} == allowed


def test_what_nothing_is_found_for_is_not_answered_even_at_confidence_0(engine: Engine) -> None:
    for kind in QuestionType:
        response = engine.ask("gene?", replace(ALWAYS, filters=Filter(first_year=2100)), kind)
        assert response.abstained
        assert (response.answers, response.guesses, response.citations) == ((), (), ())


def test_only_as_many_passages_as_asked_for_are_read(engine: Engine) -> None:
    response = engine.ask(QUESTIONS[QuestionType.FACTOID], replace(ALWAYS, passages=1))
    assert len(response.hits) == len(response.readings) == 1
    assert len(set(cited(response))) == 1


def test_reading_ends_where_the_tokens_are_spent(engine: Engine) -> None:
    everything = engine.ask(QUESTIONS[QuestionType.LIST], ALWAYS.for_given_passages())
    assert len(everything.readings) == len(everything.hits) > 4
    short = engine.ask(QUESTIONS[QuestionType.LIST], replace(ALWAYS, tokens=1))
    assert short.readings == everything.readings[: len(short.readings)]
    assert 0 < len(short.readings) < len(everything.readings)
    read = {hit.passage.document.id for hit in short.hits[: len(short.readings)]}
    assert all(set(answer.documents) <= read for answer in short.answers)


def test_reading_ends_where_a_factoid_is_settled_and_only_there(engine: Engine) -> None:
    certain = replace(ALWAYS, settled=0.0, tokens=100_000)
    assert len(engine.ask(QUESTIONS[QuestionType.FACTOID], certain).readings) == 4
    for kind in (QuestionType.LIST, QuestionType.YESNO):
        response = engine.ask(QUESTIONS[kind], certain)
        assert len(response.readings) == len(response.hits) > 4


def test_of_what_a_summary_is_written_from_only_the_first_is_read(engine: Engine) -> None:
    response = engine.ask(QUESTIONS[QuestionType.SUMMARY], ALWAYS)
    assert len(response.readings) == 4 < len(response.hits)
    thorough = engine.ask(QUESTIONS[QuestionType.SUMMARY], ALWAYS.for_given_passages())
    assert len(thorough.readings) == len(thorough.hits)


def test_the_same_question_gets_the_same_answer_whatever_was_asked_in_between(engine: Engine) -> None:
    before = {question: timeless(engine.ask(question, ALWAYS)) for question in QUESTIONS.values()}
    after = {question: timeless(engine.ask(question, ALWAYS)) for question in reversed(QUESTIONS.values())}
    for question, response in before.items():
        assert response.answers == after[question].answers
        assert response.ideal_answer == after[question].ideal_answer
        assert response.relevance_features == after[question].relevance_features


def test_questions_asked_side_by_side_are_answered_as_one_by_one(engine: Engine) -> None:
    questions = [*QUESTIONS.values()] * 3
    alone = [engine.ask(question, ALWAYS).answers for question in questions]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda question: engine.ask(question, ALWAYS).answers, questions)) == alone


def test_each_step_is_timed_within_the_total(engine: Engine) -> None:
    timings = engine.ask(QUESTIONS[QuestionType.FACTOID], ALWAYS).timings_ms
    total = timings.pop("total")
    assert timings.keys() == {"question", "search", "sentences", "read", "merge", "write"}
    assert min(timings.values()) >= 0
    assert sum(timings.values()) <= total + 1


@pytest.mark.parametrize("question", ["", " \n", "?!", "x" * 2_001, "x" * 100_000])
def test_a_question_that_is_none_is_refused(engine: Engine, question: str) -> None:
    with pytest.raises(InputError):
        engine.ask(question, ALWAYS)


@pytest.mark.parametrize(
    "question",
    [
        "x",
        "zzzz qqqq",
        "[bold]gene[/bold]?",
        'gene AND (text:"CFTR" OR NOT *)^2 ~ + - && || ! { } [ ] : \\ / ?',
        "Qué gen causa la fibrosis quística?",
        "嚢胞性線維症の原因遺伝子は何ですか",
        "🧬 gene 🧬?",
        "gene\x1b[31m\x07?",
        "word " * 399 + "gene?",
    ],
)
@pytest.mark.parametrize("kind", [None, QuestionType.LIST, QuestionType.SUMMARY])
def test_strange_questions_are_answered_or_not_but_never_break(
    engine: Engine, question: str, kind: QuestionType | None
) -> None:
    response = engine.ask(question, ALWAYS, kind)
    assert response.question == " ".join(question.split())


def test_bytes_that_are_no_text_are_left_out_or_refused(engine: Engine) -> None:
    with suppress(InputError):
        engine.ask("what gene \udcff causes it?", ALWAYS)


@pytest.mark.parametrize("kind", [QuestionType.FACTOID, QuestionType.LIST])
def test_a_question_that_shares_no_word_with_what_is_searched_is_answered_or_not(
    engine: Engine, kind: QuestionType
) -> None:
    for question in ("which problem?", "what thing?"):
        for journal in ("Channel Letters", "Journal of Genes"):
            engine.ask(question, replace(ALWAYS, filters=Filter(journal=journal)), kind)


def test_an_index_without_vectors_answers_by_words_alone(lexical_engine: Engine) -> None:
    assert lexical_engine.encoder is None
    response = lexical_engine.ask(QUESTIONS[QuestionType.FACTOID], ALWAYS)
    assert response.answers[0].text == "CFTR"
    assert all(hit.dense_rank is None for hit in response.hits)
    for question in QUESTIONS.values():
        assert not lexical_engine.ask(question, ALWAYS).abstained


@pytest.mark.parametrize("question", QUESTIONS.values())
def test_an_index_without_vectors_is_sure_of_answers_too(lexical_engine: Engine, question: str) -> None:
    assert not lexical_engine.ask(question, AskConfig()).abstained


def test_an_index_without_vectors_does_not_know_what_it_does_not_hold(lexical_engine: Engine) -> None:
    assert lexical_engine.ask("is ebola caused by a gene of the tuatara?", AskConfig()).abstained


def test_an_index_without_vectors_says_nothing_where_no_word_matches(lexical_engine: Engine) -> None:
    response = lexical_engine.ask("zzzz qqqq", ALWAYS)
    assert response.hits == response.readings == ()
    assert response.abstained


@pytest.mark.parametrize("question", [QUESTIONS[QuestionType.FACTOID], QUESTIONS[QuestionType.YESNO]])
def test_evidence_weighs_between_0_and_1_without_vectors_too(lexical_engine: Engine, question: str) -> None:
    response = lexical_engine.ask(question, ALWAYS)
    assert all(0 <= item.score <= 1 for answer in response.answers for item in answer.evidence)


def test_an_index_made_with_another_encoder_is_refused(small_index: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(small_index, tmp_path / "index")
    made = read_manifest(folder)
    assert made.encoder is not None
    write_manifest(folder, replace(made, encoder=replace(made.encoder, digest="0" * 64, name="older-encoder")))
    with pytest.raises(IndexFolderError, match=r"older-encoder.*bioqa index build"):
        Engine.open(folder)


def test_a_folder_that_is_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="no index there"):
        Engine.open(tmp_path)


def test_a_model_of_the_wrong_task_is_no_reader(small_index: Path) -> None:
    with pytest.raises(ModelError, match="expected 'reader'"):
        Engine.open(small_index, reader=model.shipped("encoder"))


@pytest.mark.parametrize(
    ("question", "answer"), [("is Huntington disease dominant?", "yes"), ("is Huntington disease recessive?", "no")]
)
def test_a_swapped_word_turns_the_answer(engine: Engine, question: str, answer: str) -> None:
    response = engine.ask(question, ALWAYS)
    assert [given.text for given in response.answers] == [answer]
    assert response.answers[0].evidence[0].sentence == "It is inherited as a dominant trait."


@pytest.mark.parametrize("question", ["Is it?", "Does?", "is are was", "Is Huntington disease caused by bananas?"])
def test_without_a_claim_that_a_sentence_speaks_of_it_abstains(engine: Engine, question: str) -> None:
    response = engine.ask(question, question_type=QuestionType.YESNO)
    assert response.abstained
    assert response.answers == ()
