"""The changes that can be made to a module's source, and a sample of them."""

import ast
import difflib
import hashlib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword
from parso.tree import NodeOrLeaf
from tools.mutants.job import ROOT

_NUMBERS: Final = (
    "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_FloorDiv LShift_RShift RShift_LShift BitAnd_BitXor BitXor_BitAnd"
)
_COMPARISONS: Final = "Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt GtE_Lt"
_OTHERS: Final = (
    "AddNot NumberReplacer RemoveDecorator ReplaceAndWithOr ReplaceBreakWithContinue "
    "ReplaceContinueWithBreak ReplaceFalseWithTrue ReplaceOrWithAnd ReplaceTrueWithFalse "
    "ReplaceUnaryOperator_Delete_Not ReplaceUnaryOperator_USub_UAdd ZeroIterationForLoop"
)
_NOT_BEHAVIOUR: Final = ("_log.", "@override", "@abstractmethod", "frozen=True", "slots=True")
"""Lines that no test can notice a change of."""


class RemoveStatement(Operator):  # type: ignore[misc]
    """Removes a call, a `raise`, or what assigns or deletes an attribute or an item."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        parent = node.parent
        if parent is None or parent.type != "simple_stmt" or parent.children[0] is not node:
            return
        assigned = node.children[0].type if node.type == "expr_stmt" else None
        deleted = node.children[1].type if node.type == "del_stmt" else None
        if node.type in {"atom_expr", "raise_stmt"} or "atom_expr" in {assigned, deleted}:
            yield node.start_pos, node.end_pos

    def mutate(self, node: NodeOrLeaf, _index: int) -> NodeOrLeaf:
        return Keyword("pass", node.start_pos, node.get_first_leaf().prefix)

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


OPERATORS: Final[dict[str, type[Operator]]] = {
    "RemoveStatement": RemoveStatement,
    **{
        name: get_operator(f"core/{name}")
        for name in (
            *(f"ReplaceBinaryOperator_{each}" for each in _NUMBERS.split()),
            *(f"ReplaceComparisonOperator_{each}" for each in _COMPARISONS.split()),
            *_OTHERS.split(),
        )
    },
}


class Mutant(NamedTuple):
    """One change: the n-th that this operator can make to the file."""

    path: Path
    """Relative to the repository."""
    operator: str
    occurrence: int
    lines: range
    """Lines of the statement that it changes, without those of its body."""
    name: str
    """Names it when other lines of the file have changed, too."""

    @property
    def folder(self) -> str:
        """The folder of `src/eyeline` that it is in."""
        return self.path.parts[2]

    @property
    def module(self) -> str:
        """The module that it is in, for example `eyeline.turn.nonce`."""
        return ".".join(self.path.with_suffix("").parts[1:])

    def source(self) -> str:
        """The source of the module with this change."""
        changed = mutate_code((ROOT / self.path).read_text(), OPERATORS[self.operator](), self.occurrence)
        assert isinstance(changed, str)
        return changed

    def diff(self) -> Iterator[str]:
        """What it changes, as a unified diff without context."""
        before = (ROOT / self.path).read_text().splitlines()
        return difflib.unified_diff(before, self.source().splitlines(), str(self.path), self.name, n=0, lineterm="")


class _Statements:
    """The lines of each statement of a module, without those of its body."""

    def __init__(self, source: str) -> None:
        self._spans = [self._span(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]

    @staticmethod
    def _span(node: ast.stmt) -> range:
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(each.lineno for each in decorators)])
        body: list[ast.stmt] = getattr(node, "body", [])
        end = body[0].lineno if body else (node.end_lineno or node.lineno) + 1
        return range(start, max(end, start + 1))

    def around(self, line: int) -> range:
        """The smallest statement that the line is part of."""
        return min((span for span in self._spans if line in span), key=len, default=range(line, line + 1))


def mutants(path: Path, seed: int) -> Iterator[tuple[str, Mutant]]:
    """One change for each place of the module where one can be made, with a number that is as good as random."""
    source = (ROOT / path).read_text()
    lines = source.splitlines()
    statements = _Statements(source)
    nodes = list(ast_nodes(get_ast_from_path(ROOT / path)))
    seen: Counter[str] = Counter()
    places: dict[object, tuple[str, Mutant]] = {}
    for operator in OPERATORS:
        occurrence = -1
        for node in nodes:
            for place in OPERATORS[operator]().mutation_positions(node):
                occurrence += 1
                (line, column), _ = place
                text = lines[line - 1].strip()
                if any(each in text for each in _NOT_BEHAVIOUR):
                    continue
                name = f"{operator} at {column} of {text}"
                seen[name] += 1
                name += f" ({seen[name]})"
                number = hashlib.sha256(f"{seed} {path} {name}".encode()).hexdigest()
                mutant = Mutant(path, operator, occurrence, statements.around(line), name)
                places[place] = min(places.get(place, (number, mutant)), (number, mutant), key=lambda each: each[0])
    yield from places.values()


def sample(folder: str, count: int, seed: int) -> list[Mutant]:
    """That many changes of the folder's modules, the same for the same seed wherever the source is the same."""
    files = sorted((ROOT / "src" / "eyeline" / folder).rglob("*.py"))
    found = sorted((each for path in files for each in mutants(path.relative_to(ROOT), seed)), key=lambda each: each[0])
    print(f"{folder}: {len(found)} places can be changed", flush=True)
    return list(islice((mutant for _, mutant in found if _is_python(mutant.source())), count))


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
