// What every page has: theme switch, menus, messages of the server, names of clocks.

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

for (const node of all("[data-clock=market]")) node.textContent = `market time, ${marketZoneName()}`;

const toasts = one("#toasts");
if (toasts?.childElementCount) {
  toasts.showPopover();
  setTimeout(() => {
    toasts.replaceChildren();
    toasts.hidePopover();
  }, 6000);
}
