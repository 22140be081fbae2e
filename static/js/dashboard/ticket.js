// The order ticket: what the gate would say, while typing; every rule as a bar of value against limit.

import { api, symbolPath } from "../core/api.js";
import { all, debounce, h, one, setText } from "../core/dom.js";
import { marketTime, marketZoneName, money, price, quantity } from "../core/format.js";
import { badge } from "../ui/badges.js";
import { ruleList } from "../ui/limit.js";
import { act, toast, toastError } from "../ui/toast.js";

const PREVIEW_MS = 220;
const PHONE = matchMedia("(max-width: 720px)");
const PRICES = { MARKET: [], LIMIT: ["limit_price"], STOP: ["stop_price"], STOP_LIMIT: ["stop_price", "limit_price"] };
const DECIMAL = /^\d+(\.\d+)?$/;

export function ticketPanel(page) {
  const dialog = one("#ticket");
  if (!dialog) return null;
  const ticket = new Ticket(page, dialog, one("#ticket-form"));
  return (state, before) => {
    if (state.deployments !== before.deployments) ticket.drawSleeves(state.deployments ?? []);
    if (dialog.open && state.feed?.event_number !== before.feed?.event_number) ticket.preview();
  };
}

class Ticket {
  constructor(page, dialog, form) {
    this.page = page;
    this.dialog = dialog;
    this.form = form;
    this.side = "BUY";
    this.verdict = null;
    this.clientOrderId = crypto.randomUUID();
    this.preview = debounce(() => this.ask(), PREVIEW_MS);
    this.bind();
  }

  bind() {
    for (const button of all("[data-ticket-open]")) button.addEventListener("click", () => this.open());
    one("#ticket-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("keydown", (event) => event.key === "Escape" && this.dialog.close());
    this.dialog.addEventListener("close", () => this.opener?.focus());
    document.addEventListener("keydown", (event) => {
      if (event.key === "n" && !event.metaKey && !event.ctrlKey && !event.target.closest?.("input, select, textarea, dialog")) {
        event.preventDefault();
        this.open();
      }
    });
    for (const button of all("[data-side]", this.form)) button.addEventListener("click", () => this.setSide(button.dataset.side));
    this.form.addEventListener("input", () => this.changed());
    this.form.symbol.addEventListener("change", () => this.quote());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.drawPrices();
    this.drawWaiting();
  }

  async open() {
    this.opener = document.activeElement;
    if (this.dialog.open) return;
    if (PHONE.matches) this.dialog.showModal();
    else this.dialog.show();
    this.form.symbol.focus();
    this.changed();
    await this.loadSymbols();
  }

  async loadSymbols() {
    if (this.loaded) return;
    this.loaded = true;
    try {
      const answer = await api.get("/api/instruments?page_size=500");
      one("#ticket-symbols").replaceChildren(...answer.results.map((row) => h("option", { value: row.symbol }, row.name ?? "")));
    } catch (error) {
      this.loaded = false;
      toastError(error, "The list of symbols did not load");
    }
  }

  setSide(side) {
    this.side = side;
    for (const button of all("[data-side]", this.form)) button.setAttribute("aria-pressed", String(button.dataset.side === side));
    this.changed();
  }

  drawSleeves(deployments) {
    const select = this.form.deployment;
    const options = [h("option", { value: "" }, "By hand (no strategy)"), ...deployments.map((row) => h("option", { value: row.id }, row.name))];
    const signature = deployments.map((row) => `${row.id}:${row.name}`).join("|");
    if (select.dataset.signature === signature) return;
    const chosen = select.value;
    select.dataset.signature = signature;
    select.replaceChildren(...options);
    select.value = chosen;
  }

  drawPrices() {
    const shown = PRICES[this.form.order_type.value];
    for (const field of all("[data-price]", this.form)) field.hidden = !shown.includes(field.dataset.price);
  }

  body() {
    const form = this.form;
    const body = {
      account: this.page.account,
      symbol: form.symbol.value.trim().toUpperCase(),
      side: this.side,
      quantity: form.quantity.value.trim(),
      order_type: form.order_type.value,
      time_in_force: form.time_in_force.value,
    };
    for (const name of PRICES[body.order_type]) body[name] = form[name].value.trim();
    if (form.deployment.value) body.deployment = Number(form.deployment.value);
    return body;
  }

  complete(body) {
    const numbers = [body.quantity, ...PRICES[body.order_type].map((name) => body[name])];
    return body.symbol && numbers.every((text) => DECIMAL.test(text));
  }

  changed() {
    this.drawPrices();
    const { side, quantity: amount, symbol } = this.body();
    const submit = one("#ticket-submit");
    setText(submit, `${side === "BUY" ? "Buy" : "Sell"} ${amount} ${symbol}`.trim());
    submit.disabled = true;
    this.preview();
  }

  async quote() {
    const symbol = this.form.symbol.value.trim().toUpperCase();
    this.form.symbol.value = symbol;
    if (!symbol) return;
    try {
      const answer = await api.get(`/api/quote/${symbolPath(symbol)}?account=${this.page.account}`);
      const at = answer.as_of ?? answer.timestamp;
      setText(one("#ticket-quote"), `Last price ${price(answer.price)}${at ? `, ${marketTime(at)} market time, ${marketZoneName()}` : ""}`);
    } catch (error) {
      setText(one("#ticket-quote"), error.message);
    }
  }

  async ask() {
    const body = this.body();
    this.asking?.abort();
    if (!this.complete(body)) {
      this.drawWaiting();
      return;
    }
    this.asking = new AbortController();
    try {
      const answer = await api.post("/api/orders", { ...body, dry_run: true }, { signal: this.asking.signal });
      this.drawVerdict(answer.decision ?? answer);
    } catch (error) {
      if (error.name !== "AbortError") this.drawRefusal(error);
    }
  }

  drawWaiting() {
    const box = one("#ticket-verdict");
    box.dataset.verdict = "";
    box.replaceChildren(h("p", { class: "quiet" }, "Fill in symbol and quantity: the verdict of the risk gate appears here before anything is sent."));
    one("#ticket-rules").replaceChildren();
  }

  drawRefusal(error) {
    const box = one("#ticket-verdict");
    box.dataset.verdict = "DENY";
    box.replaceChildren(h("p", { class: "row" }, badge("DENY"), h("span", { class: "strong" }, "This cannot be an order")), h("p", {}, error.message));
    one("#ticket-rules").replaceChildren();
  }

  drawVerdict(decision) {
    const currency = this.page.currency;
    const box = one("#ticket-verdict");
    const denied = ["DENY", "STOPPED", "TOO_SMALL"].includes(decision.verdict);
    const largest = Number(decision.largest);
    const useLargest =
      denied && largest > 0
        ? h("button", { class: "btn btn-small", type: "button", onclick: () => this.useQuantity(decision.largest) }, `Use ${quantity(decision.largest)}, the largest that passes`)
        : null;
    const reserve = Number(decision.reserve) > 0 ? h("span", { class: "note push num" }, `holds ${money(decision.reserve, currency)}`) : null;
    box.dataset.verdict = decision.verdict;
    box.replaceChildren(
      h("p", { class: "row" }, badge(decision.verdict), h("span", { class: "strong" }, "if sent now"), denied ? null : reserve),
      h("p", {}, decision.text),
      ...(useLargest ? [useLargest] : []),
    );
    one("#ticket-rules").replaceChildren(...ruleList(decision.rules ?? [], { currency }));
    one("#ticket-submit").disabled = denied;
  }

  useQuantity(value) {
    this.form.quantity.value = Number(value).toString();
    this.changed();
    this.form.quantity.focus();
  }

  send() {
    const submit = one("#ticket-submit");
    if (submit.disabled) return;
    act(submit, async () => {
      const answer = await api.post("/api/orders", { ...this.body(), client_order_id: this.clientOrderId });
      this.clientOrderId = crypto.randomUUID();
      const decision = answer.decision ?? {};
      const denied = ["DENY", "STOPPED", "TOO_SMALL"].includes(decision.verdict);
      toast(decision.text || "The order is sent.", denied ? "warn" : "good", { title: denied ? "Denied" : "Order accepted" });
      if (!denied) {
        this.form.quantity.value = "";
        this.dialog.close();
      }
    }).finally(() => this.changed());
  }
}
