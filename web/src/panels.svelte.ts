/** What is open: one panel beside the brushes at most, and one dialog above the page. Painting goes on beside panels. */

export type PanelName = "recipe" | "settings" | "renders" | "styles";
export type DialogName = "help" | "palette" | "new" | "export" | "camera" | "canvas" | "film";

class Panels {
  open = $state<PanelName | null>(null);
  dialog = $state<DialogName | null>(null);

  toggle(name: PanelName): void {
    this.open = this.open === name ? null : name;
  }

  close(): void {
    this.open = null;
  }
}

export const panels = new Panels();
