import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bioqa.eval.datasets.bioasq import read_gold
from bioqa.eval.runs import learned
from bioqa.index.errors import ModelError
from bioqa.index.models.encoder import Encoder
from bioqa.index.progress import NoProgress
from bioqa.train.tasks.retriever_recipe import RetrieverConfig

torch = pytest.importorskip("torch")
checkpoint = pytest.importorskip("bioqa.train.checkpoint")
recipe = pytest.importorskip("bioqa.train.recipe")
retriever = pytest.importorskip("bioqa.train.tasks.retriever")
Run = Callable[..., Any]
GENES = {
    "cystic fibrosis": "CFTR",
    "chorea": "HTT",
    "hemophilia": "F8",
    "anemia": "HBB",
    "gout": "SLC2A9",
    "albinism": "TYR",
}


def entry(number: int, body: str, text: str) -> dict[str, Any]:
    place = {"offsetInBeginSection": 0, "offsetInEndSection": len(text), "beginSection": "abstract"}
    return {
        "id": str(number), "type": "summary", "body": body, "ideal_answer": ["x"], "documents": [str(number)],
        "snippets": [{"document": str(number), "text": text, "endSection": "abstract", **place}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def base(tiny_bert: Callable[[str], Path]) -> Path:
    """Not to be written to."""
    return tiny_bert("encoder")


@pytest.fixture
def recipe_file(tmp_path: Path, base: Path) -> Path:
    known = list(enumerate(GENES.items()))
    learned = [entry(n, f"What gene causes {name}?", f"{gene} is mutated in {name}.") for n, (name, gene) in known]
    asked = [entry(n, f"Which gene in {name}?", f"In {name} it is {gene}.") for n, (name, gene) in known]
    (tmp_path / "train.json").write_text(json.dumps({"questions": learned}))
    (tmp_path / "dev.json").write_text(json.dumps({"questions": asked}))
    papers = [{"pmid": str(100 + n), "title": f"Paper {n}", "abstract": f"The heart, {n}."} for n in range(5)]
    (tmp_path / "papers.jsonl").write_text("".join(json.dumps(paper) + "\n" for paper in papers))
    path = tmp_path / "recipe.toml"
    path.write_text(
        f'base = "{base}"\nbioasq = ["train.json"]\ndev = ["dev.json"]\n'
        'distractors = ["papers.jsonl"]\n'
        "max_tokens = 32\n[schedule]\nepochs = 2\nbatch = 2\nlearning_rate = 0.002\n"
    )
    return path


def configured(recipe_file: Path, *changes: str) -> Any:
    return recipe.read_recipe(recipe_file, RetrieverConfig, changes)


def trained(recipe_file: Path, folder: Path, *changes: str) -> dict[str, float]:
    config = configured(recipe_file, *changes)
    found: dict[str, float] = retriever.train(config, folder, "cpu", NoProgress(), lambda _: None)
    return found


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "model.safetensors"))


def test_a_trained_retriever_goes_through_export_into_an_index(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    outcome = run("train", "retriever", recipe_file, "--to", tmp_path / "run")
    assert outcome.status == 0, outcome.err
    assert "BioASQ snippets: 6 pairs" in outcome.err
    assert "model selection by 6 questions over 11 texts" in outcome.err
    assert "before training: ndcg@10 " in outcome.err
    assert [line.split()[0] for line in outcome.out.splitlines()] == ["ndcg@10", "mrr@10", "recall@100"]
    record = json.loads((tmp_path / "run" / "training.json").read_text())
    assert record["finished"]
    assert record["config"]["schedule"]["epochs"] == 2
    call = ["export", tmp_path / "run", "--to", tmp_path / "onnx", "--task", "encoder", "--precision", "fp32"]
    assert run(*call).status == 0
    texts = ["CFTR is mutated in cystic fibrosis.", "Heart"]
    made = str(tmp_path / "run")
    again = retriever.biencoder.load_biencoder(made, asymmetric=False, dropout=0.0).eval()
    rows = retriever.biencoder.tokenize(retriever.source.backend_tokenizer(retriever.source.resolve(made)), texts, 32)
    ours = retriever.biencoder.encode_tokens(lambda part: again(part, "passage"), again, rows, "fp32")
    assert ours == pytest.approx(Encoder(tmp_path / "onnx").encode(texts), abs=1e-5)
    built = run("index", "build", tmp_path / "papers.jsonl", "--to", tmp_path / "index", "--encoder", tmp_path / "onnx")
    assert built.status == 0, built.err
    assert run("search", "heart", "--index", tmp_path / "index", "--mode", "dense").status == 0


def test_what_can_be_learned_is_learned(recipe_file: Path) -> None:
    config = configured(recipe_file, "dropout=0", "negatives=2")
    learned = retriever.negatives.mine_negatives(retriever.pairs.read_pairs(config, [], lambda _: None), 5)
    judged = retriever.pool.build_pool(read_gold(Path(config.dev[0])), [])
    task = retriever.RetrieverTask(config, learned, judged, "cpu")
    optimizer = torch.optim.AdamW(task.model.parameters(), lr=0.003)
    (batch,) = [make() for make in task.batches(0, 6, 1)]
    before = float(task.loss(batch).detach())
    for _ in range(15):
        task.loss(batch).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert float(task.loss(batch).detach()) < before / 2


def test_either_side_can_have_an_encoder_of_its_own(recipe_file: Path, tmp_path: Path) -> None:
    trained(recipe_file, tmp_path / "run", "asymmetric=true", "schedule.epochs=1")
    question, passage = (weights(tmp_path / "run" / side) for side in ("question", "passage"))
    assert not all(torch.equal(tensor, passage[name]) for name, tensor in question.items())
    for side in ("question", "passage"):
        assert retriever.biencoder.load_biencoder(str(tmp_path / "run" / side), asymmetric=False, dropout=0.0)
        assert (tmp_path / "run" / side / "tokenizer.json").is_file()


def test_a_pair_is_exported_and_searched_with(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    trained(recipe_file, tmp_path / "run", "asymmetric=true", "schedule.epochs=1")
    call = ["export", tmp_path / "run", "--to", tmp_path / "pair", "--task", "encoder", "--precision", "fp32"]
    assert run(*call).status == 0
    pair, question = Encoder(tmp_path / "pair"), Encoder(tmp_path / "pair" / "question")
    assert np.array_equal(pair.encode_question("what is CFTR?"), question.encode(["what is CFTR?"])[0])
    assert not np.array_equal(pair.encode_question("what is CFTR?"), pair.encode(["what is CFTR?"])[0])
    index = tmp_path / "index"
    assert run("index", "build", tmp_path / "papers.jsonl", "--to", index, "--encoder", tmp_path / "pair").status == 0
    assert run("search", "heart", "--index", index, "--mode", "dense").status == 0
    shutil.rmtree(tmp_path / "pair" / "question")
    outcome = run("search", "heart", "--index", index, "--mode", "dense")
    assert outcome.status == 2
    assert "built with another encoder" in outcome.err


def test_a_teacher_is_imitated(recipe_file: Path, tmp_path: Path, tiny_biobert: Callable[[str], Path]) -> None:
    teacher = tiny_biobert("encoder")
    trained(recipe_file, tmp_path / "alone", "schedule.epochs=1")
    trained(recipe_file, tmp_path / "taught", f"teacher={teacher}", "distillation=1.0", "schedule.epochs=1")
    alone, taught = weights(tmp_path / "alone"), weights(tmp_path / "taught")
    assert not all(torch.equal(tensor, taught[name]) for name, tensor in alone.items())
    first, mean = (
        retriever.biencoder.encode_texts(
            retriever.source.resolve(str(teacher)), ["CFTR", "the heart"], 32, "cpu", pooling
        ).astype(np.float32)
        for pooling in ("first", "mean")
    )
    assert np.linalg.norm(first, axis=1) == pytest.approx([1, 1], abs=1e-2)
    assert not np.allclose(first, mean, atol=1e-2)


def test_a_round_before_finds_negatives_for_the_next(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    trained(recipe_file, tmp_path / "first", "asymmetric=true", "schedule.epochs=1")
    trained(recipe_file, tmp_path / "alone", "schedule.epochs=1")
    call = ["train", "retriever", recipe_file, "--set", "schedule.epochs=1", "--set", f"miner={tmp_path / 'first'}"]
    outcome = run(*call, "--to", tmp_path / "second")
    assert outcome.status == 0, outcome.err
    assert f"{tmp_path / 'first'} encodes all texts first" in outcome.err
    alone, second = weights(tmp_path / "alone"), weights(tmp_path / "second")
    assert not all(torch.equal(tensor, second[name]) for name, tensor in alone.items())


def test_the_places_nearest_to_a_question_are_found(base: Path) -> None:
    texts = ["The heart beats.", "Chorea has a gene.", "HTT", "On warfarin."]
    found = retriever.biencoder.nearest_passages(str(base), 32, "cpu")([*texts, "HTT"], texts, 2)
    assert found.shape == (5, 2)
    assert found[:, 0].tolist() == [0, 1, 2, 3, 2]


def test_killed_and_gone_on_with_it_ends_with_the_same_weights(
    recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(recipe_file, tmp_path / "whole")
    seen, loss = [0], retriever.RetrieverTask.loss

    def stopping(task: Any, batch: Any) -> Any:
        seen[0] += 1
        if seen[0] == 5:
            signal.raise_signal(signal.SIGINT)
        return loss(task, batch)

    monkeypatch.setattr(retriever.RetrieverTask, "loss", stopping)
    with pytest.raises(KeyboardInterrupt):
        trained(recipe_file, tmp_path / "parts")
    assert (tmp_path / "parts" / checkpoint.CHECKPOINT).exists()
    trained(recipe_file, tmp_path / "parts")
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(tensor, parts[name]) for name, tensor in whole.items())


def test_a_checkpoint_that_is_cut_off_is_refused(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / checkpoint.CHECKPOINT).write_bytes(b"\x10\0\0\0\0\0\0\0{cut")
    outcome = run("train", "retriever", recipe_file, "--to", tmp_path / "run")
    assert outcome.status == 2
    assert "this checkpoint is damaged or of another model" in outcome.err


def test_a_loss_that_is_no_number_ends_training(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    outcome = run("train", "retriever", recipe_file, "--to", tmp_path / "run", "--set", "temperature=1e-45")
    assert outcome.status == 1
    assert "the loss is nan at step 1 of epoch 1" in outcome.err


def test_a_finished_training_is_not_done_again(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    trained(recipe_file, tmp_path / "run", "schedule.epochs=1")
    outcome = run("train", "retriever", recipe_file, "--to", tmp_path / "run")
    assert outcome.status == 2
    assert "holds a finished retriever" in outcome.err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["bioasq=[]"], "nothing to train on: name files under bioasq, beir, corpora, squad or tables"),
        (["dev=[]"], "no questions for model selection: name gold files under dev"),
        (['dev=["empty.json"]'], "no question under dev has snippets"),
        (['bioasq=["dev.json"]'], "nothing to train on"),  # what decides is not trained on
        (["claims=[]"], "unknown key 'claims'; expected one of base, bioasq, beir"),
        (["asymmetric=1"], "asymmetric is 1; expected bool"),
        (["teacher=/nowhere"], "/nowhere: no folder there"),
        (["teacher=BASE", "teacher_pooling=last"], "unknown teacher_pooling 'last': choose one of mean, first"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    run: Run, recipe_file: Path, tmp_path: Path, base: Path, changes: list[str], message: str
) -> None:
    bare = {**entry(1, "Why?", "x"), "snippets": []}
    (tmp_path / "empty.json").write_text(json.dumps({"questions": [bare]}))
    options = [part for change in changes for part in ("--set", change.replace("BASE", str(base)))]
    outcome = run("train", "retriever", recipe_file, "--to", tmp_path / "run", *options)
    assert outcome.status == 2
    assert message in outcome.err


def test_negatives_are_drawn_anew_every_epoch_and_alike_for_one_seed(recipe_file: Path) -> None:
    config = configured(recipe_file)
    learned = retriever.negatives.mine_negatives(retriever.pairs.read_pairs(config, [], lambda _: None), 5)
    judged = retriever.pool.build_pool(read_gold(Path(config.dev[0])), [])
    task = retriever.RetrieverTask(config, learned, judged, "cpu")

    def drawn(epoch: int, seed: int) -> list[list[int]]:
        return [make().candidates.ids.tolist() for make in task.batches(epoch, 2, seed)]

    assert drawn(0, 1) == drawn(0, 1)
    assert drawn(0, 1) != drawn(1, 1)
    assert drawn(0, 1) != drawn(0, 2)


def test_a_teacher_that_is_no_model_is_refused_before_training(recipe_file: Path, tmp_path: Path) -> None:
    (tmp_path / "no-model").mkdir()
    with pytest.raises(ModelError, match="no model there"):
        trained(recipe_file, tmp_path / "run", "teacher=no-model")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("part", ["miner", "teacher"])
def test_a_miner_or_teacher_that_sees_fewer_tokens_is_refused_before_training(
    recipe_file: Path, tmp_path: Path, base: Path, part: str
) -> None:
    shutil.copytree(base, tmp_path / "short")
    config = json.loads((base / "config.json").read_text())
    (tmp_path / "short" / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 20}))
    with pytest.raises(ModelError, match=r"short: sees 20 tokens at most; .* or max_tokens in a recipe"):
        trained(recipe_file, tmp_path / "run", f"{part}=short", "max_tokens=32")


def test_a_pair_is_no_teacher(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    trained(recipe_file, tmp_path / "made", "asymmetric=true", "schedule.epochs=1")
    call = ["export", tmp_path / "made", "--task", "encoder", "--to", tmp_path / "pair", "--precision", "fp32"]
    assert run(*call).status == 0
    with pytest.raises(ModelError, match="pair: a pair of encoders; name the folder of one encoder as the teacher"):
        trained(recipe_file, tmp_path / "run", "teacher=pair")


def test_a_pair_is_trained_further_from_its_own_sides(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    trained(recipe_file, tmp_path / "pair", "asymmetric=true")
    assert (
        run("export", tmp_path / "pair", "--task", "encoder", "--to", tmp_path / "out", "--precision", "fp32").status
        == 0
    )
    for name in ("pair", "out"):
        still = ("asymmetric=true", f"base={tmp_path / name}", "schedule.learning_rate=0.0", "schedule.epochs=1")
        trained(recipe_file, tmp_path / f"further-{name}", *still)
        for side in ("question", "passage"):
            before, after = weights(tmp_path / "pair" / side), weights(tmp_path / f"further-{name}" / side)
            assert before.keys() == after.keys()
            assert all(torch.allclose(before[key], after[key], atol=1e-6) for key in before)
        with pytest.raises(ModelError, match="a pair of encoders; set asymmetric = true"):
            trained(recipe_file, tmp_path / "one", f"base={tmp_path / name}")


def test_one_encoder_exported_over_a_pair_is_for_both_sides(
    run: Run, recipe_file: Path, tmp_path: Path, base: Path
) -> None:
    trained(recipe_file, tmp_path / "pair", "asymmetric=true", "schedule.epochs=1")
    for source in (tmp_path / "pair", base):
        assert run("export", source, "--task", "encoder", "--to", tmp_path / "out").status == 0
    assert not (tmp_path / "out" / "question").exists()
    assert Encoder(tmp_path / "out").identity.questions == ""


def test_test_questions_without_snippets_are_stayed_apart_from(recipe_file: Path, tmp_path: Path) -> None:
    learned = json.loads((tmp_path / "train.json").read_text())["questions"]
    bare = [{key: value for key, value in each.items() if key != "snippets"} for each in learned[:4]]
    (tmp_path / "test.json").write_text(json.dumps({"questions": bare}))
    heard: list[str] = []
    config = configured(recipe_file, 'apart_from=["test.json"]')
    found = retriever.pairs.read_pairs(config, [], heard.append)
    assert {pair.query for pair in found} == {each["body"] for each in learned[4:]}
    assert "4 near a test" in heard[0]


def test_a_retriever_has_trials_and_tells_what_it_learned_from(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    trial = run("train", "retriever", recipe_file, "--to", tmp_path / "run", "--smoke")
    assert trial.status == 0, trial.err
    assert "nothing is kept" in trial.err
    assert not (tmp_path / "run").exists()
    outcome = run("train", "retriever", recipe_file, "--to", tmp_path / "run", "--set", "schedule.epochs=1")
    assert outcome.err.splitlines()[-1].startswith(f"next: bioqa export {tmp_path / 'run'} --task encoder")
    assert learned.learned_by(tmp_path / "run")
