// API tokens: make one (shown once), see them, revoke one.

import { api } from "../core/api.js";
import { all, h, icon, one } from "../core/dom.js";
import { wallTime } from "../core/format.js";
import { confirm } from "../ui/dialog.js";
import { checkAll, field, setError, valueOf } from "../ui/form.js";
import { Table, emptyState } from "../ui/table.js";
import { act, toast, toastError } from "../ui/toast.js";

const table = new Table(one("#tokens"), {
  caption: "Your API tokens",
  key: (row) => row.id,
  empty: emptyState("key", "No tokens yet. A token lets a program of yours use the API in your name."),
  columns: [
    { label: "Name", head: true, text: (row) => row.name },
    { label: "May", text: (row) => (row.scopes ?? []).join(", ") },
    { label: "Made", phone: false, class: "quiet", text: (row) => wallTime(row.created_at) },
    { label: "Ends", phone: false, class: "quiet", text: (row) => (row.expires_at ? wallTime(row.expires_at) : "never") },
    { label: "Last used", phone: false, class: "quiet", text: (row) => (row.last_used_on ? wallTime(row.last_used_on) : "never") },
    { label: "Actions", hidden: true, right: true, node: (row) => revokeButton(row) },
  ],
});

function revokeButton(row) {
  const button = h("button", { class: "btn btn-quiet btn-small", type: "button", "aria-label": `Revoke ${row().name}` }, "Revoke");
  button.addEventListener("click", async () => {
    const { id, name } = row();
    const sure = await confirm({ title: `Revoke the token ${name}?`, will: ["refuse every program that uses it, from now on"], wont: ["cancel orders it has sent"], action: "Revoke" });
    if (!sure) return;
    await act(button, async () => {
      await api.remove(`/api/tokens/${id}`);
      toast(`${name} is revoked.`);
      await load();
    });
  });
  return button;
}

async function load() {
  table.update((await api.get("/api/tokens")).results);
}

function showSecret(row) {
  const code = h("code", { tabindex: 0 }, row.token);
  const copy = h("button", { class: "btn btn-small", type: "button" }, icon("copy"), "Copy");
  copy.addEventListener("click", () => navigator.clipboard.writeText(row.token).then(() => toast("Copied."), () => getSelection().selectAllChildren(code)));
  one("#secret").replaceChildren(
    h("p", {}, h("span", { class: "strong" }, `${row.name} is made. `), "Copy it now: it is shown this once and kept nowhere in clear."),
    h("div", { class: "secret" }, code, copy),
  );
  one("#secret").hidden = false;
  code.focus();
}

const name = field({ name: "name", label: "Name", required: true, hint: "Which program it is for.", maxlength: 80 });
const days = field({ name: "expires_in_days", label: "Valid for", type: "select", value: "90", options: [["7", "7 days"], ["30", "30 days"], ["90", "90 days"], ["366", "a year"]] });
one("#token-fields").replaceChildren(name, days);

one("#token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const scopes = all("[name=scope]:checked").map((input) => input.value);
  one("#scope-error").textContent = scopes.length ? "" : "Choose at least one thing the token may do.";
  if (!checkAll([name]) || !scopes.length) return;
  act(one("#token-save"), async () => {
    try {
      showSecret(await api.post("/api/tokens", { name: valueOf(name), scopes, expires_in_days: Number(valueOf(days)) }));
      event.target.reset();
      await load();
    } catch (error) {
      setError(name, error.message);
    }
  });
});

load().catch((error) => toastError(error, "Your tokens did not load"));
