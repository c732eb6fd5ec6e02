import { beforeEach, expect, test, vi } from "vitest";
import { FileDesk } from "../src/filedesk";
import * as net from "../src/net/files";
import { notices } from "../src/notices.svelte";
import { settings } from "../src/settings.svelte";
import type { Studio } from "../src/studio.svelte";

vi.mock("../src/net/files");

beforeEach(() => {
  settings.language = "en";
  notices.list = [];
});

test("a saved picture that the server cannot read says why, and does not become the background", async () => {
  vi.mocked(net.carriesScene).mockResolvedValue(true);
  vi.mocked(net.sceneOf).mockRejectedValue(new Error("it is of a newer version: update semdraw"));
  const setBackground = vi.fn();
  const desk = new FileDesk({ facts: { extent: [8, 8] }, edits: { setBackground } } as unknown as Studio);
  await desk.take(new File(["png"], "old.png"));
  expect(setBackground).not.toHaveBeenCalled();
  expect(notices.list.at(-1)?.text).toBe("old.png could not be opened: it is of a newer version: update semdraw");
});
