// Building and updating elements. Text never becomes markup.

const SVG = "http://www.w3.org/2000/svg";

/** h("td", {class: "right"}, "text", node, null): an element with attributes, listeners (onclick) and children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Replaces the text of an element if it differs; flashes it when asked and when it had one. */
export function setText(element, text, { flash: flashing = false } = {}) {
  if (!element || element.textContent === text) return false;
  const had = element.dataset.filled === "1";
  element.textContent = text;
  element.dataset.filled = "1";
  if (flashing && had) flash(element);
  return true;
}

export function flash(element) {
  element.classList.remove("flash");
  requestAnimationFrame(() => element.classList.add("flash"));
  element.addEventListener("animationend", () => element.classList.remove("flash"), { once: true });
}

/** Runs a callback at most once per `wait` milliseconds, the last call always. */
export function throttle(callback, wait) {
  let timer = null;
  let last = 0;
  return () => {
    if (timer !== null) return;
    timer = setTimeout(
      () => {
        timer = null;
        last = performance.now();
        callback();
      },
      Math.max(0, wait - (performance.now() - last)),
    );
  };
}

export function debounce(callback, wait) {
  let timer = null;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => callback(...values), wait);
  };
}

/** Keeps the children of a list equal to `rows`: known keys stay the same node, so focus and scroll survive. */
export function keyed(container, rows, keyOf, create, update) {
  const known = new Map([...container.children].filter((node) => node.dataset.key).map((node) => [node.dataset.key, node]));
  let cursor = container.firstElementChild;
  const seen = new Set();
  for (const row of rows) {
    const key = String(keyOf(row));
    seen.add(key);
    let node = known.get(key);
    if (!node) {
      node = create(row);
      node.dataset.key = key;
    }
    update?.(node, row);
    if (node === cursor) cursor = cursor.nextElementSibling;
    else container.insertBefore(node, cursor);
  }
  for (const node of [...container.children]) if (!seen.has(node.dataset.key)) node.remove();
}
