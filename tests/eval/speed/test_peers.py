import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bioqa.eval.speed import peers, workloads
from bioqa.eval.speed.process import Groups, Job

QUESTIONS = ["what gene causes cystic fibrosis?", "is Huntington disease dominant?", "xyzzy?"]


@pytest.fixture
def job(small_index: Path, corpus_file: Path, tmp_path: Path) -> Job:
    """A job over the small corpus after bioqa itself was timed."""
    job = Job(str(small_index), str(corpus_file), QUESTIONS, str(tmp_path), passages=4)
    workloads.parsing(job)
    workloads.lexical(job)
    return job


def check_lexical(groups: Groups, job: Job) -> None:
    indexing, search = groups["lexical_indexing"], groups["lexical_search"]
    assert indexing["passages"] == len(workloads.sample_passages(job))
    assert indexing["passages_per_s"] == pytest.approx(indexing["passages"] / indexing["seconds"])
    assert 0 < indexing["analysis_seconds"] < indexing["seconds"]
    assert indexing["without_analysis_passages_per_s"] > indexing["passages_per_s"]
    assert search["samples"] == len(QUESTIONS)
    assert search["same_top_10"] == 1.0  # fewer than ten passages hold a term, so both must find just these


@pytest.mark.parametrize("library", ["rank_bm25", "bm25s"])
def test_lexical_search_does_the_same_work(library: str, job: Job) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    check_lexical(getattr(peers, library)(job), job)


def test_passages_that_we_did_not_find_show(job: Job) -> None:
    pytest.importorskip("rank_bm25")
    found = json.loads((Path(job.scratch) / workloads.RESULTS).read_text())
    total = sum(map(len, found))
    found[0] = found[0][1:]
    (Path(job.scratch) / workloads.RESULTS).write_text(json.dumps(found))
    assert peers.rank_bm25(job)["lexical_search"]["same_top_10"] == pytest.approx((total - 1) / total)


def test_vectors_of_sentence_transformers_are_compared_with_ours(job: Job, tmp_path: Path) -> None:
    library = pytest.importorskip("sentence_transformers")
    folder = tiny_encoder(tmp_path / "tiny")
    texts = [passage.search_text for passage in workloads.evenly_spaced(workloads.sample_passages(job), job.passages)]
    model = library.SentenceTransformer(str(folder), device="cpu")
    model.max_seq_length = 16
    vectors = np.array([model.encode(text, normalize_embeddings=True) for text in texts])
    np.save(Path(job.scratch) / workloads.VECTORS, np.concatenate([vectors[:2], -vectors[2:]]))

    found = peers.sentence_transformers(replace(job, peer_encoder=str(folder), encoder_tokens=16))["encoding"]
    assert found["cosine"] == pytest.approx(0, abs=1e-4)  # two vectors are ours, two are their opposite
    by_size = {size: found[f"batch_{size}_passages_per_s"] for size in (8, 32, 128)}
    assert found["passages_per_s"] == pytest.approx(max(by_size.values()))
    assert by_size[int(found["batch_size"])] == max(by_size.values())


def tiny_encoder(folder: Path) -> Path:
    """A BERT of one layer with random weights over single letters."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(vocabulary), **shape)).save_pretrained(folder)
    return folder
