/** The models that this server may paint with. */

import { ask } from "./http";

export interface ModelChoice {
  readonly name: string;
  readonly title: string;
}

/** The one that paints first; none where the server does not say. */
export async function listModels(): Promise<readonly ModelChoice[]> {
  const answer = await ask("models").catch(() => null);
  if (!answer) return [];
  const found = (await answer.json()) as readonly { name: string; title?: string }[];
  return found.map(({ name, title }) => ({ name, title: title || name }));
}
