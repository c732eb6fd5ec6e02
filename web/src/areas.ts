/** The parts of the page, between which a key moves the focus: bars, panels and the canvas, in the order of the page. */

const CONTROLS = "button:not(:disabled), input, select, textarea, summary, [tabindex='0']";

function isSeen(element: HTMLElement): boolean {
  return element.checkVisibility({ visibilityProperty: true }) && element.tabIndex >= 0;
}

/** Give the focus to the area `by` places on from the one that has it. */
export function focusArea(by: 1 | -1): void {
  const areas = [...document.querySelectorAll<HTMLElement>("[data-area]")];
  const from = areas.findIndex((area) => area.contains(document.activeElement));
  const at = from < 0 && by < 0 ? 0 : from;
  for (let step = 1; step <= areas.length; step++) {
    const area = areas[(at + by * step + areas.length * 2) % areas.length];
    const target = area && [area, ...area.querySelectorAll<HTMLElement>(CONTROLS)].find((element) => element.matches(CONTROLS) && isSeen(element));
    if (target) return focusByKey(target);
  }
}

/** The canvas shows a ring only where a key led to it: one who paints with a pen need not see it. */
export function focusByKey(target: HTMLElement): void {
  target.focus();
  target.classList.add("by-key");
  const forget = (): void => target.classList.remove("by-key");
  target.addEventListener("blur", forget, { once: true });
  target.addEventListener("pointerdown", forget, { once: true });
}
