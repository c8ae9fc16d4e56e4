"""The truth on disk: the store on SQLite or PostgreSQL, the search index, the library of runbooks."""
