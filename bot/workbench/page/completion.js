// What the message box offers while one types: the slash commands with their usage, the words that may follow one,
// and people after an @. Pure: text and what is known in, suggestions out; the box shows them.

export function suggestions(text, { commands, people, inThread }) {
  const mention = /(?:^|\s)@([\w.-]*)$/.exec(text);
  if (mention) return mentions(mention[1], text, people);
  if (inThread || !text.startsWith("/")) return [];
  const [name, ...rest] = text.split(/\s+/);
  if (!/\s/.test(text)) return names(name, commands);
  const command = commands.find((one) => one.command === name);
  return command && rest.length === 1 ? words(command, rest[0]) : [];
}

function names(typed, commands) {
  return commands
    .filter((one) => one.command.startsWith(typed))
    .map((one) => ({ insert: `${one.command} `, title: one.command, usage: one.usage ?? "", note: one.description ?? "" }));
}

function words(command, typed) {
  return verbs(command)
    .filter((verb) => verb.word.startsWith(typed) && verb.whole !== typed)
    .map((verb) => ({ insert: `${command.command} ${verb.word}${verb.whole === verb.word ? "" : " "}`, title: verb.word, usage: verb.whole.slice(verb.word.length).trim(), note: "" }));
}

// "list | run <name> [k=v …] | status" -> its alternatives, each beginning with a plain word.
function verbs(command) {
  return String(command.usage ?? "").split("|").map((part) => part.trim()).map((whole) => ({ whole, word: /^[\w-]+/.exec(whole)?.[0] ?? "" })).filter((verb) => verb.word);
}

function mentions(typed, text, people) {
  const start = text.length - typed.length;
  return [...people.values()]
    .filter((one) => one.name.toLowerCase().startsWith(typed.toLowerCase()))
    .map((one) => ({ insert: `${text.slice(0, start)}${one.name} `, title: `@${one.name}`, usage: one.real_name ?? "", note: one.is_bot ? "app" : "" }));
}

// A slash command typed whole, or null: which decides between sending a command and sending a message.
export const commandOf = (text) => /^\/([a-z][\w-]*)(?:\s|$)/i.exec(text)?.[0].trim() ?? null;
