"""A reader's answers to the questions of a SQuAD file."""

from concurrent.futures import ThreadPoolExecutor

from bioqa.eval.datasets.squad import Predictions, SquadDataset, SquadQuestion
from bioqa.index.cpus import processors
from bioqa.index.progress import Progress
from bioqa.index.records import Document, Passage
from bioqa.qa.reader import Reader

_ANSWER_TOKENS = 30  # word pieces: the usual limit for SQuAD since BERT


def predict(dataset: SquadDataset, reader: Reader, progress: Progress) -> Predictions:
    """The best span in each text. In SQuAD 2.0, no answer if the reader finds that more probable."""

    def read(question: SquadQuestion) -> tuple[str, float]:
        passage = Passage(0, Document(question.id, abstract=_readable(question.context)), 0, len(question.context))
        (reading,) = reader.read(_readable(question.question), [passage], max_tokens=_ANSWER_TOKENS, count=1)
        if not reading.spans:
            return "", 1.0
        best = reading.spans[0]
        answer = "" if dataset.unanswerable and best.probability < 0.5 else question.context[best.start : best.end]
        return answer, 1.0 - best.probability

    answers, no_answer = {}, {}
    with ThreadPoolExecutor(processors()) as pool:  # one passage at a time would keep one processor busy
        try:
            predictions = pool.map(read, dataset.questions)
            for question, (answer, probability) in zip(dataset.questions, predictions, strict=True):
                answers[question.id], no_answer[question.id] = answer, probability
                progress.update(len(answers) / len(dataset.questions), len(answers))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Predictions(answers, no_answer if dataset.unanswerable else None)


def _readable(text: str) -> str:
    """The text with lone surrogates replaced one for one: JSON can hold them, and tokenizers refuse them."""
    return text.encode("utf-8", "replace").decode()
