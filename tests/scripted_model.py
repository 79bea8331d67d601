"""Small real models that say what a test wants, for `local:`.

Each token has one that always follows it: the layers add nothing, and the last projection turns a token's vector
into its follower's number. So any sampling gives the same text, and all but its sense is as in a large model.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from bench.gptj import END, Shape, byte_tokenizer, save, spec

WIDTH = 128


def write_scripted(folder: Path, *pieces: str | bytes, loops: bool = False, **generation: Any) -> str:
    """Write a model that answers every prompt, as it ends with a colon, with these pieces, a token each.

    After the last one it ends, or begins again. Pieces must differ. Returns the `MODEL_URL`.
    """
    tokenizer = _with_tokens(pieces)
    path = [tokenizer.token_to_id(":"), *(tokenizer.token_to_id(_spelled(piece)) for piece in pieces)]
    path.append(path[1] if loops else tokenizer.token_to_id(END))
    size = tokenizer.get_vocab_size()
    shape = Shape(layers=1, width=WIDTH, heads=2, vocabulary=size, rotary=32)
    model = spec(shape)
    decoder, layer = model.decoder, model.decoder.layer[0]
    decoder.scale_embeddings = False
    vectors = np.random.default_rng(0).choice([-1.0, 1.0], (size, WIDTH)).astype(np.float32)
    decoder.embeddings.weight = vectors
    # All but the followers are as good as never chosen.
    projection = np.zeros((size, WIDTH), np.float32)
    for token, follower in pairwise(path):
        projection[follower] += vectors[token]
    decoder.projection.weight = projection
    ones, zeros = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    for linear, rows, columns in (
        (layer.self_attention.linear[0], 3 * WIDTH, WIDTH),
        (layer.self_attention.linear[1], WIDTH, WIDTH),
        (layer.ffn.linear_0, 4 * WIDTH, WIDTH),
        (layer.ffn.linear_1, WIDTH, 4 * WIDTH),
    ):
        linear.weight = np.zeros((rows, columns), np.float32)
    layer.ffn.linear_0.bias, layer.ffn.linear_1.bias = np.zeros(4 * WIDTH, np.float32), zeros
    for norm in (layer.shared_layer_norm, decoder.layer_norm):
        norm.gamma, norm.beta = ones, zeros
    save(folder, model, tokenizer, size)
    if generation:
        (folder / "generation.json").write_text(json.dumps(generation))
    return f"local:{folder}"


def _with_tokens(pieces: tuple[str | bytes, ...]) -> Tokenizer:
    """The tokenizer of all bytes, with a token for each piece that no text is ever split into."""
    tokenizer = byte_tokenizer()
    vocabulary = tokenizer.get_vocab()
    for piece in pieces:
        vocabulary.setdefault(_spelled(piece), len(vocabulary))
    state = json.loads(tokenizer.to_str())
    state["model"]["vocab"] = vocabulary
    return Tokenizer.from_str(json.dumps(state))


def _spelled(piece: str | bytes) -> str:
    """Bytes as a byte-level vocabulary writes them."""
    text = piece.encode() if isinstance(piece, str) else piece
    visible = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = {byte: 256 + at for at, byte in enumerate(sorted({*range(256)} - visible))}
    return "".join(chr(others.get(byte, byte)) for byte in text)
