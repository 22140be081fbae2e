// A question before something that cannot be taken back: what will happen, what will not. And a form in a dialog.

import { h, icon, one } from "../core/dom.js";
import { checkAll, formError, showRefusal, valueOf } from "./form.js";
import { act } from "./toast.js";

/** Resolves to the dialog's form values when confirmed, to null when not. */
export function confirm({ title, text = "", will = [], wont = [], action, danger = true, field = null }) {
  return new Promise((resolve) => {
    const input = field
      ? h("input", { class: "input", name: field.name, id: "dialog-field", required: field.required, maxlength: 200, autocomplete: "off" })
      : null;
    const line = (kind, sentence) =>
      h("li", { dataset: { kind } }, icon(kind === "will" ? "halt" : "check"), h("span", {}, sentence));
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "dialog-title" },
      h(
        "form",
        { method: "dialog" },
        h(
          "div",
          { class: "dialog-body" },
          h("h2", { id: "dialog-title" }, title),
          text ? h("p", { class: "quiet" }, text) : null,
          will.length ? h("div", {}, h("p", { class: "note" }, "This will"), h("ul", { class: "will" }, will.map((s) => line("will", s)))) : null,
          wont.length ? h("div", {}, h("p", { class: "note" }, "This will not"), h("ul", { class: "will" }, wont.map((s) => line("wont", s)))) : null,
          field ? h("div", { class: "field" }, h("label", { for: "dialog-field" }, field.label), input) : null,
        ),
        h(
          "div",
          { class: "dialog-foot" },
          h("button", { class: "btn", type: "button", value: "cancel", onclick: () => dialog.close("cancel") }, "Cancel"),
          h("button", { class: danger ? "btn btn-danger-fill" : "btn btn-primary", type: "submit", value: "confirm" }, action),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      const confirmed = dialog.returnValue === "confirm";
      dialog.remove();
      resolve(confirmed ? { [field?.name ?? "confirmed"]: field ? input.value.trim() : true } : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Asks for the values of `fields`, hands them to `send`; resolves to its answer, to null when given up. */
export function formDialog({ title, text = "", fields, action, send }) {
  return new Promise((resolve) => {
    const problem = h("p", { class: "error", role: "alert", hidden: true });
    const submit = h("button", { class: "btn btn-primary", type: "submit" }, action);
    const form = h(
      "form",
      { novalidate: true },
      h(
        "div",
        { class: "dialog-body" },
        h("h2", { id: "dialog-title" }, title),
        text ? h("p", { class: "quiet" }, text) : null,
        h("div", { class: "stack" }, fields),
        problem,
      ),
      h("div", { class: "dialog-foot" }, h("button", { class: "btn", type: "button", onclick: () => dialog.close() }, "Cancel"), submit),
    );
    const dialog = h("dialog", { class: "dialog", "aria-labelledby": "dialog-title" }, form);
    let answer = null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      formError(problem, "");
      if (!checkAll(fields)) return;
      const values = Object.fromEntries(fields.map((node) => [node.spec.name, valueOf(node)]));
      act(submit, async () => {
        try {
          answer = await send(values);
          dialog.close();
        } catch (error) {
          if (!showRefusal(fields, error)) formError(problem, error.message);
        }
      });
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    const first = one("input, select", form);
    first?.focus();
    first?.select?.();
  });
}
