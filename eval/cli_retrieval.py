"""`bioqa eval retrieval`: search on collections in the form of BEIR."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bioqa.index import atomic, feedback
from bioqa.index.errors import InputError
from bioqa.index.fusion import FUSION
from bioqa.qa.options import feedback_option, fusion_option, json_option, reader_option, rerank_option

if TYPE_CHECKING:
    from bioqa.eval.beir import Corpus
    from bioqa.eval.ranking import Qrels
    from bioqa.eval.retrieval_scores import RetrievalScores
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
    help="The judgments: qrels/NAME.tsv; given several times, all of them together.",
)
@click.option(
    "--mode",
    type=click.Choice(["lexical", "dense", "hybrid"]),
    help="BM25, vectors, or both fused; all that the index allows by default.",
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
    help="Search this index, which has to hold the documents of the collection; by default one that is built over them "
    "and kept for the next time.",
)
@click.option(
    "--save",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write what was found as a TREC run. Without --mode there is a file for each, with the mode in its name: "
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
    """Score search on a collection in the form of BEIR, or a TREC RUN of somebody else's.

    BEIR_DIR holds corpus.jsonl, queries.jsonl and qrels/NAME.tsv, each plain or gzipped. A document ranks where its
    best passage does; 100 are ranked. The measures equal those of trec_eval, over all queries that have judgments. The
    first run over a collection builds an index in the cache folder; stopped, the same command goes on from the last
    commit.

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
            "--mode, --fusion, --feedback, --rerank, --index and --save are for bioqa's search: leave RUN out"
        )
    if reader_folder and not rerank:
        raise click.UsageError("--reader is for what --rerank N weighs anew")
    if save:
        atomic.refuse_unwritable(save)
    qrels, split = beir.pooled_qrels(collection, splits), " and ".join(splits)
    if run_file:
        found = _score(run_file, collection, split, qrels)
    else:
        weigh = reranker(reader_folder, rerank) if rerank else None
        first = feedback.PASSAGES if speaking is None else speaking
        found = _search(collection, split, qrels, mode, fusion or FUSION, first, weigh, folder, save)
    if as_json:
        click.echo(json.dumps(retrieval_scores.as_object(found), indent=1))
    else:
        click.echo("\n\n".join(tables.text(table) for table in retrieval_scores.tables(found)))


def _score(run_file: Path, collection: Path, split: str, qrels: "Qrels") -> "RetrievalScores":
    from bioqa.eval import retrieval_scores, trec

    run = trec.read_run(run_file)
    missing = [query for query in qrels if query not in run]
    if len(missing) == len(qrels):
        raise InputError(f"{run_file}: there is nothing in it for any query of {collection}, {split}")
    if missing:
        count = f"{len(missing):,} of {len(qrels):,} queries"
        click.echo(f"warning: {count} are not in the run and count as zero: {missing[0]} ...", err=True)
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
        click.echo(f"warning: {index.folder}: {others:,} documents of it are not of the corpus, and rank too", err=True)
    with TerminalProgress("Searching", "queries") as progress:
        runs = retrieval.runs(queries, index, retrieval.modes_of(index, mode), progress, fusion, rerank, speaking)
    if save:
        retrieval.save(save, runs)
    facts: dict[str, str | int] = {
        "documents": index.manifest.documents,
        "index": str(index.folder),
        "encoder": index.manifest.encoder.name if index.manifest.encoder else "none",
        "fusion": fusion,
        "feedback": speaking,
        "reranked": rerank.count if rerank else 0,
    }
    return retrieval_scores.score(collection.absolute().name, split, qrels, runs, facts)


def _warn(corpus: "Corpus", qrels: "Qrels") -> None:
    from bioqa.eval import beir

    if corpus.unusable:
        count = f"{corpus.all_unusable:,} lines hold no usable document and are left out"
        first = corpus.unusable[0]
        click.echo(f"warning: {corpus.path}: {count}: {first.place}: {first.reason} ...", err=True)
    lacking = beir.lacking(corpus, qrels)
    if lacking:
        count = f"{len(lacking):,} documents that are judged relevant are not in it and count as not found"
        click.echo(f"warning: {corpus.path}: {count}: {lacking[0]} ...", err=True)


def _built(corpus: Path, *, lexical_only: bool) -> Path:
    from bioqa.eval import corpus_index
    from bioqa.index import model
    from bioqa.index.encoder import Encoder
    from bioqa.index.progress import TerminalProgress

    encoder = None if lexical_only else Encoder(model.shipped("encoder"))
    folder = corpus_index.folder_of(corpus, encoder)
    if not corpus_index.is_whole(folder):
        click.echo(f"indexing {corpus}, to be kept in {folder}", err=True)
        with TerminalProgress("Indexing", "documents") as progress:
            corpus_index.build(corpus, folder, encoder, progress)
    return folder
