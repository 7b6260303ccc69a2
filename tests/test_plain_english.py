"""Docs, page texts, docstrings and comments are plain English: none of the patterns listed here occurs in them."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[1]

if not (ROOT / ".git").exists():
    pytest.skip("Git knows which files there are, and this isn't a checkout", allow_module_level=True)

_COMPARED = "longer|more|less|fewer|larger|smaller|higher|lower|faster|slower|later|earlier|newer|older|better|worse"
_NOT_A_NOUN = f"{_COMPARED}|different|one|other|such|way|need|reason|point|match"
_FINITE = (
    "is|are|was|were|may|can|could|must|will|would|has|gets|takes|sends|comes|goes|leaves|makes|waits|asks|holds|shows|sees"
    "|knows|needs|likes|wants|puts|speaks"
)
_SAME_CLAUSE = (
    r"(?:(?!\b(?:who|whom|that|which|what|and|or|where|when|if|while|because|but|as|than)\b|\n\n)[^.,;:?|`])*"
)
_OVER = "`?https?:|HTTPS?|TCP|TLS|UDP|ASGI|(?:a|the|its|their|this) (?:link|pass|stream|connection|line)"

PATTERNS: Final = {
    r"\banew\b": "again",
    r"\b(?:to|for|by|from|with|than|at|against|upon|in) who\b(?! else| in\b|,)": "'anyone who', 'a client that'",
    r"(?<!statement )(?<!question )(?<!list )(?<!record )(?<!idea )(?<!regardless )\bof who\b": "'of people who'",
    r"(?<!depends )(?<!depending )(?<!based )(?<!decides )(?<!decide )(?<!word )\bon who\b": "'on clients that'",
    r"(?:^|[.;:(] +|\"\"\"|/\*\* |// |# |\* )Who(?:m|se)?\b"
    rf"{_SAME_CLAUSE}\b(?:{_FINITE}|does|had|came)\b{_SAME_CLAUSE}\b(?:{_FINITE})\b": (
        "start with 'Anyone who', 'A client that', 'Clients that'"
    ),
    r"(?<![Tt]here\s)(?<![Tt]hat\s)\b(?:is|are|was|were) no (?!(?:" + _NOT_A_NOUN + r")\b)[a-z]+": "'is not a ...'",
    r"\b(?!need\b)[a-z]+ed no more\b": "'no longer ...'",
    r"\b(?:(?:to|can|could) be had|in vain|sees? to it|saw to it|keeps? to it|kept to it)\b": "the plain verb",
    r"\bof no (?:more )?(?:use|interest)\b": "'not needed', 'doesn't matter'",
    r"\b(?:tells?|told) of\b": "'reports', 'informed about'",
    r"\b(?:comes?|came|coming) by (?:" + _OVER + r")": "'over', 'through'",
    r"\bat the door\b": "'in the waiting room', 'on entering'",
    r", for (?:it|they|we|there|nobody|everybody) (?:is|are|was|has|have|can|may|does|do|had|would|will)\b": "because",
    r"\bshall\b": "will",
    r"\bplays? by (?:it|the same|them)\b": "'follows the same rules'",
    r"\b(?:thence|whence|hither|thither|whereby|wherein|thereof|hereby|herein|likewise|heretofore|nought|naught)\b": (
        "a usual word"
    ),
    r"\b(?:lest|hereafter|henceforth|forthwith|beforehand|in the stead|whilst|amongst)\b": "a usual word",
    r"\bnobody more\b|\bnone more\b": "'nobody else', 'no more'",
    r"\bone's own\b|\boneself\b": "'your own', 'their own', 'itself'",
    r"\bof whom (?:it|they|we) (?:is|are|was|has|have|knows?)\b": "turn the sentence round",
    r"\b[Ww]hat (?:becomes|has become) of\b": "'what happens to'",
    r"\b[Hh]ow much of [a-z]+ is there\b": "'progress of'",
    r"\bis to be (?:had|found|seen|told)\b": "the plain verb",
    r"\b(?:so|such) that it be\b|\bbe it\b|\bwere it\b": "no subjunctive",
}
"""What a native speaker wouldn't write, and what to write instead."""

READ = [
    path
    for path in map(
        Path,
        subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines(),
    )
    if path.suffix in {".md", ".py", ".ts", ".tsx", ".html", ".yml", ".mjs"}
    and path.name not in {"test_plain_english.py", "emoji.ts", "word-list.ts"}
    and "node_modules" not in path.parts
    and (ROOT / path).exists()
]


@pytest.mark.parametrize("path", READ, ids=str)
def test_every_sentence_is_plain_english(path: Path) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    found = [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: '{' '.join(match[0].split())}': write {instead}"
        for pattern, instead in PATTERNS.items()
        for match in re.finditer(pattern, text, re.MULTILINE)
    ]

    assert found == [], "\n".join(found)
