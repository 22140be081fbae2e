// All notifications of the person, newest first.

import { api } from "../core/api.js";
import { h, one } from "../core/dom.js";
import { notificationItem } from "../dashboard/feeds.js";
import { Pager } from "../ui/pager.js";
import { emptyState } from "../ui/table.js";
import { act, toast } from "../ui/toast.js";

const list = one("#notifications");

function draw(rows) {
  const items = rows.map((row) => {
    const item = notificationItem(row);
    if (row.is_read) item.classList.add("quiet");
    return item;
  });
  list.replaceChildren(...(items.length ? items : [h("li", {}, emptyState("bell", "Nothing to report. Failures, stops and limits reached appear here."))]));
}

const pager = new Pager("/api/notifications", { holder: one("#pager"), onRows: draw });
const button = one("#read-all");

button.addEventListener("click", () =>
  act(button, async () => {
    const { read, unread } = await api.post("/api/notifications/read");
    document.dispatchEvent(new CustomEvent("unread", { detail: { count: unread } }));
    toast(read ? `${read} marked as read.` : "All were read already.");
    await pager.load();
  }),
);

pager.load();
