// Form fields with their label, unit, hint and error in words.

import { h, icon, one } from "../core/dom.js";

let count = 0;

/** spec: {name, label, value, unit, hint, type: "number" | "integer" | "text" | "date" | "select" | "check", options, min, max, required, readonly, wide} */
export function field(spec) {
  const id = `field-${(count += 1)}`;
  if (spec.type === "check") return checkField(id, spec);
  const control = spec.type === "select" ? selectOf(id, spec) : inputOf(id, spec);
  const described = [spec.hint ? `${id}-hint` : null, `${id}-error`].filter(Boolean).join(" ");
  control.setAttribute("aria-describedby", described);
  const node = h(
    "div",
    { class: spec.wide ? "field field-wide" : "field", dataset: { field: spec.name } },
    h("label", { for: id }, spec.label),
    spec.unit ? h("span", { class: "input-unit" }, control, h("span", { class: "unit", "aria-hidden": "true" }, spec.unit)) : control,
    spec.hint ? h("p", { class: "hint", id: `${id}-hint` }, spec.hint) : null,
    h("p", { class: "error", id: `${id}-error` }),
  );
  node.spec = spec;
  control.addEventListener("input", () => setError(node, ""));
  return node;
}

function inputOf(id, spec) {
  const numeric = spec.type === "number" || spec.type === "integer";
  return h("input", {
    class: "input",
    id,
    name: spec.name,
    type: spec.type === "date" ? "date" : "text",
    inputmode: numeric ? "decimal" : null,
    value: spec.value ?? "",
    required: spec.required,
    readonly: spec.readonly,
    autocomplete: "off",
    min: spec.type === "date" ? spec.min : null,
    max: spec.type === "date" ? spec.max : null,
    maxlength: spec.type === "date" ? null : (spec.maxlength ?? 400),
  });
}

function selectOf(id, spec) {
  const select = h(
    "select",
    { class: "input", id, name: spec.name, disabled: spec.readonly },
    spec.options.map(([value, label]) => h("option", { value }, label)),
  );
  if (spec.value !== undefined && spec.value !== null) select.value = spec.value;
  return select;
}

function checkField(id, spec) {
  const node = h(
    "div",
    { class: "field", dataset: { field: spec.name } },
    h("label", { class: "choice", for: id }, h("input", { type: "checkbox", id, name: spec.name, checked: spec.value === true, disabled: spec.readonly }), h("span", {}, spec.label)),
    spec.hint ? h("p", { class: "hint" }, spec.hint) : null,
    h("p", { class: "error" }),
  );
  node.spec = spec;
  return node;
}

export function control(node) {
  return one("input, select, textarea", node);
}

/** The field's value as the server wants it: numbers as numbers, empty as null. */
export function valueOf(node) {
  const input = control(node);
  const { type } = node.spec;
  if (type === "check") return input.checked;
  const text = input.value.trim();
  if (type === "number" || type === "integer") return text === "" ? null : Number(text.replaceAll(",", ""));
  return text;
}

export function setError(node, text) {
  const place = one(".error", node);
  place.replaceChildren(...(text ? [icon("warn"), h("span", {}, text)] : []));
  control(node).setAttribute("aria-invalid", text ? "true" : "false");
}

/** Checks a field and says in words what is wrong; true when it is fine. */
export function check(node) {
  const { spec } = node;
  const value = valueOf(node);
  const problem = spec.readonly ? "" : problemOf(spec, value, control(node).value.trim());
  setError(node, problem);
  return !problem;
}

function problemOf(spec, value, text) {
  if (text === "" && spec.type !== "check") return spec.required ? `${spec.label} is needed.` : "";
  if (spec.type === "number" || spec.type === "integer") {
    if (!Number.isFinite(value)) return `${spec.label} must be a number, such as ${spec.min ?? 1}.`;
    if (spec.type === "integer" && !Number.isInteger(value)) return `${spec.label} must be a whole number.`;
    if (spec.min !== undefined && spec.min !== null && value < spec.min) return `${spec.label} must be at least ${spec.min}.`;
    if (spec.max !== undefined && spec.max !== null && value > spec.max) return `${spec.label} must be at most ${spec.max}.`;
  }
  return spec.check ? spec.check(value) : "";
}

/** Checks all; puts the cursor into the first wrong one. */
export function checkAll(nodes) {
  const wrong = nodes.filter((node) => !check(node));
  if (wrong.length) control(wrong[0]).focus();
  return wrong.length === 0;
}

/** Puts a server's refusal beside the field it names; false when it names none. */
export function showRefusal(nodes, error) {
  const named = [error.context?.field, ...Object.keys(error.context?.fields ?? {})].filter(Boolean).map(String);
  const matches = ({ spec }, name) => spec.path === name || spec.name === name || name.endsWith(`.${spec.name}`);
  const node = nodes.find((one) => named.some((name) => matches(one, name)));
  if (!node) return false;
  setError(node, error.message);
  control(node).focus();
  return true;
}

/** "aapl, goog ibm" → ["AAPL", "GOOG", "IBM"] */
export function symbolsOf(text) {
  return [...new Set(text.split(/[\s,;]+/).map((symbol) => symbol.trim().toUpperCase()).filter(Boolean))];
}

export function formError(holder, text) {
  holder.replaceChildren(...(text ? [icon("warn"), h("span", {}, text)] : []));
  holder.hidden = !text;
}
