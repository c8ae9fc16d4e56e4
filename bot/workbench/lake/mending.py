"""How a method of moto is replaced where it differs from AWS; what is replaced, and why, is said where it is done."""


def replace(owner: type, name: str, function: object) -> None:
    """Give a class another method of this name."""
    setattr(owner, name, function)
