"""Mark words that the student chose."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from autograder.marking.report import Finding, Outcome
from autograder.marking.wording import article, choose, did_you_mean, missing_value
from autograder.marking.work import Work


@dataclass(frozen=True)
class WordPart:
    """A choice of one word.

    Attributes:
        name: the variable.
        points: what the right word earns.
        words: the words to choose from, in lower case.
        right: the right one.
        says: what to say of a wrong one.
        question: what to ask about it.

    """

    name: str
    points: float
    words: tuple[str, ...]
    right: str
    says: str
    question: str

    def mark(self, work: Work) -> Finding:
        """Mark it."""
        seen = work.seen.get(self.name)
        if (missing := missing_value(self.name, seen, self.points)) is not None:
            return missing
        assert seen is not None
        word = seen.text.strip().lower()
        if seen.kind != "text":
            message = (
                f"`{self.name}` should be the text {choose(self.words)}; it is {article(seen)}."
            )
            return Finding(self.name, Outcome.WRONG_TYPE, 0, self.points, message)
        if word not in self.words:
            message = f"`{self.name}` is {seen.text[:40]!r}; choose {choose(self.words)}."
            message += did_you_mean(word, self.words)
            return Finding(self.name, Outcome.WRONG, 0, self.points, message)
        if word == self.right:
            message = f"`{self.name}` is right."
            return Finding(self.name, Outcome.RIGHT, self.points, self.points, message)
        message = f'`{self.name}` is "{word}". {self.says}'
        return Finding(self.name, Outcome.WRONG, 0, self.points, message, self.question)


@dataclass(frozen=True)
class TablePart:
    """A dictionary with a choice of a word for each key.

    Attributes:
        name: the variable.
        points: what all the right words earn, each in equal parts. Where no word is wrong, they
            are for choosing every one.
        words: the words to choose from, in lower case.
        keys: the keys, each with the right word; None where any of the words will do.
        praise: what to say when all is right.
        question: what to ask about wrong words.

    """

    name: str
    points: float
    words: tuple[str, ...]
    keys: Mapping[str, str | None]
    praise: str
    question: str = ""

    def mark(self, work: Work) -> Finding:
        """Mark it."""
        chosen, problem = self._chosen(work)
        if problem is not None:
            return problem
        right = [key for key in self.keys if self._is_right(key, chosen.get(key))]
        if len(right) == len(self.keys):
            return Finding(self.name, Outcome.RIGHT, self.points, self.points, self.praise)
        if all(chosen.get(key) == "..." for key in self.keys):
            message = f"All {self.name} are still `...`: choose a word for each."
            return Finding(self.name, Outcome.NOT_ATTEMPTED, 0, self.points, message)
        told = []
        for key in self.keys:
            if chosen.get(key) not in self.words:
                told.append(self._what_is_missing(chosen, key))
            elif key not in right:
                told.append(f'`{key}` is not "{chosen[key]}".')
        points = self.points * len(right) / len(self.keys)
        return Finding(self.name, Outcome.WRONG, points, self.points, " ".join(told), self.question)

    def _is_right(self, key: str, word: str | None) -> bool:
        return word in self.words if self.keys[key] is None else word == self.keys[key]

    def _chosen(self, work: Work) -> tuple[dict[str, str], Finding | None]:
        """Return the words by key (lower case; "..." for dots), or why there are none."""
        seen = work.seen.get(self.name)
        if (missing := missing_value(self.name, seen, self.points)) is not None:
            return {}, missing
        assert seen is not None
        if seen.kind != "mapping":
            message = (
                f"`{self.name}` should be the dictionary of the cell above; it is {article(seen)}."
            )
            return {}, Finding(self.name, Outcome.WRONG_TYPE, 0, self.points, message)
        chosen = {}
        for key, item in seen.items:
            chosen[key] = {"text": item.text.strip().lower(), "dots": "..."}.get(
                item.kind, article(item)
            )
        return chosen, None

    def _what_is_missing(self, chosen: Mapping[str, str], key: str) -> str:
        if key in chosen:
            if chosen[key] == "...":
                return f"`{key}` is still `...`."
            told = f"`{key}` is {chosen[key][:40]!r}; choose {choose(self.words)}."
            return told + did_you_mean(chosen[key], self.words)
        unknown = [word for word in chosen if word not in self.keys]
        similar = difflib.get_close_matches(key, unknown, n=1, cutoff=0.5)
        found = f" {similar[0][:40]!r} looks like it: is there a typo?" if similar else ""
        return f"`{self.name}` has no key {key!r}.{found}"
