/** All actions, by the group under which people look for them. */

import type { WordKey } from "../words";
import type { Action } from "./action";
import { filesActions } from "./files";
import { liveActions } from "./live";
import { pageActions } from "./page";
import { regionsActions } from "./regions";
import { toolsActions } from "./tools";
import { viewActions } from "./view";

export type { Action, Desk } from "./action";

export interface ActionGroup {
  readonly label: WordKey;
  readonly actions: readonly Action[];
}

export const GROUPS: readonly ActionGroup[] = [
  { label: "group.tools", actions: toolsActions },
  { label: "group.regions", actions: regionsActions },
  { label: "group.live", actions: liveActions },
  { label: "group.view", actions: viewActions },
  { label: "group.files", actions: filesActions },
  { label: "group.page", actions: pageActions },
];

export const ACTIONS: readonly Action[] = GROUPS.flatMap((group) => group.actions);
