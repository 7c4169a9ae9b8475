"""The test methods of a package as programs: what each uses of the package and of its test file, without imports of these.

    methods(Path("algorithms-1.0.1"), "algorithms")     # an unpacked source distribution -> (name, code), ...

A check of unittest becomes a print of what it compares; what must raise is caught. Left out are methods that use a module as a value,
two things of one name, or a check of another kind.
"""

import ast
from pathlib import Path


class Cannot(Exception):
    pass


def names_used(node) -> list[str]:
    return sorted({part.id for part in ast.walk(node) if isinstance(part, ast.Name)})


def binds(node) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [name for target in node.targets for name in names_used(target)]
    return names_used(node.target) if isinstance(node, (ast.AnnAssign, ast.AugAssign)) else []


class Module:
    """defined: {name: statements}; imported: {name: (module, name there or None)}"""

    def __init__(self, name: str, path: Path):
        self.name, self.tree, self.is_package = name, ast.parse(path.read_text()), path.name == "__init__.py"
        self.defined, self.imported = {}, {}
        for node in self.tree.body:
            for bound in binds(node):
                self.defined.setdefault(bound, []).append(node)
            for part in ast.walk(node) if isinstance(node, (ast.If, ast.Try)) else [node]:
                self.imports(part)

    def imports(self, node) -> None:
        if isinstance(node, ast.ImportFrom):
            base = self.name.split(".")
            base = base[:len(base) - node.level + self.is_package] if node.level else []
            source = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                self.imported[alias.asname or alias.name] = source, alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                self.imported[alias.asname or alias.name.split(".")[0]] = alias.name, None


class Package:
    def __init__(self, folder: Path, name: str):
        self.name, self.modules = name, {}
        for path in sorted((folder / name).rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            called = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            self.modules[called] = Module(called, path)

    def collect(self, module: Module, name: str, found: dict) -> None:
        """Adds what defines a name in a module, after what that needs: {(module, name): statements}."""
        if (module.name, name) in found:
            return
        found[module.name, name] = ()
        if name in module.defined:
            for used in [used for node in module.defined[name] for used in names_used(node)]:
                self.collect(module, used, found)
            del found[module.name, name]
            found[module.name, name] = module.defined[name]
        elif name in module.imported:
            source, there = module.imported[name]
            text = f"{name} = {there}" if there != name else "pass"
            if source.split(".")[0] != self.name:
                text = f"import {source} as {name}" if there is None else f"from {source} import {there} as {name}"
            elif there is None or source not in self.modules or (
                    f"{source}.{there}" in self.modules and there not in self.modules[source].imported):
                raise Cannot("a module as a value")
            else:
                self.collect(self.modules[source], there, found)
            del found[module.name, name]
            found[module.name, name] = ast.parse(text).body


def printed(*values) -> ast.Call:
    return ast.Call(ast.Name("print", ast.Load()), list(values), [])


def check_of(node) -> str:
    """self.assertEqual(a, b) -> assertEqual; "" for others"""
    function = getattr(node, "func", None)
    own = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "self"
    return function.attr if own and function.attr.startswith(("assert", "subTest")) else ""


class Checks(ast.NodeTransformer):
    def visit_Call(self, node):
        self.generic_visit(node)
        if check_of(node) in ("assertRaises", "subTest"):
            raise Cannot("another check")
        return printed(*node.args) if check_of(node) else node

    def visit_Expr(self, node):
        if check_of(node.value) == "assertRaises":
            kind, function, *given = node.value.args
            return caught(kind, [ast.Expr(ast.Call(function, given, node.value.keywords))])
        return self.generic_visit(node)

    def visit_With(self, node):
        call = node.items[0].context_expr
        if check_of(call) == "assertRaises":
            return caught(call.args[0], list(map(self.visit, node.body)))
        return list(map(self.visit, node.body)) if check_of(call) == "subTest" else self.generic_visit(node)


def caught(kind, body: list) -> ast.Try:
    return ast.Try(body, [ast.ExceptHandler(kind, "problem", [ast.Expr(printed(ast.Name("problem", ast.Load())))])], [], [])


def program(package: Package, test: Module, case: ast.ClassDef, method: str) -> str:
    """One method, with what its class has besides tests. Raises Cannot."""
    kept = [part for part in case.body if getattr(part, "name", method) == method or not part.name.startswith("test")]
    body = [Checks().visit(ast.parse(ast.unparse(part)).body[0]) for part in kept]
    text = ast.unparse(ast.fix_missing_locations(ast.ClassDef(case.name, [], [], body, [], type_params=[])))
    found, modules, texts = {}, {}, ["from __future__ import annotations"]
    for name in names_used(ast.parse(text)):
        package.collect(test, name, found)
    for (module, name), statements in found.items():
        is_own = any(binds(node) and node.__class__ in (ast.FunctionDef, ast.ClassDef) for node in statements)
        if is_own and modules.setdefault(name, module) != module:
            raise Cannot("two things of one name")
        texts += [line for line in map(ast.unparse, statements) if line not in (*texts, "pass")]
    start = "case.setUp()\n" if "setUp" in [getattr(part, "name", "") for part in kept] else ""
    return "\n".join([*texts, text, f"case = {case.name}()\n{start}case.{method}()\n"])


def methods(folder: Path, name: str):
    package = Package(folder, name)
    for path in sorted((folder / "tests").glob("test_*.py")):
        test = Module("tests", path)
        for case in [node for node in test.tree.body if isinstance(node, ast.ClassDef)]:
            for method in [part.name for part in case.body if isinstance(part, ast.FunctionDef) and part.name.startswith("test")]:
                try:
                    yield f"{path.stem}.{case.name}.{method}", program(package, test, case, method)
                except Cannot:
                    pass
