import { beforeEach, expect, test, vi } from "vitest";
import { type Finished, Gallery } from "../src/live/gallery.svelte";
import type { Snapshot } from "../src/live/snapshots";
import * as store from "../src/live/store";
import type { Studio } from "../src/studio.svelte";
import type { Scene } from "../src/wire.gen";

vi.mock("../src/live/store");
const shelf = vi.mocked(store);
const FULL = new DOMException("no room", "QuotaExceededError");

function finished(prompt: string): Finished {
  const scene = { brushes: [], canvas: { background: { type: "prompt", prompt, negative: "" } } } as unknown as Scene;
  return { jpeg: new Uint8Array(4), extent: [8, 8], scene };
}

let held: Snapshot[] = [];

beforeEach(() => {
  held = [];
  shelf.readSnapshots.mockImplementation(async () => held);
  shelf.writeSnapshots.mockImplementation(async (added, gone) => {
    held = [...held.filter(({ id }) => !gone.includes(id) && !added.some((other) => other.id === id)), ...added];
  });
});

const labels = (gallery: Gallery): string[] => gallery.snapshots.map(({ label }) => label);

test("what this browser cannot store stays until the page is closed, whoever else writes", async () => {
  const gallery = new Gallery({} as Studio);
  gallery.keep(finished("sea"));
  await gallery.load();
  shelf.writeSnapshots.mockRejectedValue(FULL);
  gallery.keep(finished("moon"));
  await gallery.load();
  expect(labels(gallery).toSorted()).toEqual(["moon", "sea"]);
  gallery.remove(gallery.snapshots, "gone");
  await gallery.load();
  expect(labels(gallery), "what was to go does not come back").toEqual([]);
});

test("a picture whose writing is under way is not lost by a look at the store, and is there once", async () => {
  let stored = (): void => undefined;
  const gallery = new Gallery({} as Studio);
  shelf.writeSnapshots.mockImplementation((added) => new Promise((done) => (stored = () => { held = [...added]; done(); })));
  gallery.keep(finished("sea"));
  await gallery.load();
  expect(labels(gallery)).toEqual(["sea"]);
  stored();
  await gallery.load();
  expect(labels(gallery)).toEqual(["sea"]);
  held = [];
  await gallery.load();
  expect(labels(gallery), "another tab has deleted it").toEqual([]);
});
