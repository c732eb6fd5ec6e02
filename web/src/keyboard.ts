/** Listens for keys; text fields and dialogs keep theirs. */

import type { Action, Desk } from "./actions";
import { actionOf } from "./bindings";
import { chordOf } from "./keys";
import { panels } from "./panels.svelte";

/** Start listening; returns what stops it. `stage` is the element that has the focus while one paints. */
export function listenToKeys(desk: Desk, stage: HTMLElement): () => void {
  const held = new Map<string, Action>();
  const letGo = (code: string): void => {
    held.get(code)?.release?.(desk);
    held.delete(code);
  };
  const letAllGo = (): void => [...held.keys()].forEach(letGo);

  const down = (event: KeyboardEvent): void => {
    const chord = chordOf(event);
    const action = actionOf(chord);
    if (!action || event.isComposing || !mayAct(action, stage)) return;
    event.preventDefault();
    if (chord === "Escape" && panels.open && !desk.easel.isDrawing) return panels.close();
    if (action.release) {
      if (held.has(event.code)) return;
      held.set(event.code, action);
    }
    action.press(desk, chord);
  };
  const up = (event: KeyboardEvent): void => letGo(event.code);

  window.addEventListener("keydown", down);
  window.addEventListener("keyup", up);
  window.addEventListener("blur", letAllGo);
  return () => {
    window.removeEventListener("keydown", down);
    window.removeEventListener("keyup", up);
    window.removeEventListener("blur", letAllGo);
  };
}

function mayAct(action: Action, stage: HTMLElement): boolean {
  const focused = document.activeElement;
  if (document.querySelector("dialog[open]")) return false;
  if (isTextField(focused)) return action.inFields === true;
  return !action.needsStage || focused === stage || focused === document.body || focused === null;
}

const NOT_TEXT = new Set(["range", "checkbox", "radio", "button", "color", "file", "submit"]);

export function isTextField(element: Element | null): boolean {
  if (element instanceof HTMLInputElement) return !NOT_TEXT.has(element.type);
  return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement || (element instanceof HTMLElement && element.isContentEditable);
}
