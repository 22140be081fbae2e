// What an action did, for a few seconds; errors stay until closed.

import { h, icon, one } from "../core/dom.js";

const ICONS = { good: "check", bad: "warn", warn: "warn", info: "info" };

export function toast(text, tone = "good", { title = "" } = {}) {
  const holder = one("#toasts");
  const close = h("button", { class: "disclose", type: "button", "aria-label": "Dismiss", onclick: () => remove(item) }, icon("close"));
  const item = h(
    "div",
    { class: "toast", dataset: { tone } },
    icon(ICONS[tone] ?? "info"),
    h("div", {}, title ? h("p", { class: "strong" }, title) : null, h("p", {}, text)),
    close,
  );
  holder.append(item);
  // shown again each time, so that it stands above dialogs opened in between
  if (holder.matches(":popover-open")) holder.hidePopover();
  holder.showPopover();
  if (tone !== "bad") setTimeout(() => remove(item), 5000);
}

function remove(item) {
  const holder = item.parentElement;
  item.remove();
  if (holder && !holder.childElementCount) holder.hidePopover();
}

/** Shows an error as people should read it; aborted requests are nobody's business. */
export function toastError(error, title = "") {
  if (error?.name === "AbortError") return;
  toast(error?.message ?? String(error), "bad", { title });
}

/** Runs an action behind a button: busy while it runs, one at a time, errors shown. */
export async function act(button, action) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    toastError(error);
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}
