"""Write the training data: python -m training.generate --samples 400000

A tokenizer, and for each sample its tokens and which of them are learned: the replies with the marker behind them.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from training.data.conversation import samples, text
from training.tokenizer import END, train_tokenizer

# Enough for the merges to settle.
TOKENIZER_SAMPLES = 60_000
_CHUNK = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=2048)
    parser.add_argument("--tokenizer", type=Path, help="take this one, for weights that know it")
    parser.add_argument("--out", type=Path, default=Path("var/training"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    if options.tokenizer:
        tokenizer = Tokenizer.from_file(str(options.tokenizer))
    else:
        tokenizer = _new_tokenizer(options.seed, options.vocabulary)
    tokenizer.save(str(options.out / "tokenizer.json"))
    lengths, tokens, learned = _encode(tokenizer, options.seed, options.samples)
    np.savez(options.out / "data.npz", lengths=lengths, tokens=tokens, learned=learned)
    print(f"{len(lengths):,} samples, {len(tokens):,} tokens, {learned.mean():.0%} of them learned")


def _new_tokenizer(seed: int, size: int) -> Tokenizer:
    some = itertools.islice(samples(seed), TOKENIZER_SAMPLES)
    return train_tokenizer(("".join(before + reply for before, reply in text(sample)) for sample in some), size)


def _encode(tokenizer: Tokenizer, seed: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    end = tokenizer.token_to_id(END)
    lengths: list[int] = []
    tokens: list[np.ndarray] = []
    learned: list[np.ndarray] = []
    source = (list(text(sample)) for sample in itertools.islice(samples(seed), count))
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
