"""`bioqa eval retrieval`: evaluation of search on collections in BEIR format."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.eval.cli_learned import folder_of, warn_of_learned
from bioqa.index import atomic
from bioqa.index.errors import InputError
from bioqa.index.search import feedback
from bioqa.index.search.fusion import FUSION
from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.cli.options import feedback_option, fusion_option, json_option, reader_option, rerank_option

if TYPE_CHECKING:
    from bioqa.eval.datasets.beir import BeirCorpus
    from bioqa.eval.datasets.trec import Qrels
    from bioqa.eval.retrieval.scores import RetrievalScores
    from bioqa.qa.reranking import Reranker


@click.command()
@click.argument("collection", metavar="BEIR_DIR", type=click.Path(path_type=Path))
@click.argument("run_file", required=False, metavar="[RUN]", type=click.Path(path_type=Path))
@click.option(
    "--split",
    "splits",
    multiple=True,
    default=("test",),
    metavar="NAME",
    show_default=True,
    help="The judgments, qrels/NAME.tsv; repeat it to pool several splits.",
)
@click.option(
    "--mode",
    type=click.Choice(["lexical", "dense", "hybrid"]),
    help="BM25, vectors, or their fusion; by default every mode that the index supports.",
)
@fusion_option
@feedback_option
@rerank_option
@reader_option
@click.option(
    "--index",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Search this index, which must hold the documents of the collection. By default bioqa builds one and keeps "
    "it in the cache folder.",
)
@click.option(
    "--save",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the results as a TREC run. Several modes are written to several files with the mode in their names: "
    "run.lexical.trec for run.trec.",
)
@json_option
def retrieval(
    collection: Path,
    run_file: Path | None,
    splits: tuple[str, ...],
    mode: str | None,
    fusion: str | None,
    feedback_passages: int | None,
    rerank: int,
    reader_folder: Path | None,
    folder: Path | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Score search on a collection in BEIR format, or the TREC RUN of another system.

    BEIR_DIR holds corpus.jsonl, queries.jsonl and qrels/NAME.tsv, each plain or gzipped. A document has the rank of its
    best passage; 100 documents are ranked, without the one that has the query's own id, as in BEIR. The measures equal
    those of trec_eval, over all judged queries. The first run over a collection builds an index in the cache folder. If
    it is interrupted, the same command resumes from the last commit.

    \b
    Examples:
      bioqa eval retrieval nfcorpus
      bioqa eval retrieval scifact --split dev --mode hybrid --save run.trec
      bioqa eval retrieval scifact --split dev --mode hybrid --fusion adaptive
      bioqa eval retrieval nfcorpus --rerank 10 --feedback 0
      bioqa eval retrieval nfcorpus run.trec --json
      bioqa eval retrieval bioasq --split 4B --split 5B --mode lexical
    """
    from bioqa.eval import tables
    from bioqa.eval.datasets import beir
    from bioqa.eval.retrieval import scores as retrieval_scores
    from bioqa.qa.reranking import load_reranker

    if run_file and (mode or fusion or feedback_passages is not None or rerank or folder or save):
        raise click.UsageError(
            "--mode, --fusion, --feedback, --rerank, --index and --save apply to bioqa's own search: leave out RUN"
        )
    if reader_folder and not rerank:
        raise click.UsageError("--reader has no effect without --rerank N")
    if save:
        atomic.refuse_unwritable(save)
    qrels = beir.pooled_qrels(collection, splits, lambda line: say(f"warning: {line}", err=True))
    split = " and ".join(splits)
    if run_file:
        scores = _score(run_file, collection, split, qrels)
    else:
        model = load_reranker(reader_folder, rerank) if rerank else None
        first = feedback.PASSAGES if feedback_passages is None else feedback_passages
        scores = _search(collection, split, qrels, mode, fusion or FUSION, first, model, folder, save)
    if as_json:
        say_json(retrieval_scores.as_object(scores), indent=1)
    else:
        say_lines("\n\n".join(tables.text(table) for table in retrieval_scores.tables(scores)))


def _score(run_file: Path, collection: Path, split: str, qrels: "Qrels") -> "RetrievalScores":
    from bioqa.eval.datasets import trec
    from bioqa.eval.retrieval import scores as retrieval_scores

    run = trec.read_run(run_file)
    missing = [query for query in qrels if query not in run]
    if len(missing) == len(qrels):
        raise InputError(f"{run_file}: ranks nothing for any query of {collection}, {split}; pass a run over it")
    if missing:
        count = f"{len(missing):,} of {len(qrels):,} queries"
        say(f"warning: {count} are missing from the run and count as zero: {missing[0]} ...", err=True)
    return retrieval_scores.score(collection.absolute().name, split, qrels, {run_file.name: run})


def _search(
    collection: Path,
    split: str,
    qrels: "Qrels",
    mode: str | None,
    fusion: str,
    feedback_passages: int,
    rerank: "Reranker | None",
    folder: Path | None,
    save: Path | None,
) -> "RetrievalScores":
    from bioqa.eval.datasets import beir, trec
    from bioqa.eval.retrieval import corpus_index
    from bioqa.eval.retrieval import scores as retrieval_scores
    from bioqa.eval.retrieval import search as retrieval
    from bioqa.index.progress import TerminalProgress
    from bioqa.index.search.hybrid import Index

    queries = beir.read_queries(collection, qrels)
    if folder:
        retrieval.modes_of(Index(folder), mode)  # before the corpus is read
    corpus = beir.read_corpus(collection)
    if save:
        atomic.refuse_named_twice([corpus.path, *collection.glob("queries.*"), *collection.glob("qrels/*")], save)
        trec.refuse_unwritable([*queries, *corpus.ids])
    _warn(corpus, qrels)
    index = Index(folder or _built(corpus.path, lexical_only=mode == "lexical"))
    corpus_index.check_holds(index, corpus.ids)
    others = index.documents - len(corpus.ids)
    if others:
        say(
            f"warning: {index.location}: {others:,} of its documents are not in the corpus and are ranked too", err=True
        )
    modes = retrieval.modes_of(index, mode)
    encoder = index.open_encoder() if set(modes) - {"lexical"} else None
    warn_of_learned(queries.values(), folder_of(encoder), rerank.reader.model.folder if rerank else None)
    with TerminalProgress("Searching", "queries") as progress:
        runs = retrieval.search_all(queries, index, modes, progress, fusion, rerank, feedback_passages)
    if save:
        retrieval.save_runs(save, runs)
    facts: dict[str, str | int] = {
        "documents": index.documents,
        "index": index.location,
        "encoder": index.encoder_name or "none",
        "fusion": fusion,
        "feedback": feedback_passages,
        "reranked": rerank.count if rerank else 0,
    }
    return retrieval_scores.score(collection.absolute().name, split, qrels, runs, facts)


def _warn(corpus: "BeirCorpus", qrels: "Qrels") -> None:
    from bioqa.eval.datasets import beir

    if corpus.unusable:
        count = f"{corpus.all_unusable:,} lines hold no usable document and are skipped"
        first = corpus.unusable[0]
        say(f"warning: {corpus.path}: {count}: {first.place}: {first.reason} ...", err=True)
    missing = beir.missing_documents(corpus, qrels)
    if missing:
        count = f"{len(missing):,} documents judged relevant are missing from it and count as not found"
        say(f"warning: {corpus.path}: {count}: {missing[0]} ...", err=True)


def _built(corpus: Path, *, lexical_only: bool) -> Path:
    from bioqa.eval.retrieval import corpus_index
    from bioqa.index.models import model
    from bioqa.index.models.encoder import Encoder
    from bioqa.index.progress import TerminalProgress

    encoder = None if lexical_only else Encoder(model.shipped("encoder"))
    folder = corpus_index.folder_of(corpus, encoder)
    if not corpus_index.is_whole(folder):
        say(f"indexing {corpus} into {folder}", err=True)
        with TerminalProgress("Indexing", "documents") as progress:
            corpus_index.build(corpus, folder, encoder, progress)
    return folder
