import { beforeEach, expect, test } from "vitest";
import { Pointer } from "../src/canvas/pointer";

class Glass extends EventTarget {
  setPointerCapture(): void {}
  focus(): void {}
  getBoundingClientRect() {
    return { left: 0, top: 0 };
  }
}

let glass: Glass;
let pointer: Pointer;

beforeEach(() => {
  glass = new Glass();
  pointer = new Pointer(glass as unknown as HTMLElement, () => undefined);
});

function send(type: string, pointerType: string, pointerId: number, clientX: number): void {
  const facts = { pointerType, pointerId, clientX, clientY: 10, pressure: 0.5, button: 0, buttons: 1, getCoalescedEvents: () => [] };
  glass.dispatchEvent(Object.assign(new Event(`pointer${type}`), facts));
}

/** What was done since the last look, hovering aside. */
function done(): readonly string[] {
  return pointer.take().map(({ kind }) => kind).filter((kind) => kind !== "hover");
}

test("a palm on the glass leaves the pen's stroke alone", () => {
  send("down", "pen", 1, 10);
  send("down", "touch", 2, 50);
  send("move", "touch", 2, 60);
  send("move", "pen", 1, 20);
  send("up", "touch", 2, 60);
  send("move", "pen", 1, 30);
  send("up", "pen", 1, 30);
  expect(done()).toEqual(["begin", "draw", "draw", "end"]);
});

test("a palm that lay there before the pen came leaves no dab, and the pen paints", () => {
  send("down", "touch", 2, 50);
  send("down", "pen", 1, 10);
  send("move", "touch", 2, 60);
  send("move", "pen", 1, 20);
  send("up", "pen", 1, 20);
  send("up", "touch", 2, 60);
  expect(done()).toEqual(["begin", "cancel", "begin", "draw", "end"]);
});

test("without a pen two fingers move the view, and with one that was lifted a finger does", () => {
  send("down", "touch", 2, 50);
  send("down", "touch", 3, 90);
  send("move", "touch", 3, 100);
  expect(done()).toEqual(["begin", "cancel", "pan", "zoom"]);
  send("up", "touch", 2, 50);
  send("up", "touch", 3, 100);
  send("down", "pen", 1, 10);
  send("up", "pen", 1, 10);
  send("down", "touch", 4, 10);
  send("move", "touch", 4, 20);
  expect(done()).toEqual(["begin", "end", "pan"]);
});
