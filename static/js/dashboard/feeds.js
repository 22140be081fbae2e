// Two feeds of sentences: what was decided and why, and what the site has to say.

import { h, keyed, one } from "../core/dom.js";
import { marketTime, wallTime } from "../core/format.js";
import { badge } from "../ui/badges.js";
import { emptyState } from "../ui/table.js";

function emptyItem(name, text) {
  const item = h("li", {}, emptyState(name, text));
  item.className = "empty-item";
  return item;
}

function draw(list, rows, create, empty) {
  if (!rows.length) {
    list.replaceChildren(empty);
    return;
  }
  empty.remove();
  keyed(list, rows, (row) => row.key, create);
}

export function decisionItem(row) {
  return h(
    "li",
    {},
    badge(row.verdict),
    h("p", { class: "feed-text" }, h("a", { href: `/decisions/${row.id}/` }, row.text)),
    h("p", { class: "feed-meta num" }, marketTime(row.market_time)),
  );
}

export function notificationItem(row) {
  return h(
    "li",
    {},
    badge(row.level),
    h("p", { class: "feed-text" }, row.link ? h("a", { href: row.link, class: "strong" }, row.title) : h("span", { class: "strong" }, row.title), row.body ? ` ${row.body}` : ""),
    h("p", { class: "feed-meta num" }, wallTime(row.at)),
  );
}

export function decisionsPanel() {
  const list = one("#decisions");
  const empty = emptyItem("spark", "No decisions yet. Each wish of a strategy ends here, with the reason why it was or was not sent.");
  return (state, before) => {
    if (state.decisions !== before.decisions) draw(list, state.decisions ?? [], decisionItem, empty);
  };
}

export function notificationsPanel() {
  const list = one("#notifications");
  const empty = emptyItem("bell", "Nothing to report. Failures, stops and limits reached appear here.");
  return (state, before) => {
    if (state.notifications === before.notifications) return;
    draw(list, state.notifications ?? [], notificationItem, empty);
    if (before.notifications) tellUnread(state.notifications, before.notifications);
  };
}

/** The bell counts what came while the page was open; what was there before, the page was made with. */
function tellUnread(rows, before) {
  const newest = Math.max(0, ...before.map((row) => Number(row.key)));
  const add = rows.filter((row) => Number(row.key) > newest).length;
  if (add) document.dispatchEvent(new CustomEvent("unread", { detail: { add } }));
}
