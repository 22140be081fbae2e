// The person's background jobs: what runs, how far it is, what went wrong.

import { api } from "../core/api.js";
import { h, one } from "../core/dom.js";
import { capital, percent, wallTime, words } from "../core/format.js";
import { badge, writeBadge } from "../ui/badges.js";
import { confirm } from "../ui/dialog.js";
import { Table, emptyState } from "../ui/table.js";
import { act, toast, toastError } from "../ui/toast.js";

const REFRESH_MS = 2000;
const ACTIVE = new Set(["pending", "running"]);

const table = new Table(one("#jobs"), {
  caption: "Your jobs, newest first",
  key: (row) => row.id,
  empty: emptyState("job", "No jobs yet. A backtest is a job; start one under Backtests."),
  columns: [
    { label: "Job", head: true, text: (row) => capital(words(row.kind)) },
    { label: "State", node: (row) => badge(row().state), refresh: (cell, row) => writeBadge(cell.firstChild, row.state) },
    {
      label: "Progress",
      node: () => h("progress", { max: 1, value: 0 }),
      refresh: (cell, row) => {
        cell.firstChild.value = row.progress ?? 0;
        cell.firstChild.setAttribute("aria-label", `${percent(row.progress, 0)} done`);
      },
    },
    { label: "Message", phone: false, class: "quiet", text: (row) => row.error || row.message || "" },
    { label: "Asked for (your clock)", phone: false, class: "quiet", text: (row) => wallTime(row.created_at) },
    { label: "Actions", hidden: true, right: true, node: (row) => stopButton(row), refresh: (cell, row) => (cell.firstChild.hidden = !ACTIVE.has(row.state)) },
  ],
});

function stopButton(row) {
  const button = h("button", { class: "btn btn-small", type: "button", "aria-label": `Stop this ${words(row().kind)}` }, "Stop");
  button.addEventListener("click", async () => {
    const sure = await confirm({ title: `Stop this ${words(row().kind)}?`, will: ["end the job; it shows no result"], wont: ["touch an account"], action: "Stop" });
    if (!sure) return;
    await act(button, async () => {
      await api.post(`/api/jobs/${row().id}/stop`);
      toast("The job ends at its next step.");
    });
  });
  return button;
}

async function load() {
  const answer = await api.get("/api/jobs");
  table.update(answer.results);
  if (answer.results.some((row) => ACTIVE.has(row.state))) setTimeout(() => load().catch(toastError), REFRESH_MS);
}

load().catch((error) => toastError(error, "Your jobs did not load"));
