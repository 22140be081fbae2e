// All notifications of the person, newest first.

import { h, one } from "../core/dom.js";
import { notificationItem } from "../dashboard/feeds.js";
import { Pager } from "../ui/pager.js";
import { emptyState } from "../ui/table.js";

const list = one("#notifications");

function draw(rows) {
  const items = rows.map((row) => notificationItem({ ...row, at: row.at ?? row.created_at }));
  list.replaceChildren(...(items.length ? items : [h("li", {}, emptyState("bell", "Nothing to report. Failures, stops and limits reached appear here."))]));
}

new Pager("/api/notifications", { holder: one("#pager"), onRows: draw }).load();
