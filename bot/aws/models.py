"""What AWS says about its own operations, read from disk once per process however many clients are made."""

from functools import cache

from botocore.loaders import Loader
from botocore.session import Session


def core_session() -> Session:
    """Return a new session of botocore that shares what it reads about AWS with all others of this process."""
    made, models = Session(), _loader()
    models.search_paths[:] = dict.fromkeys(models.search_paths)  # boto3 adds its own folder with every session
    made.register_component("data_loader", models)
    return made


@cache
def _loader() -> Loader:
    return Loader()
