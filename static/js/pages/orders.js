// Order and fill history of one account: filters, pages, CSV.

import { query } from "../core/api.js";
import { all, debounce, one } from "../core/dom.js";
import { actionColumn, fillColumns, orderColumns } from "../dashboard/activity.js";
import { Pager, fillForm, filtersOf } from "../ui/pager.js";
import { Table, emptyState } from "../ui/table.js";

const { account, currency, canWrite } = one("[data-account]").dataset;
const page = { account, currency };
const form = one("#filters");
const note = "Nothing matches. Widen the filters, or let a strategy trade first.";

const LISTS = {
  orders: {
    path: "/api/orders",
    table: new Table(one("#orders"), {
      caption: "Orders",
      columns: [...orderColumns(page, { dated: true }), ...(canWrite === "true" ? [actionColumn(() => pager.load(pager.filters, pager.page))] : [])],
      empty: emptyState("list", note),
    }),
  },
  fills: {
    path: "/api/fills",
    table: new Table(one("#fills"), { caption: "Fills", columns: fillColumns(page, { dated: true }), empty: emptyState("check", note) }),
  },
};

let shown = new URLSearchParams(location.search).get("show") === "fills" ? "fills" : "orders";
let pager = null;

function show(name) {
  shown = name;
  for (const button of all("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === name));
  for (const other of Object.keys(LISTS)) one(`#${other}`).hidden = other !== name;
  for (const field of all("[data-only]", form)) field.hidden = field.dataset.only !== name;
  const { path, table } = LISTS[name];
  pager = new Pager(path, { fixed: { account }, holder: one("#pager"), onRows: (rows) => table.update(rows) });
  load();
}

function load() {
  const filters = filtersOf(form);
  for (const field of all("[data-only]", form)) {
    if (field.hidden) delete filters[one("[name]", field).name];
  }
  const address = query({ ...filters, show: shown === "orders" ? "" : shown });
  history.replaceState(null, "", address || location.pathname);
  one("#csv").href = `${LISTS[shown].path}.csv${query({ account, ...filters })}`;
  pager.load(filters);
}

fillForm(form, new URLSearchParams(location.search));
form.addEventListener("input", debounce(load, 250));
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(load));
for (const button of all("[data-show]")) button.addEventListener("click", () => show(button.dataset.show));
show(shown);
