"""How a method of moto is replaced where it differs from AWS; what is replaced, and why, is said where it is done."""

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
