// The page's only way to the server: JSON there and back, and a sentence instead of an exception when the server
// is away. Nothing here knows what the answers mean.

export async function ask(path) {
  return answer(fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" }));
}

export async function send(path, body) {
  return answer(
    fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    return { ok: false, error: "unreachable" };
  }
  if (response.status === 403) return { ok: false, error: "forbidden" };
  try {
    const body = await response.json();
    return body !== null && typeof body === "object" ? { ok: response.ok, ...body } : { ok: false, error: "unreadable" };
  } catch {
    return { ok: false, error: response.ok ? "unreadable" : `http_${response.status}` };
  }
}

const SENTENCES = {
  unreachable: "The local Slack does not answer. Is it still running in the terminal?",
  forbidden: "This page's key is not valid any more. Open the address the terminal printed.",
  unreadable: "The local Slack gave an answer this page cannot read.",
};

export const inWords = (error) => SENTENCES[error] ?? String(error ?? "unknown error");
