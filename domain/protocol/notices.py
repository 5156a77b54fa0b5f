"""What a notice says outside the product: a title in each language, in words that tell nothing about a person."""

from typing import Literal

from pydantic import Field

from domain.values import Frozen

Language = Literal["en", "zh"]


class NoticeWords(Frozen):
    """A notice's title. What it is about stands behind the link that goes with it, never in the message."""

    en: str = Field(min_length=1, max_length=60)
    zh: str = Field(min_length=1, max_length=30)

    def title(self, language: Language) -> str:
        """Give the title in a language."""
        return self.zh if language == "zh" else self.en
