/** What this browser keeps, in one IndexedDB store: the document, pictures aside, drafts of tabs that may not write it.
 *
 * A change reads and writes in one transaction, so that no tab ever writes over what it has not seen. */

import { createStore, promisifyRequest } from "idb-keyval";

export type Bytes = Uint8Array<ArrayBuffer>;

export interface Stored {
  readonly version: 1;
  readonly scene: Bytes;
}

/** A scene that is kept next to the document, and where it comes from. */
export interface Aside {
  readonly origin: "other_tab" | "this_tab" | "unreadable";
  readonly scene: Bytes;
}

export interface Kept {
  readonly document: Stored | undefined;
  /** Oldest first. */
  readonly asides: readonly Aside[];
  /** By the name of the tab that painted it. */
  readonly drafts: ReadonlyMap<string, Stored>;
}

/** Drafts are added or replaced; those whose tabs are `forgotten` go. */
export interface Change extends Partial<Kept> {
  readonly forgotten?: Iterable<string>;
}

const DOCUMENT = "document";
const ASIDES = "document-aside";
const DRAFT = "document-draft-";

const rows = createStore("keyval-store", "keyval");

export function read(): Promise<Kept> {
  return rows("readonly", everything);
}

/** Put in what `act` makes of what is kept now, whatever other tabs have written since this one looked. */
export function change(act: (kept: Kept) => Change): Promise<void> {
  return rows("readwrite", async (store) => {
    put(store, act(await everything(store)));
    await promisifyRequest(store.transaction);
  });
}

/** Without looking first: for the last moment of a page, which hears no answer any more. */
export function putNow(part: Change): void {
  const hand = (store: IDBObjectStore): void => {
    put(store, part);
    store.transaction.commit();
  };
  void rows("readwrite", hand).catch(() => undefined);
}

async function everything(store: IDBObjectStore): Promise<Kept> {
  const [keys, values] = await Promise.all([promisifyRequest(store.getAllKeys()), promisifyRequest(store.getAll())]);
  const all = new Map<string, unknown>(keys.map((key, index) => [String(key), values[index]]));
  const drafts = [...all].filter(([key]) => key.startsWith(DRAFT));
  return {
    document: all.get(DOCUMENT) as Stored | undefined,
    asides: (all.get(ASIDES) as readonly Aside[] | undefined) ?? [],
    drafts: new Map(drafts.map(([key, stored]) => [key.slice(DRAFT.length), stored as Stored])),
  };
}

function put(store: IDBObjectStore, { document, asides, drafts, forgotten }: Change): void {
  if (document) store.put(document, DOCUMENT);
  if (asides) store.put(asides, ASIDES);
  for (const tab of forgotten ?? []) store.delete(DRAFT + tab);
  for (const [tab, draft] of drafts ?? []) store.put(draft, DRAFT + tab);
}
