"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Chips hide a method everywhere.
for (const chip of all(".chips button")) {
  chip.addEventListener("click", () => {
    const on = chip.getAttribute("aria-pressed") !== "true";
    chip.setAttribute("aria-pressed", String(on));
    for (const each of all(`[data-method="${chip.dataset.of}"]`)) each.hidden = !on;
  });
}

// A click on a head sorts its table; the second one turns it round, the third restores the order of the methods.
for (const button of all("thead button")) {
  button.addEventListener("click", () => {
    const table = button.closest("table"), head = button.closest("th");
    const body = table.tBodies[0], place = head.cellIndex;
    const before = head.getAttribute("aria-sort") ?? "none";
    const after = { none: "descending", descending: "ascending", ascending: "none" }[before];
    for (const each of all("th[aria-sort]", table)) each.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", after);
    const value = (row) => Number(row.cells[place].dataset.value ?? NaN);
    const rows = [...body.rows];
    if (after === "none") rows.sort((a, b) => a.dataset.place - b.dataset.place);
    else rows.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
      return after === "descending" ? y - x : x - y;
    });
    table.classList.toggle("sorted", after !== "none");
    body.append(...rows);
  });
}

// A picture opens large; left and right go through the methods of its layout, up and down through the layouts.
const dialog = document.querySelector("dialog");
let shown = null;
function show(shot) {
  shown = shot;
  dialog.querySelector("img").src = shot.querySelector("img").src;
  const said = [...shot.closest("figure").querySelector("figcaption").childNodes].map((each) => each.textContent.trim());
  dialog.querySelector("p").textContent = said.filter(Boolean).join(" · ");
  if (!dialog.open) dialog.showModal();
}
function beside(step) {
  const shots = all(".shot", shown.closest(".shots")).filter((each) => !each.closest("figure").hidden);
  show(shots[(shots.indexOf(shown) + step + shots.length) % shots.length]);
}
function below(step) {
  const layouts = all(".layout"), method = shown.closest("figure").dataset.method;
  const next = layouts[layouts.indexOf(shown.closest(".layout")) + step];
  const shot = next?.querySelector(`figure[data-method="${method}"] .shot`);
  if (shot) show(shot);
}
for (const shot of all(".shot")) shot.addEventListener("click", () => show(shot));
dialog.addEventListener("click", () => dialog.close());
dialog.addEventListener("keydown", (event) => {
  const moves = { ArrowRight: () => beside(1), ArrowLeft: () => beside(-1), ArrowDown: () => below(1), ArrowUp: () => below(-1) };
  if (moves[event.key]) { event.preventDefault(); moves[event.key](); }
});
