/** Scenes to begin with: drawn by the server at the size of its model, named here in the painter's language. */

import { messageOf } from "./assert";
import { decodeScene } from "./net/codec";
import { ask } from "./net/http";
import { notices } from "./notices.svelte";
import type { Studio } from "./studio.svelte";
import { STARTERS } from "./wire.gen";
import { t } from "./words";

export { STARTERS };
export type Starter = (typeof STARTERS)[number];

export function starterName(name: Starter): string {
  return t(`starter.${name}`);
}

/** Its picture, as the model that comes with semdraw paints it. */
export function starterPicture(name: Starter): string {
  return `./starters/${name}.webp`;
}

/** Put a starter scene in the place of what is there; one step back brings that back. */
export async function openStarter(studio: Studio, name: Starter): Promise<void> {
  try {
    const answer = await ask(`starters/${name}`);
    studio.open(decodeScene(await answer.arrayBuffer()), starterName(name));
    notices.tell(t("starter.opened", { name: starterName(name) }), { action: studio.takingBack() });
  } catch (error) {
    notices.tell(t("starter.failed", { reason: messageOf(error) }), { tone: "bad" });
  }
}
