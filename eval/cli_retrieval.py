"""`bioqa eval retrieval`: evaluation of search on collections in BEIR format."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index import atomic, feedback
from bioqa.index.errors import InputError
from bioqa.index.fusion import FUSION
from bioqa.index.terminal import say, say_json, say_lines
from bioqa.qa.options import feedback_option, fusion_option, json_option, reader_option, rerank_option

if TYPE_CHECKING:
    from bioqa.eval.beir import BeirCorpus
    from bioqa.eval.retrieval_scores import RetrievalScores
    from bioqa.eval.trec import Qrels
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
    speaking: int | None,
    rerank: int,
    reader_folder: Path | None,
    folder: Path | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Score search on a collection in BEIR format, or the TREC RUN of another system.

    BEIR_DIR holds corpus.jsonl, queries.jsonl and qrels/NAME.tsv, each plain or gzipped. A document has the rank of its
    best passage; 100 documents are ranked. The measures equal those of trec_eval, over all judged queries. The first
    run over a collection builds an index in the cache folder. If it is interrupted, the same command resumes from the
    last commit.

    \b
    Examples:
      bioqa eval retrieval nfcorpus
      bioqa eval retrieval scifact --split dev --mode hybrid --save run.trec
      bioqa eval retrieval scifact --split dev --mode hybrid --fusion adaptive
      bioqa eval retrieval nfcorpus --rerank 10 --feedback 0
      bioqa eval retrieval nfcorpus run.trec --json
      bioqa eval retrieval bioasq --split 4B --split 5B --mode lexical
    """
    from bioqa.eval import beir, retrieval_scores, tables
    from bioqa.qa.reranking import reranker

    if run_file and (mode or fusion or speaking is not None or rerank or folder or save):
        raise click.UsageError(
            "--mode, --fusion, --feedback, --rerank, --index and --save apply to bioqa's own search: leave out RUN"
        )
    if reader_folder and not rerank:
        raise click.UsageError("--reader has no effect without --rerank N")
    if save:
        atomic.refuse_unwritable(save)
    qrels, split = beir.pooled_qrels(collection, splits), " and ".join(splits)
    if run_file:
        scores = _score(run_file, collection, split, qrels)
    else:
        model = reranker(reader_folder, rerank) if rerank else None
        first = feedback.PASSAGES if speaking is None else speaking
        scores = _search(collection, split, qrels, mode, fusion or FUSION, first, model, folder, save)
    if as_json:
        say_json(retrieval_scores.as_object(scores), indent=1)
    else:
        say_lines("\n\n".join(tables.text(table) for table in retrieval_scores.tables(scores)))


def _score(run_file: Path, collection: Path, split: str, qrels: "Qrels") -> "RetrievalScores":
    from bioqa.eval import retrieval_scores, trec

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
    speaking: int,
    rerank: "Reranker | None",
    folder: Path | None,
    save: Path | None,
) -> "RetrievalScores":
    from bioqa.eval import beir, corpus_index, retrieval, retrieval_scores, trec
    from bioqa.index.hybrid import Index
    from bioqa.index.progress import TerminalProgress

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
    others = index.manifest.documents - len(corpus.ids)
    if others:
        say(f"warning: {index.folder}: {others:,} of its documents are not in the corpus and are ranked too", err=True)
    with TerminalProgress("Searching", "queries") as progress:
        runs = retrieval.search_all(queries, index, retrieval.modes_of(index, mode), progress, fusion, rerank, speaking)
    if save:
        retrieval.save_runs(save, runs)
    facts: dict[str, str | int] = {
        "documents": index.manifest.documents,
        "index": str(index.folder),
        "encoder": index.manifest.encoder.name if index.manifest.encoder else "none",
        "fusion": fusion,
        "feedback": speaking,
        "reranked": rerank.count if rerank else 0,
    }
    return retrieval_scores.score(collection.absolute().name, split, qrels, runs, facts)


def _warn(corpus: "BeirCorpus", qrels: "Qrels") -> None:
    from bioqa.eval import beir

    if corpus.unusable:
        count = f"{len(corpus.unusable):,} lines hold no usable document and are skipped"
        first = corpus.unusable[0]
        say(f"warning: {corpus.path}: {count}: {first.place}: {first.reason} ...", err=True)
    missing = beir.missing_documents(corpus, qrels)
    if missing:
        count = f"{len(missing):,} documents judged relevant are missing from it and count as not found"
        say(f"warning: {corpus.path}: {count}: {missing[0]} ...", err=True)


def _built(corpus: Path, *, lexical_only: bool) -> Path:
    from bioqa.eval import corpus_index
    from bioqa.index import model
    from bioqa.index.encoder import Encoder
    from bioqa.index.progress import TerminalProgress

    encoder = None if lexical_only else Encoder(model.shipped("encoder"))
    folder = corpus_index.folder_of(corpus, encoder)
    if not corpus_index.is_whole(folder):
        say(f"indexing {corpus} into {folder}", err=True)
        with TerminalProgress("Indexing", "documents") as progress:
            corpus_index.build(corpus, folder, encoder, progress)
    return folder
