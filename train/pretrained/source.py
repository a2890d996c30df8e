"""Where a model to train or export comes from: a folder, the models that have a name here, or a hub."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bioqa.eval.datasets.files import read_json
from bioqa.index.errors import ModelError
from bioqa.index.models import registry, tokenizer_parts
from bioqa.index.models.model import FILES, TOKENIZER
from bioqa.index.models.runtime import panics_as_errors
from bioqa.index.plain_files import is_plain_name
from bioqa.train.pretrained import hub, weights

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CONFIG = "config.json"
_SAID = "tokenizer_config.json"
FAMILY = ("albert", "bert", "camembert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta")
_COUNT_FROM_PADDING = {"camembert", "mpnet", "roberta", "xlm-roberta"}  # their positions begin after the padding id
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json")
_MOST_OF_WEIGHTS = 4 << 30  # bytes; XLM-RoBERTa-large has 2.2 GB in fp32
_MOST: Mapping[str, int] = {  # of what a configuration asks for, well above all models of the family
    "vocab_size": 2_000_000,
    **dict.fromkeys(("hidden_size", "dim", "embedding_size", "num_labels"), 20_000),
    **dict.fromkeys(("intermediate_size", "hidden_dim", "max_position_embeddings"), 100_000),
    **dict.fromkeys(("num_hidden_layers", "n_layers", "num_hidden_groups", "inner_group_num"), 200),
    **dict.fromkeys(("num_attention_heads", "n_heads", "type_vocab_size", "relative_attention_num_buckets"), 1_000),
}
_TEMPLATES = "additional_chat_templates"  # a folder whose files transformers reads
_NORMALIZER = {  # options of tokenizers in transformers, by what tokenizer.json calls them
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}


@dataclass(frozen=True, slots=True)
class PretrainedModel:
    """A model that has been located: `source` as the user names it, and the folder with its weights in safetensors."""

    source: str
    folder: Path


def resolve(source: str) -> PretrainedModel:
    """The model that a user names by a folder, a name of `bioqa models`, or a name at a hub, which is asked for it.

    Raises ModelError for what is no model of BERT's family, BioqaError where a hub is needed and not reachable.
    """
    folder = registry.find_model(source)
    if not folder.is_dir():
        if folder.exists() or not hub.NAME.fullmatch(source):
            raise ModelError(
                f"{source}: no folder there, and no name of a model at a hub such as dmis-lab/biobert-base-cased-v1.2"
            )
        folder = hub.fetched(source)
    _check_files(folder)
    config = _config(folder)
    kind = config.get("model_type")
    if kind not in FAMILY:
        raise ModelError(
            f"{folder / CONFIG}: a model of type {kind!r}, not of BERT's family; bioqa runs {', '.join(FAMILY)}"
        )
    _check_size(folder, config)
    return PretrainedModel(source, weights.as_safetensors(folder))


def _check_files(folder: Path) -> None:
    """Raises ModelError where a folder holds what is no file, which reading would wait for without end, or a file that
    is too large. Links to files are followed: the cache of huggingface.co consists of them."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if entry.name == _TEMPLATES:
                raise ModelError(f"{path}: cannot be loaded: a model of BERT's family has no such folder; remove it")
            try:
                state = path.stat()
            except OSError:  # a link that leads nowhere: no file
                continue
            if stat.S_ISDIR(state.st_mode):
                continue
            if not stat.S_ISREG(state.st_mode):
                raise ModelError(f"{path}: cannot be loaded: a pipe, a socket or a device, not a file; remove it")
            most = FILES[TOKENIZER] if path.suffix in weights.BESIDE else _MOST_OF_WEIGHTS
            if state.st_size > most:
                raise ModelError(
                    f"{path}: cannot be loaded: {state.st_size:,} bytes, more than the {most:,} it can have"
                )


def _check_size(folder: Path, config: dict[str, Any]) -> None:
    """Raises ModelError where a configuration asks for more weights than the folder can hold: transformers makes room
    for all before it looks. What is no number is left to transformers."""
    for name, most in _MOST.items():
        if isinstance(config.get(name), int) and not 0 <= config[name] <= most:
            raise ModelError(f"{folder / CONFIG}: cannot be loaded: {name} is {config[name]}, not from 0 to {most:,}")

    def size(*names: str, default: int) -> int:
        return next((config[name] for name in names if isinstance(config.get(name), int)), default)

    width = size("hidden_size", "dim", default=768)
    rows = size("vocab_size", default=30_522) + size("max_position_embeddings", default=512)
    layers = size("num_hidden_groups", "num_hidden_layers", "n_layers", default=12) * size("inner_group_num", default=1)
    layer = 4 * width * width + 2 * width * size("intermediate_size", "hidden_dim", default=3_072)
    asked = (rows + size("type_vocab_size", default=2)) * size("embedding_size", default=width) + layers * layer
    held = weights.size(folder)
    if held and asked > 2 * held:  # a weight in int8 has a byte
        raise ModelError(
            f"{folder / CONFIG}: cannot be loaded: asks for {asked:,} weights, and those there have {held:,} bytes: "
            "they are not of the same model"
        )


def tokenizer(model: PretrainedModel) -> Any:
    """The tokenizer of a model, in a folder or at a hub, as transformers has it.

    Where only the vocabulary is there, as of BioBERT, words in it with capitals tell that capitals count.

    Raises ModelError where there is none, not the one of the model, or none that can be exported.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    source, folder = model.source, model.folder
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise ModelError(f"{source}: no tokenizer there; expected one of {', '.join(_TOKENIZERS)}")
    _check_tokenizer(source, folder)
    with loading(f"{source}: its tokenizer cannot be loaded"):
        found = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **_spelling(folder))
        words = max(found.get_vocab().values()) + 1
    kind, own = type(found).__name__, found.vocab_files_names.values()
    if not isinstance(found, PreTrainedTokenizerFast):
        raise ModelError(f"{source}: its tokenizer, {kind}, runs in Python alone and cannot be exported")
    if not any((folder / name).is_file() for name in ("tokenizer.json", *own)):  # transformers would know no word
        raise ModelError(f"{source}: no vocabulary for {kind} there; expected one of {', '.join(own)}")
    rows = _config(folder).get("vocab_size")
    if not isinstance(rows, int) or words > rows:
        raise ModelError(
            f"{source}: its tokenizer has {words:,} words, its embedding {rows:,} rows: they are not of the same model"
            if isinstance(rows, int)
            else f"{folder / CONFIG}: damaged: vocab_size is {rows!r}, expected a number"
        )
    return found


def _check_tokenizer(source: str, folder: Path) -> None:
    """Raises ModelError where a tokenizer has parts that can run without end, or takes files from elsewhere."""
    if (folder / TOKENIZER).is_file():
        with loading(f"{source}: its tokenizer cannot be loaded"):
            tokenizer_parts.check((folder / TOKENIZER).read_bytes())
    if not (folder / _SAID).is_file():
        return
    said = _object(folder / _SAID)
    versions = said.get("fast_tokenizer_files") or []
    if not isinstance(versions, list) or not all(isinstance(name, str) and is_plain_name(name) for name in versions):
        raise ModelError(f"{folder / _SAID}: damaged: fast_tokenizer_files is not a list of files in that folder")
    for name, value in said.items():
        if name.endswith("_file") and isinstance(value, str) and os.path.exists(value) and not os.path.isfile(value):  # noqa: PTH110, PTH113
            raise ModelError(f"{folder / _SAID}: damaged: {name} is {value!r:.100}, which is no file")


def backend_tokenizer(model: PretrainedModel) -> "Tokenizer":
    """The tokenizer of a model, without truncation or padding."""
    backend: Tokenizer = tokenizer(model).backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    with loading(f"{model.source}: its tokenizer cannot be run on a text"):
        backend.encode("Which α?", "A gene.")
    return backend


def configuration(model: PretrainedModel) -> dict[str, Any]:
    """What a model's configuration says, but for where on somebody's disk it lay."""
    return {key: value for key, value in _config(model.folder).items() if key != "_name_or_path"}


def check_room(model: PretrainedModel, max_tokens: int) -> None:
    """Raises ModelError where a model has no positions for so many tokens, or its configuration doesn't tell."""
    folder = model.folder
    config = _config(folder)
    places, padding = config.get("max_position_embeddings", max_tokens), config.get("pad_token_id", 1)
    if not isinstance(places, int):
        raise ModelError(f"{folder / CONFIG}: damaged: max_position_embeddings is {places!r}, expected a number")
    if config.get("model_type") in _COUNT_FROM_PADDING:
        places -= (padding if isinstance(padding, int) else 1) + 1
    if places < max_tokens:
        raise ModelError(
            f"{model.source}: sees {places} tokens at most; "
            f"pass --max-tokens {places} or fewer, or max_tokens in a recipe"
        )


@contextmanager
def loading(complaint: str) -> Iterator[None]:
    """Whatever transformers raises at damaged files becomes a ModelError: `complaint` and the first line of it."""
    try:
        with panics_as_errors():
            yield
    except Exception as error:  # its errors share no base class
        raise ModelError(f"{complaint}: {(str(error).strip() or type(error).__name__).splitlines()[0]}") from None


def _spelling(folder: Path) -> dict[str, Any]:
    """What to tell transformers of capitals, accents and Chinese characters, where the model's configuration does not:
    it takes no more than the words from tokenizer.json, and has the rest as BERT without capitals had it."""
    known = _object(folder / _SAID) if (folder / _SAID).is_file() else {}
    if (folder / "tokenizer.json").is_file():
        normalizer = _object(folder / "tokenizer.json").get("normalizer") or {}
        bert = normalizer if normalizer.get("type") == "BertNormalizer" else {}
        found = {option: bert[name] for option, name in _NORMALIZER.items() if name in bert}
    elif (folder / "vocab.txt").is_file():
        words = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
        found = {"do_lower_case": not any(word != word.lower() for word in words if not word.startswith("["))}
    else:
        found = {}
    return {option: value for option, value in found.items() if option not in known}


def _config(folder: Path) -> dict[str, Any]:
    if not (folder / CONFIG).is_file():
        raise ModelError(f"{folder}: cannot be loaded: no model there (no {CONFIG})")
    return _object(folder / CONFIG)


def _object(path: Path) -> dict[str, Any]:
    content = read_json(path, "a model's configuration")
    if not isinstance(content, dict):
        raise ModelError(f"{path}: damaged: expected an object")
    return content
