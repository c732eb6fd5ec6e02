/** Where a dragged row would land: its index from the bottom, by the middles of the other rows. */
export function dropIndex(list: HTMLElement, id: string, clientY: number): number {
  const others = [...list.querySelectorAll<HTMLElement>("[data-brush]")].filter((row) => row.dataset.brush !== id);
  return others.filter((row) => {
    const box = row.getBoundingClientRect();
    return box.top + box.height / 2 > clientY;
  }).length;
}

const EDGE_PX = 32;
const STEP_PX = 12;

/** How far a long list moves on while a row is held near its edge. */
export function edgeScroll(list: HTMLElement, clientY: number): number {
  const { top, bottom } = list.getBoundingClientRect();
  if (clientY < top + EDGE_PX) return -STEP_PX;
  return clientY > bottom - EDGE_PX ? STEP_PX : 0;
}
