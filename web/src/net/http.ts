/** One question to the server over HTTP, with words for what goes wrong. */

import { t } from "../words";

export const MSGPACK = "application/msgpack";

/** The server does not know what was asked for. */
export class GoneError extends Error {}

/** The server has answered, and refused. */
export class RefusedError extends Error {}

export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(new URL(`api/${path}`, document.baseURI), init).catch(() => null);
  if (!response) throw new Error(t("net.away"));
  if (response.status === 404) throw new GoneError(await reasonOf(response));
  if (!response.ok) throw new RefusedError(await reasonOf(response));
  return response;
}

export function post(path: string, body: BodyInit, type = MSGPACK): Promise<Response> {
  return ask(path, { method: "POST", body, headers: { "Content-Type": type } });
}

/** The server's own words where it has any. */
async function reasonOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    if (typeof detail === "string") return detail;
  } catch {
    // Not JSON: the status line has to do.
  }
  return `${response.status} ${response.statusText}`;
}
