// Pages of a list: rows fetched by filter and page number, kept in the address so that a view can be shared.

import { api, query } from "../core/api.js";
import { h, one } from "../core/dom.js";
import { toastError } from "./toast.js";

const PAGE_SIZE = 50;

export class Pager {
  constructor(path, { fixed = {}, holder, onRows }) {
    this.path = path;
    this.fixed = fixed;
    this.holder = holder;
    this.onRows = onRows;
    this.page = 1;
    this.filters = {};
  }

  async load(filters = this.filters, page = 1) {
    this.filters = filters;
    this.page = page;
    try {
      const answer = await api.get(`${this.path}${query({ ...this.fixed, ...filters, page: page > 1 ? page : "" })}`);
      this.onRows(answer.results);
      this.draw(answer.count ?? answer.results.length);
    } catch (error) {
      toastError(error, "The list did not load");
    }
  }

  draw(total) {
    const pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
    const turn = (label, page) =>
      h("button", { class: "btn btn-small", type: "button", disabled: page < 1 || page > pages, onclick: () => this.load(this.filters, page) }, label);
    const first = (this.page - 1) * PAGE_SIZE + 1;
    this.holder.replaceChildren(
      h("span", { class: "note num" }, total ? `${first} to ${Math.min(total, first + PAGE_SIZE - 1)} of ${total}` : "none"),
      h("span", { class: "push row" }, turn("Newer", this.page - 1), turn("Older", this.page + 1)),
    );
  }
}

/** The filters of a form, without the empty ones. */
export function filtersOf(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value));
}

export function fillForm(form, search) {
  for (const [name, value] of search) {
    const input = one(`[name="${CSS.escape(name)}"]`, form);
    if (input) input.value = value;
  }
}
