// A question before something that cannot be taken back: what will happen, what will not.

import { h, icon } from "../core/dom.js";

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
