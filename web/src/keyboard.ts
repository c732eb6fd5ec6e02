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
    if (chord === "Escape" && panels.open && !desk.easel.isDrawing && !event.isComposing && isFree()) {
      event.preventDefault();
      return panels.close();
    }
    const action = actionOf(chord);
    if (!action || event.isComposing || !mayAct(action, stage)) return;
    event.preventDefault();
    if (event.repeat && !action.repeats) return;
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

/** Neither a dialog nor a text field has the keys. */
function isFree(): boolean {
  return !document.querySelector("dialog[open]") && !isTextField(document.activeElement);
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
