"""The prompts as they are on disk when the bot starts: one Markdown file for each task."""

from collections.abc import Mapping
from pathlib import Path

from bot.assistant.prompting import Prompt, parse_prompt
from bot.assistant.replies import SCHEMAS
from bot.errors import InvalidError, NotFoundError

TASKS: Mapping[str, str] = {
    "expand_step": "ExpansionReply",
    "suggest_response": "SuggestionReply",
    "answer": "AnswerReply",
    "draft_postmortem": "WordingReply",
}
"""What the assistant does, and the schema of each reply."""


def read_prompts(folder: Path) -> Mapping[str, Prompt]:
    """Return the prompt of every task.

    Raises:
        NotFoundError: names the folder or file that is missing.
        InvalidError: names file and line of the first prompt that does not fit.
    """
    if not folder.is_dir():
        raise NotFoundError(f"There is no folder of prompts at {folder}; say in bot.toml where it is.")
    return {task: _prompt(folder / f"{task}.md", task) for task in TASKS}


def problems(folder: Path) -> list[str]:
    """Return what is wrong with the prompts of a folder, file by file; a file no task asks for is one.

    Raises:
        NotFoundError: there is no such folder.
    """
    if not folder.is_dir():
        raise NotFoundError(f"There is no folder of prompts at {folder}.")
    found = []
    for task in TASKS:
        try:
            _prompt(folder / f"{task}.md", task)
        except (InvalidError, NotFoundError) as error:
            found.append(error.words)
    known = {f"{task}.md" for task in TASKS} | {"README.md"}
    strays = sorted(path.name for path in folder.glob("*.md") if path.name not in known)
    words = f"no task asks for this prompt; there is {', '.join(TASKS)}."
    return [*found, *(f"{folder / name}:1: {words}" for name in strays)]


def _prompt(path: Path, task: str) -> Prompt:
    if not path.is_file():
        raise NotFoundError(f"There is no prompt {path}.")
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path}:1: the file is not UTF-8 text.") from error
    prompt = parse_prompt(text, str(path))
    if prompt.id != task:
        raise InvalidError(f"{path}:2: id: this file is {prompt.id!r} and must be {task!r}, as its name says.")
    if prompt.output != TASKS[task] or prompt.output not in SCHEMAS:
        raise InvalidError(f"{path}:4: output: {task} replies with {TASKS[task]}, not {prompt.output}.")
    return prompt
