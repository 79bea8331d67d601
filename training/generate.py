"""Write the training data: python -m training.generate --samples 400000

A tokenizer, and for each sample its tokens and which of them are learned: the replies with the marker behind them.
"""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
from tokenizers import Tokenizer

from training.data.conversation import conversation, text
from training.tokenizer import END, train_tokenizer

# Enough for the merges to settle.
TOKENIZER_SAMPLES = 60_000
_CHUNK = 2000


def pairs(seed: int) -> Iterator[list[tuple[str, str]]]:
    """Samples without end, the same for the same seed."""
    rng = Random(seed)
    while True:
        yield list(text(conversation(rng)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=2048)
    parser.add_argument("--out", type=Path, default=Path("var/training"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    some = itertools.islice(pairs(options.seed), TOKENIZER_SAMPLES)
    tokenizer = train_tokenizer(
        ("".join(before + reply for before, reply in sample) for sample in some), options.vocabulary
    )
    tokenizer.save(str(options.out / "tokenizer.json"))
    lengths, tokens, learned = _encode(tokenizer, options.seed, options.samples)
    np.savez(options.out / "data.npz", lengths=lengths, tokens=tokens, learned=learned)
    print(f"{len(lengths):,} samples, {len(tokens):,} tokens, {learned.mean():.0%} of them learned")


def _encode(tokenizer: Tokenizer, seed: int, samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    end = tokenizer.token_to_id(END)
    lengths: list[int] = []
    tokens: list[np.ndarray] = []
    learned: list[np.ndarray] = []
    source = itertools.islice(pairs(seed), samples)
    while chunk := list(itertools.islice(source, _CHUNK)):
        pieces = [piece for sample in chunk for pair in sample for piece in pair]
        encoded = iter(tokenizer.encode_batch_fast(pieces))
        for sample in chunk:
            ids: list[int] = []
            flags: list[bool] = []
            for _ in sample:
                for flag in (False, True):
                    part = next(encoded).ids
                    ids += part
                    flags += [flag] * len(part)
            lengths.append(len(ids) + 1)
            tokens.append(np.array([*ids, end], np.uint16))
            learned.append(np.array([*flags, True]))
    return np.array(lengths), np.concatenate(tokens), np.concatenate(learned)


if __name__ == "__main__":
    main()
