// The overview: six figures with one line of context each.

import { one, setText } from "../core/dom.js";
import { money, percent, quantity, signedMoney, signedPercent, toneOf } from "../core/format.js";

const TONED = new Set(["unrealised_pnl", "total_return"]);

export function tilesPanel(page) {
  return (state, before) => {
    if (state.overview === before.overview && state.performance === before.performance) return;
    const { overview, performance = {} } = state;
    const cash = (value) => money(value, page.currency);
    const signed = (value) => signedMoney(value, page.currency);
    const share = Number(overview.total_value) ? Number(overview.positions_value) / Number(overview.total_value) : 0;
    draw("total_value", overview.total_value, cash(overview.total_value), `${signed(overview.day_pnl)} today`, overview.day_pnl);
    draw("cash", overview.cash, cash(overview.cash), `buying power ${money(overview.buying_power, page.currency, 0)}`);
    draw("positions_value", overview.positions_value, cash(overview.positions_value), `${percent(share, 1)} of the account`);
    draw("unrealised_pnl", overview.unrealised_pnl, signed(overview.unrealised_pnl), `${signed(overview.realised_pnl)} realised`, overview.realised_pnl);
    draw("total_return", overview.total_return, signedPercent(overview.total_return), `max drawdown ${percent(performance.max_drawdown)}`);
    draw("num_positions", overview.num_positions, quantity(overview.num_positions), `${performance.round_trips ?? 0} round trips closed`);
  };
}

function draw(name, value, text, note, noteValue) {
  const figure = one(`[data-tile=${name}]`);
  const tone = TONED.has(name) ? toneOf(value) : "";
  figure.className = `tile-value ${tone ? `delta ${tone}` : ""}`;
  setText(figure, text, { flash: true });
  const line = one(`[data-note=${name}]`);
  line.className = `tile-note ${toneOf(noteValue) ? `delta ${toneOf(noteValue)}` : ""}`;
  setText(line, note);
}
