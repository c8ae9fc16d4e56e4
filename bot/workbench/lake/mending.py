"""How a method of moto is replaced where it differs from AWS; what is replaced, and why, is said where it is done."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_BEFORE: dict[tuple[type, str], object] = {}


def replace(owner: type, name: str, function: object) -> None:
    """Give a class another method of this name, or one that it lacks, until the lake is closed."""
    _BEFORE.setdefault((owner, name), vars(owner).get(name))
    setattr(owner, name, function)


def restore() -> None:
    """Give every class back what it had: whoever uses moto after the lake gets moto."""
    for (owner, name), function in _BEFORE.items():
        if function is None:
            delattr(owner, name)
        else:
            setattr(owner, name, function)
    _BEFORE.clear()


@contextmanager
def spared(module: str, **names: object) -> Iterator[None]:
    """Let what is loaded meanwhile find these names in a module that is not loaded for it; afterwards it may be."""
    if module in sys.modules:
        yield
        return
    stand_in = sys.modules[module] = ModuleType(module)
    vars(stand_in).update(names)
    try:
        yield
    finally:
        del sys.modules[module]
