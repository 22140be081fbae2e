// A new paper account: asked for in a dialog, opened on the market that is played now, shown at once.

import { api } from "../core/api.js";
import { formDialog } from "./dialog.js";
import { field } from "./form.js";

const KINDS = [
  ["cash", "cash: buys with its own money only"],
  ["margin", "margin: may borrow and sell short"],
];

export async function accountOpen() {
  const fields = [
    field({ name: "name", label: "Name", required: true, maxlength: 80, value: "My paper account" }),
    field({ name: "capital", label: "Capital", type: "number", unit: "USD", required: true, min: 1, value: "100000", hint: "Play money; more can be paid in later." }),
    field({ name: "kind", label: "Kind", type: "select", options: KINDS, value: "cash" }),
  ];
  const account = await formDialog({
    title: "New paper account",
    text: "It trades on the current replay of the market, with play money. You are its owner.",
    fields,
    action: "Open account",
    send: ({ name, capital, kind }) => api.post("/api/accounts", { name, capital: String(capital), kind }),
  });
  if (account) location.assign(`/accounts/${account.id}/`);
}
