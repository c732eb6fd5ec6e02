/** Where a dragged row would land: its index from the bottom, by the middles of the other rows. */
export function dropIndex(list: HTMLElement, id: string, clientY: number): number {
  const others = [...list.querySelectorAll<HTMLElement>("[data-brush]")].filter((row) => row.dataset.brush !== id);
  return others.filter((row) => {
    const box = row.getBoundingClientRect();
    return box.top + box.height / 2 > clientY;
  }).length;
}
