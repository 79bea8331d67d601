"""From text to a local model's tokens, and back while they come."""

from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from inference_worker.backends.base import Prompt
from inference_worker.backends.characters import WholeCharacters
from inference_worker.cut import CutAtMarker
from inference_worker.prompt import text_prompt


class Spelling:
    """A model's tokenizer."""

    def __init__(self, file: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        # "<|endoftext|>" in a message is what somebody wrote, not the end of the text.
        self._tokenizer.encode_special_tokens = True

    def tokens(self, text: str) -> list[str]:
        return self._tokenizer.encode(text).tokens

    def written(self, prompt: Prompt, *, context_tokens: int, max_new_tokens: int) -> str:
        """The prompt as text, short enough for the reply to fit into the window behind it."""
        return text_prompt(
            prompt,
            context_tokens=context_tokens,
            max_new_tokens=max_new_tokens,
            count=lambda text: len(self.tokens(text)),
        )

    def reader(self) -> "Reader":
        return Reader(self._tokenizer)


class Reader:
    """Reads one reply, token by token: whole characters, up to where the model speaks for the human."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = DecodeStream(skip_special_tokens=True)
        self._characters = WholeCharacters()
        self._cut = CutAtMarker()

    @property
    def done(self) -> bool:
        """Nothing will follow, the model can be stopped."""
        return self._cut.done

    def feed(self, token_id: int) -> str:
        """What is certain to belong to the reply so far, perhaps nothing."""
        text = self._decoder.step(self._tokenizer, token_id)
        return self._cut.feed(self._characters.feed(text)) if text else ""

    def end(self) -> str:
        """What was held back and, as nothing follows, belongs to the reply."""
        return self._cut.end()
