// A table that stays: rows are kept by key, a cell changes only when its text does, and then it flashes.

import { flash, h, icon } from "../core/dom.js";
import { marketParts } from "../core/format.js";

/**
 * columns: [{label, text(row) → string, tone(row) → class, node(row) → Node, refresh(cell, row), ch, right, flash, phone, head, hidden}]
 * `steady` tables keep their columns where they are, whatever comes into them; every column needs its `ch`.
 * `node` builds a cell once per row; `text` is compared at every update.
 */
export class Table {
  constructor(holder, { caption, columns, key = (row) => row.key, empty, detail = null, steady = false }) {
    this.columns = columns;
    this.key = key;
    this.detail = detail;
    this.open = new Set();
    this.rows = new Map();
    this.body = h("tbody");
    this.table = h(
      "table",
      { class: steady ? "table table-steady" : "table" },
      h("caption", { class: "visually-hidden" }, caption),
      h("colgroup", {}, columns.map(columnWidth)),
      h("thead", {}, h("tr", {}, columns.map((column) => this.headCell(column)))),
      this.body,
    );
    this.empty = empty;
    holder.replaceChildren(h("div", { class: "table-wrap", tabindex: 0, role: "group", "aria-label": caption }, this.table), empty);
    this.wrap = holder.firstElementChild;
    this.update([]);
  }

  headCell(column) {
    const label = column.hidden ? h("span", { class: "visually-hidden" }, column.label) : column.label;
    return h("th", { scope: "col", class: classes(column) }, label);
  }

  update(rows) {
    this.wrap.hidden = rows.length === 0;
    this.empty.hidden = rows.length !== 0;
    const seen = new Set();
    let cursor = this.body.firstElementChild;
    for (const row of rows) {
      const key = String(this.key(row));
      seen.add(key);
      const kept = this.rows.get(key) ?? this.create(key, row);
      this.write(kept, row);
      for (const node of [kept.line, ...kept.details]) {
        if (node === cursor) cursor = cursor.nextElementSibling;
        else this.body.insertBefore(node, cursor);
      }
    }
    for (const [key, kept] of this.rows) {
      if (seen.has(key)) continue;
      for (const node of [kept.line, ...kept.details]) node.remove();
      this.rows.delete(key);
    }
  }

  create(key, row) {
    const kept = { cells: [], texts: [], details: [], detailText: "", row };
    kept.cells = this.columns.map((column) => {
      const cell = h(column.head ? "th" : "td", { class: classes(column), scope: column.head ? "row" : null });
      if (column.node) cell.append(column.node(() => kept.row, () => this.toggle(key)));
      return cell;
    });
    kept.line = h("tr", {}, kept.cells);
    this.rows.set(key, kept);
    return kept;
  }

  write(kept, row) {
    const fresh = kept.texts.length === 0;
    const before = kept.row;
    kept.row = row;
    this.columns.forEach((column, at) => {
      if (!column.text) {
        if (column.refresh && (fresh || before !== row)) column.refresh(kept.cells[at], row);
        return;
      }
      const text = column.text(row);
      const tone = column.tone?.(row) ?? "";
      const signature = `${text}\u0000${tone}`;
      if (kept.texts[at] === signature) return;
      kept.texts[at] = signature;
      const target = column.target ? column.target(kept.cells[at]) : kept.cells[at];
      target.replaceChildren(tone ? h("span", { class: tone }, text) : text);
      if (column.title) kept.cells[at].title = column.title(row);
      if (column.flash && !fresh) flash(kept.cells[at]);
    });
    if (fresh) kept.texts.push("");
    this.writeDetail(kept, row);
  }

  writeDetail(kept, row) {
    if (!this.detail) return;
    const isOpen = this.open.has(String(this.key(row)));
    const signature = isOpen ? JSON.stringify(row) : "";
    if (signature === kept.detailText) return;
    kept.detailText = signature;
    for (const node of kept.details) node.remove();
    kept.details = isOpen ? this.detail(row) : [];
  }

  toggle(key) {
    if (this.open.has(key)) this.open.delete(key);
    else this.open.add(key);
    const kept = this.rows.get(key);
    this.writeDetail(kept, kept.row);
    kept.line.after(...kept.details);
    return this.open.has(key);
  }
}

/** A column that is wide enough from the start does not move when its numbers grow. */
function columnWidth(column) {
  const col = h("col", { class: column.phone === false ? "hide-narrow" : null });
  if (column.ch) col.style.width = `${column.ch}ch`;
  return col;
}

function classes(column) {
  return [column.right ? "right" : "", column.phone === false ? "hide-narrow" : "", column.class ?? ""].filter(Boolean).join(" ") || null;
}

/** A column of market times; on a phone `shortDay` stands under the row's name instead. */
export function timeColumn(at) {
  return { label: "Market time", ch: 18, phone: false, text: (row) => marketParts(at(row)).join(", ") };
}

/** 20 Jun ’06 */
export const shortDay = (at) => marketParts(at)[0].replace(/ \d\d(\d\d)$/, " ’$1");

/** The arrow that opens a row's details. */
export function disclose(label, toggle) {
  const button = h("button", { class: "disclose", type: "button", "aria-expanded": "false", "aria-label": label }, icon("chevron"));
  button.addEventListener("click", () => button.setAttribute("aria-expanded", String(toggle())));
  return button;
}

export function emptyState(name, text, action = null) {
  return h("div", { class: "empty" }, icon(name), h("p", {}, text), action);
}

/** A table built once from rows that do not change. */
export function staticTable(caption, columns, rows, key = (row, at) => at) {
  return h(
    "table",
    { class: "table" },
    h("caption", { class: "visually-hidden" }, caption),
    h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col", class: classes(column) }, column.label)))),
    h(
      "tbody",
      {},
      rows.map((row, at) =>
        h(
          "tr",
          { dataset: { key: key(row, at) } },
          columns.map((column) => {
            const tone = column.tone?.(row);
            const text = column.text(row);
            return h("td", { class: classes(column) }, tone ? h("span", { class: tone }, text) : text);
          }),
        ),
      ),
    ),
  );
}
