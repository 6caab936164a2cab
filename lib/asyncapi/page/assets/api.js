/** Where the page's own routes are: beside the page, also behind a proxy that changes the path. */
const base = document.body.dataset.base;

/** The address of one of them. */
export const url = (path) => `${base}${path}`;

/** What a route of the page answers. Rejects with what it says is wrong. */
export async function get(path) {
  return answerOf(await fetch(url(path), { headers: { accept: 'application/json' } }));
}

/** The same of a picture. */
export async function getText(path) {
  const response = await fetch(url(path));
  return response.ok ? response.text() : answerOf(response);
}

/** The same for what only an administrator may do. */
export async function post(path, body) {
  const headers = { 'content-type': 'application/json', 'x-multi-broker-page': '1' };
  return answerOf(await fetch(url(path), { method: 'POST', headers, body: JSON.stringify(body) }));
}

async function answerOf(response) {
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? answer.message ?? `The server answered ${response.status}`);
  return answer;
}
