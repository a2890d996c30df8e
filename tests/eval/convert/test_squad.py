import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioqa.eval.convert import alignments
from bioqa.eval.convert import squad as pairs
from bioqa.eval.convert.alignments import Alignment
from bioqa.eval.convert.contexts import Contexts
from bioqa.eval.convert.squad import PairCounts
from bioqa.eval.datasets.bioasq import GoldQuestion
from bioqa.eval.datasets.squad import SquadDataset, read_squad
from bioqa.qa.question_types import QuestionType

ID = "56bc751eac7ad10019000013"


def finding(*texts: str, exact: tuple[tuple[str, ...], ...] = (("Bazex syndrome", "BS"),)) -> Alignment:
    return alignments.align(GoldQuestion(ID, QuestionType.FACTOID, "what?", exact, ()), Contexts(texts))


def read_back(folder: Path, written: Mapping[str, Any]) -> SquadDataset:
    path = folder / "pairs.json"
    path.write_text(json.dumps(written))
    return read_squad(path)


FOUND = finding("Bazex syndrome (BS) is rare.", "It is rare.", "bazex syndrome")


def test_a_text_without_a_match_is_left_out_and_its_number_with_it() -> None:
    made = pairs.make_pairs([FOUND])
    assert [pair.id for pair in made] == [f"{ID}_001", f"{ID}_003"]
    assert {pair.id[:24] for pair in made} == {ID}
    assert pairs.counts(made) == PairCounts(pairs=2, pairs_without_answer=0, answers=3)


def test_only_the_first_match_of_each_text_is_kept_when_asked() -> None:
    made = pairs.make_pairs([FOUND], first_match=True)
    assert [[(match.start, match.end) for match in pair.answers] for pair in made] == [[(0, 14)], [(0, 14)]]


def test_texts_without_a_match_are_impossible_in_squad_2(tmp_path: Path) -> None:
    made = pairs.make_pairs([FOUND], unanswerable=True)
    assert pairs.counts(made) == PairCounts(pairs=3, pairs_without_answer=1, answers=3)
    written = pairs.as_squad(made, unanswerable=True)
    entries = [paragraph["qas"][0] for paragraph in written["data"][0]["paragraphs"]]
    assert [(entry["is_impossible"], len(entry["answers"])) for entry in entries] == [(False, 2), (True, 0), (False, 1)]
    assert read_back(tmp_path, written).unanswerable


def test_the_form_is_that_of_biobert_s_files() -> None:
    assert pairs.as_squad(pairs.make_pairs([finding("a Bazex syndrome")])) == {
        "version": "1.1",
        "data": [
            {
                "title": "BioASQ",
                "paragraphs": [
                    {
                        "context": "a Bazex syndrome",
                        "qas": [
                            {
                                "id": f"{ID}_001",
                                "question": "what?",
                                "answers": [{"text": "Bazex syndrome", "answer_start": 2}],
                            }
                        ],
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize("exact", [(), (("",),)])
def test_a_question_without_gold_answer_makes_no_pairs(exact: tuple[tuple[str, ...], ...]) -> None:
    assert pairs.make_pairs([finding("text", exact=exact)], unanswerable=True) == []


def test_an_answer_of_punctuation_alone_is_not_found() -> None:
    assert pairs.make_pairs([finding("a --- b", exact=(("---",),))]) == []


@settings(deadline=None)
@given(st.text(alphabet="aAβ-( )é\U0001f9ec", max_size=6), st.text(alphabet="aAβ-( )é\U0001f9ec.", max_size=30))
def test_an_answer_always_stands_at_its_offset(answer: str, text: str) -> None:
    written = pairs.as_squad(pairs.make_pairs([finding(text, exact=((answer, "a"),))]))
    for paragraph in written["data"][0]["paragraphs"]:
        for found in paragraph["qas"][0]["answers"]:
            assert paragraph["context"][found["answer_start"] :].startswith(found["text"])
            assert found["text"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    squad = read_back(tmp_path, pairs.as_squad(pairs.make_pairs([FOUND])))
    assert not squad.unanswerable
    assert [(question.id, question.context, question.answers) for question in squad.questions] == [
        (f"{ID}_001", "Bazex syndrome (BS) is rare.", ("Bazex syndrome", "BS")),
        (f"{ID}_003", "bazex syndrome", ("bazex syndrome",)),
    ]
