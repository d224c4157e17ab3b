"""What an expression of Prometheus asks for: metrics, and labels of each."""

from __future__ import annotations

from collections.abc import Iterator

from promql_parser import AggregateExpr, Expr, MatrixSelector, VectorSelector, parse, walk


def asked(expression: str) -> dict[str, set[str]]:
    """Each metric of the expression, with the labels that it is chosen or put together by."""
    found: dict[str, set[str]] = {}
    tree = parse(expression.replace("$__rate_interval", "1m"))
    for each in selectors(tree):
        found.setdefault(each.name, set()).update(matcher.name for matcher in each.matchers.matchers)
    for node in nodes(tree):
        if isinstance(node, AggregateExpr) and node.modifier:
            for each in selectors(node.expr):
                found[each.name].update(node.modifier.labels)
    return found


def selectors(tree: Expr) -> Iterator[VectorSelector]:
    for node in nodes(tree):
        if isinstance(node, MatrixSelector):
            yield node.vector_selector
        elif isinstance(node, VectorSelector):
            yield node


def nodes(tree: Expr) -> list[Expr]:
    found: list[Expr] = []
    walk(tree, lambda node: found.append(node))
    return found
