"""The catalogue: AWS operations as rows, actions as functions over them. Nothing here talks to AWS."""
