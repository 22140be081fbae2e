// One decision: the sentence, the figures, and every rule as a bar of value against limit.

import { api, symbolPath } from "../core/api.js";
import { h, one } from "../core/dom.js";
import { capital, exact, marketTime, marketZoneName, quantity, words } from "../core/format.js";
import { badge } from "../ui/badges.js";
import { ruleList } from "../ui/limit.js";
import { emptyState } from "../ui/table.js";
import { toastError } from "../ui/toast.js";

const { account, decision, currency } = one("[data-decision]").dataset;

function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

function facts(row) {
  const denied = Number(row.passed) === 0;
  return [
    ...fact("Asked by", row.deployment === null ? "a person" : row.deployment_name),
    ...fact("Wanted", `${row.side === "BUY" ? "buy" : "sell"} ${quantity(row.wanted)} ${row.symbol}`),
    ...fact("Passed", denied ? "nothing" : quantity(row.passed)),
    ...fact("Largest that passes", quantity(row.largest)),
    ...(row.reference_price ? fact("Reference price", exact(row.reference_price)) : []),
    ...(row.rule ? fact("Binding rule", row.rules?.find((rule) => rule.code === row.rule)?.label ?? capital(words(row.rule))) : []),
    ...fact("Decided at", `${marketTime(row.market_time)} market time, ${marketZoneName()}`),
  ];
}

function draw(row) {
  one("#verdict").replaceChildren(badge(row.verdict));
  one("#sentence").textContent = row.text;
  one("#facts").replaceChildren(...facts(row));
  const rules = row.rules ?? [];
  one("#rules").replaceChildren(
    ...(rules.length ? ruleList(rules, { currency, sentences: true }) : [emptyState("shield", "No rule was judged: the intent ended before the gate.")]),
  );
  one("#links").replaceChildren(
    h("a", { class: "btn", href: `/accounts/${account}/symbols/${symbolPath(row.symbol)}/` }, `See ${row.symbol}`),
    h("a", { class: "btn", href: `/accounts/${account}/` }, "Back to the dashboard"),
  );
}

api.get(`/api/decisions/${decision}`).then(draw, (error) => toastError(error, "The decision did not load"));
