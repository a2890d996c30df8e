import pytest

from bioqa.eval.datasets.squad import SquadDataset, SquadQuestion
from bioqa.eval.measures.squad import score
from bioqa.eval.runs.squad import predict
from bioqa.index.models import model
from bioqa.index.progress import NoProgress
from bioqa.qa.reader import Reader

Questions = tuple[SquadQuestion, ...]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(model.shipped("reader"))


def test_the_reader_answers_from_each_text(reader: Reader, squad_questions: Questions) -> None:
    dataset = SquadDataset(squad_questions, unanswerable=False)
    found = predict(dataset, reader, NoProgress())
    assert list(found.answers) == ["q1", "q2", "q3", "q4"]
    assert found.no_answer is None
    assert score(dataset, found).measures["f1"].value > 0.7


def test_the_reader_reads_what_json_can_hold(reader: Reader, squad_questions: Questions) -> None:
    question = SquadQuestion(
        "1", "Which \ud800 gene causes cystic fibrosis?", "\udfff " + squad_questions[0].context, ("CFTR",)
    )
    assert "CFTR" in predict(SquadDataset((question,), unanswerable=False), reader, NoProgress()).answers["1"]


def test_the_reader_says_nothing_where_no_answer_is_likelier(reader: Reader, squad_questions: Questions) -> None:
    dataset = SquadDataset(
        (*squad_questions, SquadQuestion("q5", "Who sings?", "", ()), SquadQuestion("q6", "", " \n", ())), True
    )
    found = predict(dataset, reader, NoProgress())
    assert found.no_answer is not None
    assert (found.answers["q5"], found.answers["q6"]) == ("", "")
    assert (found.no_answer["q5"], found.no_answer["q6"]) == (1, 1)
    assert all((answer == "") is (found.no_answer[identity] > 0.5) for identity, answer in found.answers.items())
