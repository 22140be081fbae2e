// The account's stop state and how much of each limit is used.

import { keyed, one, setText } from "../core/dom.js";
import { capital } from "../core/format.js";
import { writeBadge } from "../ui/badges.js";
import { limitBar, writeLimit } from "../ui/limit.js";

const MEANING = {
  REDUCING: "Only orders that reduce a position are accepted.",
  HALTED: "Strategies may send protective orders only; you may still close positions.",
};

const sentence = (clause) => `${capital(clause.replace(/\.$/, ""))}.`;
const shaped = (measure, currency) => ({ ...measure, used: Number(measure.used), currency });

export function riskPanel(page) {
  return (state, before) => {
    if (state.risk === before.risk) return;
    const { risk } = state;
    writeBadge(one("#risk-state"), risk.state);
    setText(one("#risk-profile"), risk.profile ? `profile ${risk.profile}` : "");
    const reasons = one("#risk-reasons");
    const text = [MEANING[risk.state], ...(risk.reasons ?? []).map(sentence)].filter(Boolean).join(" ");
    reasons.hidden = !text;
    setText(reasons, text);
    keyed(
      one("#risk-measures"),
      risk.measures ?? [],
      (measure) => measure.code,
      (measure) => limitBar(shaped(measure, page.currency)),
      (node, measure) => writeLimit(node, shaped(measure, page.currency)),
    );
  };
}
