"""GPT-J models of any shape with random weights, written straight into CTranslate2's format.

    python -m bench.gptj FOLDER --layers 28 --width 4096 --heads 16 --vocabulary 50400

They say nothing sensible, and are as fast as a trained model of their shape. Neither torch nor a download is
needed, nor more memory than one layer takes: how fast a model is does not depend on what its weights are, so all
layers share one set of random numbers.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

END = "<|endoftext|>"


@dataclass(frozen=True, slots=True)
class Shape:
    """GPT-J's sizes."""

    layers: int = 28
    width: int = 4096
    heads: int = 16
    vocabulary: int = 50_400
    rotary: int = 64
    """Dimensions of each head that are turned by the position."""

    @property
    def parameters(self) -> int:
        return self.layers * 12 * self.width**2 + 2 * self.vocabulary * self.width


def byte_tokenizer() -> Tokenizer:
    """A tokenizer of GPT-J's kind that knows a token for each byte and the end of a text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={token: at for at, token in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(END, special=True)])
    return tokenizer


def spec(shape: Shape) -> Any:
    """CTranslate2's description of a GPT-J of this shape; its weights are yet to be set."""
    return transformer_spec.TransformerDecoderModelSpec.from_config(
        shape.layers,
        shape.heads,
        activation=common_spec.Activation.GELUTanh,
        rotary_dim=shape.rotary,
        rotary_interleave=False,
        parallel_residual=True,
        shared_layer_norm=True,
    )


def write(folder: Path, shape: Shape, seed: int = 0) -> None:
    """Write an int8 model with random weights, and its tokenizer."""
    tokenizer = byte_tokenizer()
    model, random, width = spec(shape), np.random.default_rng(seed), shape.width
    used = tokenizer.get_vocab_size()
    decoder = model.decoder
    decoder.scale_embeddings = False
    _set_weight(decoder.embeddings, random, shape.vocabulary, width)
    _set_weight(decoder.projection, random, shape.vocabulary, width)
    # What no token stands for is never chosen, nor is the end: replies are as long as they may be.
    decoder.projection.bias = np.full(shape.vocabulary, -1e4, np.float32)
    decoder.projection.bias[: used - 1] = 0
    ones, zeros = np.ones(width, np.float32), np.zeros(width, np.float32)
    first = decoder.layer[0]
    for linear, rows, columns in (
        (first.self_attention.linear[0], 3 * width, width),
        (first.self_attention.linear[1], width, width),
        (first.ffn.linear_0, 4 * width, width),
        (first.ffn.linear_1, width, 4 * width),
    ):
        _set_weight(linear, random, rows, columns)
    first.ffn.linear_0.bias, first.ffn.linear_1.bias = np.zeros(4 * width, np.float32), zeros
    for layer in decoder.layer:
        layer.self_attention.linear = first.self_attention.linear
        layer.ffn.linear_0, layer.ffn.linear_1 = first.ffn.linear_0, first.ffn.linear_1
        layer.shared_layer_norm.gamma, layer.shared_layer_norm.beta = ones, zeros
    decoder.layer_norm.gamma, decoder.layer_norm.beta = ones, zeros
    save(folder, model, tokenizer, shape.vocabulary)


def save(folder: Path, model: Any, tokenizer: Tokenizer, vocabulary: int) -> None:
    """Write the files of a model folder."""
    tokens = [tokenizer.id_to_token(at) or f"<unused{at}>" for at in range(vocabulary)]
    model.register_vocabulary(tokens)
    model.config.bos_token = model.config.eos_token = model.config.unk_token = END
    folder.mkdir(parents=True, exist_ok=True)
    model.validate()
    model.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))


def _set_weight(part: Any, random: np.random.Generator, rows: int, columns: int) -> None:
    part.weight = random.integers(-127, 128, (rows, columns), np.int8)
    # As large as a trained model's: the products keep about the size of what goes in.
    part.weight_scale = np.full(rows, 127 * columns**0.5 / 1.5, np.float32)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.gptj", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    for name, value in (("layers", 28), ("width", 4096), ("heads", 16), ("vocabulary", 50_400)):
        parser.add_argument(f"--{name}", type=int, default=value, help=f"({value})")
    options = parser.parse_args()
    head = options.width // options.heads
    shape = Shape(options.layers, options.width, options.heads, options.vocabulary, min(64, head // 2))
    write(options.folder, shape)
    (options.folder / "generation.json").write_text(json.dumps({"name": "random GPT-J", "context_tokens": 2048}))
    print(f"{shape.parameters / 1e6:,.0f} M parameters in {options.folder}; MODEL_URL=local:{options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
