// A value against its limit, as a bar: calm below 80 %, amber up to the limit, red beyond.

import { h, icon, setText } from "../core/dom.js";
import { inUnit } from "../core/format.js";

const WARNING = 0.8;

function meterOf(used) {
  return h("meter", { min: 0, max: 1, low: WARNING, high: 0.9999, optimum: 0, value: Math.min(1, Math.max(0, used)) });
}

export function limitBar({ label, value, limit, used, unit, text = "", currency }) {
  const meter = meterOf(used);
  const figures = h("span", { class: "limit-figures" });
  const node = h("div", { class: "limit" }, h("span", { class: "limit-label" }, label), figures, meter, text ? h("p", { class: "limit-text" }, text) : null);
  writeLimit(node, { label, value, limit, used, unit, currency });
  return node;
}

export function writeLimit(node, { label, value, limit, used, unit, currency }) {
  const [name, figures, meter] = node.children;
  setText(name, label);
  figures.replaceChildren(
    h("span", { class: used >= 1 ? "loss strong" : "" }, inUnit(value, unit, currency)),
    h("span", { class: "of" }, ` of ${inUnit(limit, unit, currency)}`),
  );
  meter.value = Math.min(1, Math.max(0, Number(used) || 0));
  meter.setAttribute("aria-label", `${label}: ${inUnit(value, unit, currency)} of ${inUnit(limit, unit, currency)}`);
}

/** How much of a rule's limit is used, whichever way the rule counts. */
export function usedOf(rule) {
  if (rule.verdict === "deny") return 1;
  const limit = Math.abs(Number(rule.limit));
  if (!limit) return 0;
  return Math.min(0.9999, Math.abs(Number(rule.value)) / limit);
}

const UNBOUNDED = 1e9;
const BOUNDS = new Set(["COLLAR", "MINIMUM_QUANTITY"]);

/** Whether a rule measures a value against what it may be at most; what is met or unbounded is a tick, not a bar. */
function isCeiling(rule) {
  if (rule.value === null || rule.limit === null || rule.unit === "none" || rule.verdict === "skip") return false;
  if (rule.verdict === "pass" && (BOUNDS.has(rule.code) || (rule.unit === "usd" && Number(rule.limit) >= UNBOUNDED))) return false;
  return rule.verdict === "deny" || Math.abs(Number(rule.value)) <= Math.abs(Number(rule.limit)) * 1.000001;
}

/** The sentence of a rule, where it says more than the figures beside it. */
function sentenceOf(rule) {
  return rule.verdict === "deny" || !rule.text.includes("against a limit of") ? rule.text : "";
}

/** What a rule found; that it is in order, or does not apply, its mark says already. */
function said(rule) {
  if (rule.verdict === "skip") return h("span", { class: "visually-hidden" }, " does not apply");
  return rule.text && rule.text !== "in order" ? `: ${rule.text}` : "";
}

const MARKS = { pass: "check", deny: "cross", skip: "dash" };

/** A gate's rules: bars for what is measured, ticks for the rest; the denying ones first. */
export function ruleList(rules, { currency, sentences = false } = {}) {
  const rank = { deny: 0, pass: 1, skip: 2 };
  const sorted = [...rules].sort((a, b) => rank[a.verdict] - rank[b.verdict]);
  const measured = sorted.filter(isCeiling);
  const others = sorted.filter((rule) => !measured.includes(rule));
  return [
    h(
      "div",
      { class: "limits" },
      measured.map((rule) =>
        limitBar({ ...rule, used: usedOf(rule), currency, text: sentences || rule.verdict === "deny" ? sentenceOf(rule) : "" }),
      ),
    ),
    h(
      "ul",
      { class: "checks" },
      others.map((rule) =>
        h(
          "li",
          { class: "check", dataset: { verdict: rule.verdict } },
          icon(MARKS[rule.verdict]),
          h("span", {}, h("span", { class: "strong" }, rule.label), said(rule)),
        ),
      ),
    ),
  ];
}
