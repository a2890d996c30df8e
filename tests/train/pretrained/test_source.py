import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bioqa.index.errors import InputError, ModelError
from bioqa.train.export import onnx
from bioqa.train.pretrained import source

pytest.importorskip("transformers")


def change(folder: Path, **fields: Any) -> None:
    config = json.loads((folder / source.CONFIG).read_text())
    (folder / source.CONFIG).write_text(json.dumps({**config, **fields}))


def test_a_folder_with_safetensors_is_its_own_source(tiny_biobert: Callable[[str], Path]) -> None:
    folder = tiny_biobert("encoder")
    assert source.resolve(str(folder)).folder == folder


@pytest.mark.parametrize("given", ["", "/nowhere/at/all", "a/b/c", "../x", "-x", "a b", "a//b"])
def test_what_is_no_folder_and_no_name_at_a_hub_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError):
        source.resolve(given)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match="no folder there"):
        source.resolve(str(tmp_path / "model.bin"))


@pytest.mark.parametrize("kind", ["gpt2", "t5", None, ["bert"], "remote-code"])
def test_another_architecture_is_refused(tiny_biobert: Callable[[str], Path], kind: Any) -> None:
    folder = tiny_biobert("encoder")
    change(folder, model_type=kind, auto_map={"AutoModel": "code.Model"})
    with pytest.raises(ModelError, match="not of BERT's family; bioqa runs albert, bert"):
        source.resolve(str(folder))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"5"])
def test_a_damaged_configuration_is_named(tiny_biobert: Callable[[str], Path], content: bytes) -> None:
    folder = tiny_biobert("encoder")
    (folder / source.CONFIG).write_bytes(content)
    with pytest.raises(InputError) as refused:
        source.resolve(str(folder))
    assert str(folder / source.CONFIG) in str(refused.value)


def test_capitals_count_where_the_vocabulary_has_them(tiny_biobert: Callable[[str], Path]) -> None:
    tokens = source.backend_tokenizer(source.resolve(str(tiny_biobert("encoder")))).encode("Gene gene CFTR É").tokens
    assert tokens == ["[CLS]", "Gene", "gene", "CF", "##TR", "[UNK]", "[SEP]"]


def test_capitals_do_not_count_where_the_vocabulary_has_none(tiny_biobert: Callable[[str], Path]) -> None:
    folder = tiny_biobert("encoder")
    words = (folder / "vocab.txt").read_text().splitlines()
    lower = dict.fromkeys(word if word.startswith("[") else word.lower() for word in words)
    (folder / "vocab.txt").write_text("\n".join([*lower, "é"]) + "\n", encoding="utf-8")
    assert source.backend_tokenizer(source.resolve(str(folder))).encode("Gene É").tokens == [
        "[CLS]",
        "gene",
        "e",
        "[SEP]",
    ]


@pytest.mark.parametrize("lower", [True, False])
def test_what_a_model_says_of_capitals_goes_before(tiny_biobert: Callable[[str], Path], lower: bool) -> None:
    folder = tiny_biobert("encoder")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": lower}))
    assert source.backend_tokenizer(source.resolve(str(folder))).encode("Gene").tokens[1] == (
        "gene" if lower else "Gene"
    )


@pytest.mark.parametrize("spelling", [{}, {"lowercase": True, "strip_accents": False}])
def test_an_exported_model_reads_capitals_and_accents_as_before(
    tiny_biobert: Callable[[str], Path], tmp_path: Path, spelling: dict[str, bool]
) -> None:
    folder = tiny_biobert("encoder")
    backend = source.backend_tokenizer(source.resolve(str(folder)))
    if spelling:
        from tokenizers.normalizers import BertNormalizer

        backend.normalizer = BertNormalizer(**spelling)
        backend.save(str(folder / "tokenizer.json"))
    onnx.export(str(folder), {"fp32": tmp_path / "out"}, "encoder", name="x", max_tokens=96)
    text = "Gene CFTR É"
    assert (
        source.backend_tokenizer(source.resolve(str(tmp_path / "out"))).encode(text).tokens
        == backend.encode(text).tokens
    )


@pytest.mark.parametrize("fewer", [1, 100])
def test_a_tokenizer_with_more_words_than_the_embedding_is_another_models(
    tiny_biobert: Callable[[str], Path], fewer: int
) -> None:
    folder = tiny_biobert("encoder")
    rows = json.loads((folder / source.CONFIG).read_text())["vocab_size"] - fewer
    change(folder, vocab_size=rows)
    with pytest.raises(ModelError, match=f"its embedding {rows:,} rows: they are not of the same model"):
        source.backend_tokenizer(source.resolve(str(folder)))


@pytest.mark.parametrize("rows", [None, "many", 3.5])
def test_a_configuration_without_a_size_of_the_vocabulary_is_damaged(
    tiny_biobert: Callable[[str], Path], rows: Any
) -> None:
    folder = tiny_biobert("encoder")
    change(folder, vocab_size=rows)
    with pytest.raises(ModelError):
        source.backend_tokenizer(source.resolve(str(folder)))


def test_a_model_without_tokenizer_is_refused(tiny_biobert: Callable[[str], Path]) -> None:
    folder = tiny_biobert("encoder")
    (folder / "vocab.txt").unlink()
    with pytest.raises(ModelError, match="no tokenizer there"):
        source.backend_tokenizer(source.resolve(str(folder)))


@pytest.mark.parametrize(("kind", "there"), [("bert", "vocab.json"), ("roberta", "vocab.txt")])
def test_a_vocabulary_of_another_kind_of_tokenizer_is_none(
    tiny_biobert: Callable[[str], Path], kind: str, there: str
) -> None:
    folder = tiny_biobert("encoder")
    change(folder, model_type=kind)
    (folder / "vocab.txt").unlink()
    (folder / there).write_text("{}" if there == "vocab.json" else "[UNK]\ngene\n")
    with pytest.raises(ModelError, match=r"no vocabulary for .*Tokenizer there; expected one of vocab"):
        source.backend_tokenizer(source.resolve(str(folder)))


def test_a_tokenizer_that_runs_in_python_alone_is_refused(tiny_biobert: Callable[[str], Path]) -> None:
    folder = tiny_biobert("encoder")
    said = {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "basic"}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))
    with pytest.raises(ModelError, match="BertJapaneseTokenizer, runs in Python alone and cannot be exported"):
        source.backend_tokenizer(source.resolve(str(folder)))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_damaged_tokenizer_is_refused(tiny_bert: Callable[[str], Path], content: bytes) -> None:
    folder = tiny_bert("encoder")
    (folder / "tokenizer.json").write_bytes(content)
    with pytest.raises(ModelError, match="its tokenizer cannot be loaded"):
        source.backend_tokenizer(source.resolve(str(folder)))


def test_a_vocabulary_that_is_not_utf_8_is_refused(tiny_biobert: Callable[[str], Path]) -> None:
    folder = tiny_biobert("encoder")
    (folder / "vocab.txt").write_bytes(b"[UNK]\n\xff\xfe\n")
    with pytest.raises(ModelError):
        source.backend_tokenizer(source.resolve(str(folder)))


@pytest.mark.parametrize(
    ("kind", "places", "fits"),
    [("bert", 256, True), ("bert", 255, False), ("roberta", 257, False), ("roberta", 258, True)],
)
def test_no_more_tokens_are_asked_for_than_there_are_positions(
    tiny_biobert: Callable[[str], Path], kind: str, places: int, fits: bool
) -> None:
    folder = tiny_biobert("encoder")
    change(folder, model_type=kind, max_position_embeddings=places, pad_token_id=1)
    if fits:
        source.check_room(source.resolve(str(folder)), 256)
        return
    with pytest.raises(ModelError, match="pass --max-tokens 255 or fewer"):
        source.check_room(source.resolve(str(folder)), 256)


@pytest.mark.parametrize("places", [None, "many", 3.5])
def test_a_configuration_without_a_number_of_positions_is_damaged(
    tiny_biobert: Callable[[str], Path], places: Any
) -> None:
    folder = tiny_biobert("encoder")
    change(folder, max_position_embeddings=places)
    with pytest.raises(ModelError, match="damaged: max_position_embeddings is"):
        source.check_room(source.resolve(str(folder)), 256)


def test_a_configuration_that_does_not_name_the_padding_has_it_where_its_family_does(
    tiny_biobert: Callable[[str], Path],
) -> None:
    folder = tiny_biobert("encoder")
    change(folder, model_type="roberta", max_position_embeddings=258, pad_token_id=None)
    source.check_room(source.resolve(str(folder)), 256)


def test_a_folder_beside_a_hub_name_is_preferred(
    tiny_biobert: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_biobert("encoder"), tmp_path / "some" / "model")
    monkeypatch.chdir(tmp_path)
    assert source.resolve("some/model").folder == Path("some/model")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "added_tokens.json", "x.bin"])
def test_what_is_no_file_is_not_waited_for(tiny_biobert: Callable[[str], Path], name: str, kind: str) -> None:
    folder = tiny_biobert("encoder")
    (folder / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(folder / name)
    else:
        (folder / name).symlink_to("/dev/zero")
    with pytest.raises(ModelError, match="a pipe, a socket or a device"):
        source.backend_tokenizer(source.resolve(str(folder)))


def test_links_to_files_are_followed_as_the_cache_of_a_hub_has_them(
    tiny_biobert: Callable[[str], Path], tmp_path: Path
) -> None:
    blobs = tiny_biobert("encoder")
    for file in blobs.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "README.md").symlink_to("nowhere")
    assert source.resolve(str(tmp_path)).folder == tmp_path
    assert source.backend_tokenizer(source.resolve(str(tmp_path))).encode("Gene").tokens[1] == "Gene"


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "vocab.txt", "model.safetensors"])
def test_a_file_that_is_too_large_is_not_read(tiny_biobert: Callable[[str], Path], name: str) -> None:
    folder = tiny_biobert("encoder")
    with (folder / name).open("ab") as file:
        file.truncate(40 << 30)
    with pytest.raises(ModelError, match="bytes, more than the"):
        source.resolve(str(folder))


def test_templates_of_chats_are_not_read(tiny_biobert: Callable[[str], Path]) -> None:
    folder = tiny_biobert("encoder")
    (folder / "additional_chat_templates").mkdir()
    with pytest.raises(ModelError, match="has no such folder"):
        source.resolve(str(folder))


@pytest.mark.parametrize(
    "fields",
    [
        *({"num_hidden_layers": layers} for layers in (-1, 10**9)),
        *({"hidden_size": width} for width in (-1, 10**6, 8000)),
        *({name: 10**9} for name in ("vocab_size", "max_position_embeddings", "num_labels", "type_vocab_size")),
        {"hidden_size": 0, "intermediate_size": 0, "num_hidden_layers": 201},
        {"vocab_size": 1_900_000},
    ],
)
def test_no_more_weights_are_made_room_for_than_there_are(
    tiny_biobert: Callable[[str], Path], fields: dict[str, int]
) -> None:
    folder = tiny_biobert("encoder")
    change(folder, **fields)
    with pytest.raises(ModelError, match="cannot be loaded"):
        source.resolve(str(folder))


@pytest.mark.parametrize(
    "normalizer",
    [
        {"type": "Replace", "pattern": {"Regex": "(a|aa)+$"}, "content": "x"},
        {"type": "Replace", "pattern": {"String": "e"}, "content": "e" * 1000},
    ],
)
def test_a_tokenizer_that_may_not_end_is_refused(
    tiny_bert: Callable[[str], Path], normalizer: dict[str, object]
) -> None:
    folder = tiny_bert("encoder")
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps(content | {"normalizer": normalizer}))
    with pytest.raises(ModelError, match="its tokenizer cannot be loaded: its normalizer replaces"):
        source.backend_tokenizer(source.resolve(str(folder)))


@pytest.mark.parametrize(
    "said",
    [{"vocab_file": "/dev/zero"}, {"fast_tokenizer_files": ["../tokenizer.1.0.json"]}, {"fast_tokenizer_files": 5}],
)
def test_a_tokenizer_takes_no_files_from_elsewhere(
    tiny_biobert: Callable[[str], Path], said: dict[str, object]
) -> None:
    folder = tiny_biobert("encoder")
    (folder / "tokenizer_config.json").write_text(json.dumps(said))
    with pytest.raises(ModelError, match=r"tokenizer_config\.json: damaged"):
        source.backend_tokenizer(source.resolve(str(folder)))


def test_a_tokenizer_that_cannot_be_run_is_refused(tiny_bert: Callable[[str], Path]) -> None:
    folder = tiny_bert("encoder")
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    content["model"]["vocab"] = {}
    (folder / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"cannot be (run on a text|loaded)"):
        source.backend_tokenizer(source.resolve(str(folder)))


def test_the_panic_of_a_tokenizer_is_an_error() -> None:
    with pytest.raises(ModelError, match="cannot be loaded: Onig"), source.loading("cannot be loaded"):
        raise type("PanicException", (BaseException,), {})("Onig")
