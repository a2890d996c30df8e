import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.eval.datasets.bioasq import read_gold
from bioqa.eval.runs import learned
from bioqa.index.errors import InputError, ModelError, StorageError
from bioqa.index.progress import NoProgress
from bioqa.index.records import Document, Passage
from bioqa.qa.reader import Reader
from bioqa.train.tasks.reader_recipe import ReaderConfig

torch = pytest.importorskip("torch")
network = pytest.importorskip("bioqa.train.networks.reader")
reader = pytest.importorskip("bioqa.train.tasks.reader")
recipe = pytest.importorskip("bioqa.train.recipe")
export = pytest.importorskip("bioqa.train.export.onnx")
source = pytest.importorskip("bioqa.train.pretrained.source")
parity_of = pytest.importorskip("bioqa.train.export.parity").measure_parity
Run = Callable[..., Any]


def snippet(text: str) -> dict[str, Any]:
    place = {"offsetInBeginSection": 0, "offsetInEndSection": len(text), "beginSection": "abstract"}
    return {"document": "1", "text": text, "endSection": "abstract", **place}


def entry(identity: str, kind: str, body: str, exact: Any, *texts: str) -> dict[str, Any]:
    return {
        "id": identity, "type": kind, "body": body, "exact_answer": exact, "ideal_answer": ["x"], "documents": ["1"],
        "snippets": [snippet(text) for text in texts],
    }  # fmt: skip


@pytest.fixture
def recipe_file(tmp_path: Path, tiny_bert: Callable[[str], Path]) -> Path:
    questions = [
        entry("1", "factoid", "What gene causes cystic fibrosis?", [["CFTR"]], "It is CFTR.", "CFTR causes it."),
        entry("2", "list", "List inhibitors of BCR-ABL.", [["imatinib"], ["nilotinib"]], "Imatinib or nilotinib."),
        entry("3", "yesno", "Is it dominant?", "yes", "It is dominant."),
        entry("4", "factoid", "What gene causes chorea?", [["HTT"]], "HTT causes chorea."),
    ]
    for name, some in (("train", questions), ("dev", [{**q, "body": "Now: " + q["body"]} for q in questions[:3]])):
        (tmp_path / f"{name}.json").write_text(json.dumps({"questions": some}))
    path = tmp_path / "recipe.toml"
    path.write_text(
        f'base = "{tiny_bert("encoder")}"\nbioasq = ["train.json"]\ndev = ["dev.json"]\nmax_tokens = 96\n'
        "[schedule]\nepochs = 2\nbatch = 2\nlearning_rate = 0.001\n"
    )
    return path


def test_a_trained_reader_is_a_folder_that_everything_takes(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    outcome = run("train", "reader", recipe_file, "--to", tmp_path / "run")
    assert outcome.status == 0, outcome.err
    assert "BioASQ snippets: 5 examples" in outcome.err
    assert "(best so far, kept)" in outcome.err
    assert {line.split()[0] for line in outcome.out.splitlines()} >= {"mean", "factoid_mrr", "yesno_macro_f1"}
    record = json.loads((tmp_path / "run" / "training.json").read_text())
    assert record["finished"]
    assert record["config"]["schedule"]["epochs"] == 2
    from transformers import AutoModelForQuestionAnswering

    again = network.load_reader(source.resolve(str(tmp_path / "run")))
    spans = AutoModelForQuestionAnswering.from_pretrained(tmp_path / "run")
    assert torch.equal(again.heads["qa_outputs"].weight, spans.qa_outputs.weight)

    assert run("export", tmp_path / "run", "--to", tmp_path / "onnx", "--task", "reader").status == 0
    exported = Reader(tmp_path / "onnx")
    passage = Passage(0, Document("1", abstract="It is CFTR."), 0, 11)
    (found,) = exported.read("What gene?", [passage], max_tokens=20, count=5)
    assert found.spans
    assert found.verdict is not None
    assert sum(found.verdict) == pytest.approx(1.0, abs=1e-5)
    assert found.relevance is not None
    assert 0 <= found.relevance <= 1


def test_the_exported_reader_says_what_the_trained_one_does(recipe_file: Path, tmp_path: Path) -> None:
    config = recipe.read_recipe(recipe_file, ReaderConfig)
    reader.train(config, tmp_path / "run", "cpu", NoProgress(), lambda _: None)
    original = export.export(str(tmp_path / "run"), {"int8": tmp_path / "onnx"}, "reader", name="x", max_tokens=96)
    parity = parity_of(original, tmp_path / "onnx")
    assert parity.outputs.startswith("start_logits, end_logits, tag_logits, verdict_logits")
    assert parity.cosine > 0.9


def test_several_seeds_are_told_with_their_spread(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    call = ["train", "reader", recipe_file, "--to", tmp_path / "runs", "--seed", "1", "--seed", "2"]
    outcome = run(*call, "--set", "schedule.epochs=1")
    assert outcome.status == 0, outcome.err
    assert "± " in outcome.out
    assert (tmp_path / "runs" / "seed-2" / "model.safetensors").exists()


def test_the_seed_is_that_of_the_recipe_where_none_is_given(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    call = ["train", "reader", recipe_file, "--to", folder, "--set", "schedule.epochs=1", "--set", "schedule.seed=7"]
    assert run(*call).status == 0
    assert json.loads((folder / "training.json").read_text(encoding="utf-8"))["config"]["schedule"]["seed"] == 7


def test_a_finished_training_is_not_done_again(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    call = ["train", "reader", recipe_file, "--to", tmp_path / "run", "--set", "schedule.epochs=1"]
    assert run(*call).status == 0
    outcome = run(*call)
    assert outcome.status == 2
    assert "holds a finished reader" in outcome.err


def test_the_same_recipe_gives_the_same_weights(recipe_file: Path, tmp_path: Path) -> None:
    config = recipe.read_recipe(recipe_file, ReaderConfig, ["schedule.epochs=1"])
    for name in ("one", "two"):
        torch.seed()
        reader.train(config, tmp_path / name, "cpu", NoProgress(), lambda _: None)
    one, two = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_reader_learns_from_a_teacher_on_passages_that_nobody_judged(
    run: Run, recipe_file: Path, tmp_path: Path
) -> None:
    paper = {"id": "9", "title": "On chorea", "abstract": "The gene HTT causes chorea. CFTR causes cystic fibrosis."}
    (tmp_path / "papers.jsonl").write_text(json.dumps(paper), encoding="utf-8")
    assert run("train", "reader", recipe_file, "--to", tmp_path / "teacher").status == 0
    more = f'teacher = "teacher"\ncorpora = ["papers.jsonl"]\nunjudged = 1\n{recipe_file.read_text(encoding="utf-8")}'
    recipe_file.write_text(more, encoding="utf-8")
    outcome = run("train", "reader", recipe_file, "--to", tmp_path / "student")
    assert outcome.status == 0, outcome.err
    assert "passages for the teacher only: 2 examples" in outcome.err
    record = json.loads((tmp_path / "student" / "training.json").read_text(encoding="utf-8"))
    assert record["config"]["teacher"] == str(tmp_path / "teacher")


def test_a_teacher_without_all_heads_and_papers_without_a_teacher_are_refused(
    run: Run, recipe_file: Path, tmp_path: Path, tiny_bert: Callable[[str], Path]
) -> None:
    call = ["train", "reader", recipe_file, "--to", tmp_path / "run", "--set"]
    outcome = run(*call, f"teacher={tiny_bert('reader')}")
    assert (outcome.status, "not a reader with all heads" in outcome.err) == (2, True)
    outcome = run(*call, f'corpora=["{recipe_file.name}"]')
    assert (outcome.status, "corpora are unlabelled and need a teacher" in outcome.err) == (2, True)


def test_of_several_seeds_those_that_are_trained_are_not_trained_again(
    run: Run, recipe_file: Path, tmp_path: Path
) -> None:
    call = ["train", "reader", recipe_file, "--to", tmp_path / "runs", "--set", "schedule.epochs=1", "--seed", "1"]
    told = run(*call, "--seed", "2").out
    shutil.rmtree(tmp_path / "runs" / "seed-2")
    written = (tmp_path / "runs" / "seed-1" / "model.safetensors").stat().st_mtime_ns
    again = run(*call, "--seed", "2")
    assert (again.status, again.out) == (0, told)
    assert f"{tmp_path / 'runs' / 'seed-1'}: already trained" in again.err
    assert (tmp_path / "runs" / "seed-1" / "model.safetensors").stat().st_mtime_ns == written
    assert (tmp_path / "runs" / "seed-2" / "model.safetensors").exists()
    other = run(*call, "--seed", "2", "--set", "dropout=0.5")
    assert other.status == 2
    assert "holds a finished reader" in other.err


def test_more_tokens_than_the_model_has_positions_for_are_refused_before_training(
    run: Run, recipe_file: Path, tmp_path: Path
) -> None:
    outcome = run("train", "reader", recipe_file, "--to", tmp_path / "run", "--set", "max_tokens=4000")
    assert outcome.status != 0
    assert "tokens at most" in outcome.err
    assert not (tmp_path / "run").exists()


def test_a_disk_that_is_full_as_the_model_is_saved_is_told(
    recipe_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    config = recipe.read_recipe(recipe_file, ReaderConfig)
    monkeypatch.setattr(network, "save_file", full)
    with pytest.raises(StorageError, match=r"the model was not saved .*No space left on device"):
        reader.train(config, tmp_path / "run", "cpu", NoProgress(), lambda _: None)


def test_questions_that_decide_are_not_trained_on(recipe_file: Path) -> None:
    config = recipe.read_recipe(recipe_file, ReaderConfig, ['dev=["train.json"]'])
    dev = [read_gold(Path(path)) for path in config.dev]
    with pytest.raises(InputError, match="nothing to train on"):
        reader.read_examples(config, dev[0], lambda _: None)


@pytest.mark.parametrize("lacking", ["snippets", "exact_answer"])
def test_questions_that_decide_nothing_are_refused(run: Run, recipe_file: Path, tmp_path: Path, lacking: str) -> None:
    bare = {**entry("1", "summary", "How?", None, "So."), lacking: []}
    if lacking == "snippets":
        bare |= {"type": "yesno", "exact_answer": "yes"}
    (tmp_path / "bare.json").write_text(json.dumps({"questions": [bare]}))
    outcome = run("train", "reader", recipe_file, "--to", tmp_path / "run", "--set", 'dev=["bare.json"]')
    assert outcome.status == 2
    assert "no question under dev has an exact answer and snippets" in outcome.err
    assert not (tmp_path / "run").exists()


def test_a_folder_without_weights_is_refused(tmp_path: Path, tiny_bert: Callable[[str], Path]) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        network.load_reader(source.resolve(str(tmp_path)))
    folder = tiny_bert("encoder")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="no weights there"):
        network.load_reader(source.resolve(str(folder)))
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="they are not of the same model"):
        network.load_reader(source.resolve(str(folder)))


def test_a_head_is_kept_that_is_in_one_of_several_files(tiny_bert: Callable[[str], Path], tmp_path: Path) -> None:
    from transformers import AutoModelForQuestionAnswering

    whole = AutoModelForQuestionAnswering.from_pretrained(tiny_bert("reader"))
    whole.save_pretrained(tmp_path, max_shard_size="500KB")
    assert not (tmp_path / "model.safetensors").exists()
    again = network.load_reader(source.resolve(str(tmp_path)))
    assert torch.equal(again.heads["qa_outputs"].weight, whole.qa_outputs.weight)


def test_training_begins_with_pickled_weights_as_with_safe_ones(
    run: Run, recipe_file: Path, tmp_path: Path, tiny_biobert: Callable[[str], Path], pickled: Callable[[Path], Path]
) -> None:
    base = tiny_biobert("encoder")
    before = network.load_reader(source.resolve(str(base))).encoder.state_dict()
    pickled(base)
    after = network.load_reader(source.resolve(str(base))).encoder.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    call = ["train", "reader", recipe_file, "--to", tmp_path / "run", "--set", f"base={base}"]
    outcome = run(*call, "--set", "schedule.epochs=1")
    assert outcome.status == 0, outcome.err
    exported = run("export", tmp_path / "run", "--to", tmp_path / "onnx", "--task", "reader")
    assert exported.status == 0, exported.err
    tokens = Reader(tmp_path / "onnx")._tokenizer.encode("Gene gene").tokens
    assert tokens == ["[CLS]", "Gene", "gene", "[SEP]"]


def test_weights_that_are_cut_off_are_refused(tiny_bert: Callable[[str], Path]) -> None:
    weights = tiny_bert("encoder") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match="cannot be loaded"):
        network.load_reader(source.resolve(str(weights.parent)))


def test_lists_and_contrast_are_sources_of_a_recipe(recipe_file: Path, tmp_path: Path) -> None:
    abstract = "Celiac disease is a chronic disorder of the gut. Aspirin inhibits cyclooxygenase."
    (tmp_path / "papers.jsonl").write_text(json.dumps({"pmid": "1", "title": "On", "abstract": abstract}))
    answers = [{"text": "Imatinib", "start": 0}]
    items = [{"question": "Which?", "context": "Imatinib.", "answers": answers}, {"question": "", "context": "x"}]
    (tmp_path / "lists.jsonl").write_text("\n".join(map(json.dumps, items)))
    changes = ['lists=["lists.jsonl"]', 'contrast=["papers.jsonl"]', "contrast_pairs=2"]
    config = recipe.read_recipe(recipe_file, ReaderConfig, changes)
    said: list[str] = []
    found = reader.read_examples(config, read_gold(tmp_path / "dev.json"), said.append)
    assert [each.items for each in found if each.question == "Which?"] == [((0, 8),)]
    assert {"yes", "no"} <= {each.verdict for each in found if each.text in abstract}
    assert any("lists.jsonl: 1 examples, 1 unusable" in line for line in said)
    assert any(line.startswith("contrast pairs: ") for line in said)


def test_a_training_tells_what_it_learned_from_and_what_comes_next(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    outcome = run("train", "reader", recipe_file, "--to", tmp_path / "run")
    assert outcome.status == 0, outcome.err
    assert outcome.err.splitlines()[-1] == (
        f"next: bioqa export {tmp_path / 'run'} --task reader --to {tmp_path / 'run'}-onnx"
    )
    questions = [question.body for question in read_gold(tmp_path / "train.json")]
    assert learned.learned_by(tmp_path / "run") == learned.digests(questions)
    assert json.loads((tmp_path / "run" / "training.json").read_text())["questions"] == 4
    exported = run("export", tmp_path / "run", "--task", "reader", "--to", tmp_path / "onnx", "--max-tokens", "96")
    assert exported.status == 0, exported.err
    assert learned.learned_by(tmp_path / "onnx") == learned.digests(questions)
    scored = run(
        "export", tmp_path / "run", "--task", "reader", "--to", tmp_path / "onnx", "--max-tokens", "96", "--score",
        tmp_path / "train.json",
    )  # fmt: skip
    assert "warning: " in scored.err
    assert "learned from 4 of these 4 questions" in scored.err
    further = recipe_file.with_name("further.toml")
    text = recipe_file.read_text().replace("dev.json", "train.json").replace('bioasq = ["train', 'bioasq = ["dev')
    further.write_text("\n".join([f'base = "{tmp_path / "run"}"', *text.splitlines()[1:]]))
    again = run("train", "reader", further, "--to", tmp_path / "further")
    assert "warning: dev: " in again.err
    both = [*questions, *(f"Now: {question}" for question in questions[:3])]
    assert learned.learned_by(tmp_path / "further") == learned.digests(both)


def test_a_trial_ends_in_a_moment_and_keeps_nothing(run: Run, recipe_file: Path, tmp_path: Path) -> None:
    outcome = run("train", "reader", recipe_file, "--to", tmp_path / "run", "--smoke")
    assert outcome.status == 0, outcome.err
    assert outcome.err.endswith("smoke: all steps were done on a few examples; nothing is kept\n")
    assert not (tmp_path / "run").exists()


def test_the_limit_holds_for_every_file_but_those_of_bioasq(
    recipe_file: Path, tmp_path: Path, write_jsonl: Callable[..., Path]
) -> None:
    claims = [{"claim": f"Claim {n}.", "evidence": f"Evidence {n}.", "label": "supports"} for n in range(9)]
    file = write_jsonl("claims.jsonl", claims)
    config = ReaderConfig(base="b", bioasq=(str(tmp_path / "train.json"),), claims=(str(file),), limit=2, negatives=0)
    told: list[str] = []
    reader.read_examples(config, [], told.append)
    assert told[0] == "BioASQ snippets: 5 examples"
    assert told[-1] == f"{file}: 2 examples"
