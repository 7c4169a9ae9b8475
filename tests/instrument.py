"""Rewrites a program so that it says what it does: for witness.py.

    rewritten(code)      # -> the tree to compile, what its statements assign to, which of them are raise statements

Every expression passes its value through __ora__.v(number, value); every statement calls __ora__ when it begins, ends, tests, turns,
enters, leaves, raises, handles. __ora__ is the activation, a variable of every function. A node's number is its place in ast.walk(tree).
"""

import ast


def numbered(code: str):
    """-> the tree, its nodes: node.number is its place in them."""
    tree = ast.parse(code)
    nodes = list(ast.walk(tree))
    for number, node in enumerate(nodes):
        node.number = number
    return tree, nodes


def hook(name: str, *arguments):
    return ast.Call(ast.Attribute(ast.Name("__ora__", ast.Load()), name, ast.Load()),
                    [a if isinstance(a, ast.AST) else ast.Constant(a) for a in arguments], [])


def say(name: str, *arguments):
    return ast.Expr(hook(name, *arguments))


WITHOUT = (ast.Constant, ast.Starred, ast.Slice, ast.FormattedValue, ast.Pass, ast.Global, ast.Nonlocal)


def is_template(node) -> bool:
    """"%s and %s" % (a, b), which the compiler makes f"{a!s} and {b!s}" of."""
    return (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Tuple)
            and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str))


def is_constant(node) -> bool:
    """(1, 2), -3: the compiler makes one constant of a set of such parts, and another order than of parts one by one."""
    if isinstance(node, (ast.Set, ast.Tuple)):
        return all(map(is_constant, node.elts))
    return isinstance(node.operand if isinstance(node, ast.UnaryOp) else node, ast.Constant)


class Rewrite(ast.NodeTransformer):
    """Expressions report their values, statements what becomes of them."""
    def __init__(self):
        self.untold = set()

    def visit(self, node):
        if isinstance(node, ast.stmt):
            return self.statement(node)
        if isinstance(node, ast.expr):
            return self.expression(node)
        if isinstance(node, ast.pattern):
            return node
        if isinstance(node, ast.arguments):
            node.defaults = [self.visit(part) for part in node.defaults]
            node.kw_defaults = [part and self.visit(part) for part in node.kw_defaults]
            return node
        return self.generic_visit(node)

    def expression(self, node):
        if isinstance(node, ast.JoinedStr):
            self.inserted(node)
        else:
            if isinstance(node, ast.Lambda):
                self.untold.update(ast.walk(node))  # what yields in there is no call's
            if isinstance(node, ast.Yield) and node not in self.untold:
                value = self.visit(node.value) if node.value else ast.Constant(None)
                node.value = hook("yields", value)
                return hook("v", node.number, hook("resumes", node))
            if is_template(node):  # its parts are put in one by one: seen as a whole, Python would do otherwise
                node.right.elts = list(map(self.visit, node.right.elts))
                return hook("v", node.number, node)
            if isinstance(node, ast.IfExp):
                node.test, node.body, node.orelse = self.tested(node.test), self.visit(node.body), self.visit(node.orelse)
            elif not (isinstance(node, ast.Set) and is_constant(node)):
                self.generic_visit(node)
        if isinstance(node, WITHOUT) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return node
        if isinstance(node, ast.Await):
            node.value = hook("awaits", node.value)
        elif isinstance(node, ast.YieldFrom):
            node.value = hook("through", node.value)
        return hook("v", node.number, node)

    def tested(self, node):
        """a and b, not a, where only its truth counts: each operand is asked for its own, once."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.operand = self.tested(node.operand)
            return hook("v", node.number, node)
        if not isinstance(node, ast.BoolOp):
            return self.visit(node)
        node.values = [hook("truth", self.tested(part)) for part in node.values]
        return hook("decided", node.number, node)

    def inserted(self, joined) -> None:
        for part in joined.values:
            if isinstance(part, ast.FormattedValue):
                part.value = self.visit(part.value)
                if part.format_spec:
                    self.inserted(part.format_spec)

    def block(self, statements: list) -> list:
        found = []
        for node in statements:
            made = self.visit(node)
            found += made if isinstance(made, list) else [made]
        return found

    def statement(self, node):
        number, kind = node.number, type(node)
        if isinstance(node, WITHOUT) or kind is ast.ImportFrom and node.module == "__future__":
            return node
        if kind is ast.Expr and isinstance(node.value, ast.Constant):
            return node
        begin, end = say("begin", number), say("end", number)
        if isinstance(node, (ast.If, ast.While)):
            node.test = hook("test", number, hook("begin", number), self.tested(node.test))
            node.body, node.orelse = self.block(node.body), self.block(node.orelse)
            return node
        if isinstance(node, (ast.For, ast.AsyncFor)):
            node.target, node.iter = self.visit(node.target), self.visit(node.iter)
            node.body = [say("turn", number), *self.block(node.body)]
            node.orelse = [say("over", number), *self.block(node.orelse)]
            return [begin, node]
        if isinstance(node, (ast.With, ast.AsyncWith)):
            node.items = [self.generic_visit(item) for item in node.items]
            body = self.block(node.body)
            note = ast.ExceptHandler(ast.Name("BaseException", ast.Load()), None, [say("note"), ast.Raise()])
            note.type = ast.Attribute(ast.Name("__ora__", ast.Load()), "any", ast.Load())
            node.body = [say("enter", number), ast.Try(body, [note], [], [])]
            for item in reversed(node.items[1:]):  # as if each stood within the one before
                failed = ast.ExceptHandler(note.type, None, [say("opening", number), ast.Raise()])
                node.body = [ast.Try([kind([item], node.body)], [failed], [], [])]
            node.items = node.items[:1]
            return [begin, ast.Try([node], [], [], [say("leave", number)])]
        if kind in (ast.Try, getattr(ast, "TryStar", ast.Try)):
            node.body, node.orelse = self.block(node.body), self.block(node.orelse)
            for clause in node.handlers:
                if clause.type:
                    clause.type = hook("clause", clause.number, self.visit(clause.type))
                clause.body = [say("handle", clause.number), *self.block(clause.body)]
            if node.finalbody:
                node.finalbody = [say("note"), *self.block(node.finalbody)]
            return node
        if kind is ast.Match:
            node.subject = hook("subject", number, hook("begin", number), self.visit(node.subject))
            for case in node.cases:
                case.guard = case.guard and self.visit(case.guard)
                case.body = [say("case", case.number), *self.block(case.body)]
            return [node, say("unmatched", number)]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.decorator_list = [self.visit(part) for part in node.decorator_list]
            node.args = self.visit(node.args)
            node.body = self.activation(node)
            return [begin, node, end]
        if kind is ast.ClassDef:
            for name in ("decorator_list", "bases", "keywords"):
                setattr(node, name, [self.visit(part) for part in getattr(node, name)])
            node.body = self.block(node.body)
            return [begin, node, end]
        if kind is ast.Return:
            node.value = hook("returns", self.visit(node.value) if node.value else ast.Constant(None))
            return [begin, node]
        if kind is ast.Assert:
            node.test = hook("holds", number, self.tested(node.test))
            node.msg = node.msg and self.visit(node.msg)
            return [begin, node, end]
        if kind is ast.AugAssign:
            node.target = self.visit(node.target)
            node.value = hook("second", hook("old", number), self.visit(node.value))
            return [begin, node, end]
        if kind is ast.AnnAssign:
            if node.value is None:
                return node
            node.target, node.value = self.visit(node.target), self.visit(node.value)
            return [begin, node, end]
        self.generic_visit(node)
        return [begin, node] if kind in (ast.Break, ast.Continue, ast.Raise) else [begin, node, end]

    def activation(self, node) -> list:
        first = node.body[:1] if ast.get_docstring(node, clean=False) is not None else []
        begun = ast.Call(ast.Name("__ora_call__", ast.Load()), [ast.Constant(node.number)], [])
        made = ast.Assign([ast.Name("__ora__", ast.Store())], begun)
        gone = ast.ExceptHandler(ast.Attribute(ast.Name("__ora__", ast.Load()), "any", ast.Load()), None, [say("gone"), ast.Raise()])
        return [*first, made, ast.Try([*self.block(node.body[len(first):]), say("falls")], [gone], [], [say("leaves")])]


def calls_in(node) -> list:
    """What methods are called of in a statement, and what is handed to functions: fields and items that they may change."""
    found = []
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            goals = [part.func.value] if isinstance(part.func, ast.Attribute) else part.args
            found += [goal for goal in goals if isinstance(goal, (ast.Attribute, ast.Subscript))]
    return found


def rewritten(code: str):
    """-> the program to run, {number of a statement: what it assigns to}, numbers of raise statements"""
    tree, nodes = numbered(code)
    places = {}
    for node in nodes:
        goals = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else [getattr(node, "target", None)]
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            for goal in goals:
                if isinstance(goal, ast.Attribute):
                    places.setdefault(node.number, []).append((goal.number, goal.value.number, goal.attr))
                elif isinstance(goal, ast.Subscript):
                    key = goal.slice.value if isinstance(goal.slice, ast.Constant) else None
                    places.setdefault(node.number, []).append((goal.number, goal.value.number, (goal.slice.number, key)))
                elif isinstance(goal, ast.Name):
                    places.setdefault(node.number, []).append((goal.number, None, goal.id))
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)):
            for part in calls_in(node):
                places.setdefault(node.number, []).append((part.number, part.number, None))
    body, first = tree.body, 0
    if ast.get_docstring(tree, clean=False) is not None:
        first = 1
    while first < len(body) and isinstance(body[first], ast.ImportFrom) and body[first].module == "__future__":
        first += 1
    future = [say(name, node.number) for node in body[:first] if isinstance(node, ast.ImportFrom) for name in ("begin", "end")]
    tree.body = [*body[:first], *future, *Rewrite().block(body[first:])]
    raises = {node.number for node in nodes if isinstance(node, ast.Raise)}
    return ast.fix_missing_locations(tree), places, raises
