import json
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from bioqa.index.models import model


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders with a random BERT of two small layers and the tokenizer of the encoder that ships."""
    transformers = pytest.importorskip("transformers")
    tokenizer_file = model.shipped("encoder") / "tokenizer.json"
    vocabulary = json.loads(tokenizer_file.read_text(encoding="utf-8"))["model"]["vocab"]

    def saved(task: str) -> Path:
        folder = tmp_path_factory.mktemp(f"tiny-{task}")
        save_random_bert(folder, task, len(vocabulary))
        transformers.PreTrainedTokenizerFast(
            tokenizer_file=str(tokenizer_file),
            unk_token="[UNK]",
            sep_token="[SEP]",
            cls_token="[CLS]",
            pad_token="[PAD]",
            mask_token="[MASK]",
        ).save_pretrained(folder)
        return folder

    return saved


@pytest.fixture(scope="session")
def tiny_biobert(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folders with what BioBERT's has, but smaller: a configuration, weights, and a cased vocabulary and no more."""
    pytest.importorskip("transformers")
    characters = string.ascii_letters + string.digits + string.punctuation
    words = ["[PAD]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *(f"##{c}" for c in characters)]
    words += ["gene", "Gene", "CF", "##TR", "disease", "causes"]

    def saved(task: str) -> Path:
        folder = tmp_path_factory.mktemp(f"tiny-biobert-{task}")
        save_random_bert(folder, task, len(words))
        (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
        return folder

    return saved


def save_random_bert(folder: Path, task: str, words: int) -> None:
    """Write configuration and weights of a random BERT of two small layers."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=words,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
    )
    kind = transformers.BertModel if task == "encoder" else transformers.BertForQuestionAnswering
    kind(config).save_pretrained(folder)


@pytest.fixture
def pickled() -> Callable[[Path], Path]:
    """Turns the weights of a folder into pytorch_model.bin, as old models have them: tied, with TensorFlow's names."""
    torch = pytest.importorskip("torch")

    def turn(folder: Path) -> Path:
        from safetensors.torch import load_file

        safe = folder / "model.safetensors"
        tensors = {
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
            for name, tensor in load_file(safe).items()
        }
        embedding = next(tensor for name, tensor in tensors.items() if name.endswith("word_embeddings.weight"))
        torch.save({**tensors, "cls.predictions.decoder.weight": embedding}, folder / "pytorch_model.bin")
        safe.unlink()
        return folder / "pytorch_model.bin"

    return turn
