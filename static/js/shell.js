// What every page has: theme switch, menus, new accounts, unread notifications, messages of the server, names of clocks.

import { all, one } from "./core/dom.js";
import { marketZoneName } from "./core/format.js";

const root = document.documentElement;

function isDark() {
  if (root.dataset.theme) return root.dataset.theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function paintSwitch(button) {
  one("use", button).setAttribute("href", isDark() ? "#i-sun" : "#i-moon");
}

const themeSwitch = one("[data-theme-switch]");
if (themeSwitch) {
  paintSwitch(themeSwitch);
  themeSwitch.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      root.dataset.themeStorage = "off";
    }
    paintSwitch(themeSwitch);
    document.dispatchEvent(new CustomEvent("themechange"));
  });
}

const menus = all("[data-menu]");
document.addEventListener("click", (event) => {
  for (const menu of menus) if (menu.open && !menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    one("summary", menu).focus();
  }
});

document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-new-account]")) return;
  for (const menu of menus) menu.open = false;
  const { accountOpen } = await import("./ui/account.js");
  accountOpen();
});

const bell = one("[data-bell]");
/** A page that learns of notifications, or has them read, tells it with an event. */
document.addEventListener("unread", ({ detail }) => {
  if (!bell) return;
  const badge = one(".count", bell);
  const unread = Math.max(0, detail.add ? Number(badge.dataset.unread) + detail.add : detail.count);
  badge.dataset.unread = unread;
  badge.textContent = unread > 99 ? "99+" : String(unread);
  badge.hidden = unread === 0;
  bell.setAttribute("aria-label", unread ? `Notifications, ${unread} unread` : "Notifications");
});

for (const node of all("[data-clock=market]")) node.textContent = `market time, ${marketZoneName()}`;

const toasts = one("#toasts");
if (toasts?.childElementCount) {
  toasts.showPopover();
  setTimeout(() => {
    toasts.replaceChildren();
    toasts.hidePopover();
  }, 6000);
}
