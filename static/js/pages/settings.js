// Account settings: the sections of the configuration as a form, the strategies deployed, money in and out.

import { api } from "../core/api.js";
import { h, one } from "../core/dom.js";
import { capital, money, percent, words } from "../core/format.js";
import { badge } from "../ui/badges.js";
import { confirm } from "../ui/dialog.js";
import { checkAll, control, field, formError, setError, showRefusal, symbolsOf, valueOf } from "../ui/form.js";
import { StrategyPicker, strategiesGet } from "../ui/strategy.js";
import { emptyState } from "../ui/table.js";
import { act, toast, toastError } from "../ui/toast.js";
import { Members } from "./members.js";

const { account, currency, canWrite, owns, symbols: known } = one("[data-account]").dataset;
const writable = canWrite === "true";

const FIXED = "Set when the account was opened.";

// what people should read beside a key of the configuration; an unknown key still gets a field
const KEYS = {
  "trading.mode": { label: "Mode", fixed: FIXED },
  "trading.initial_capital": { label: "Initial capital", unit: currency, fixed: FIXED, type: "number" },
  "risk.allowed_symbols": { label: "Symbols allowed", hint: "Separated by commas; empty allows every known symbol.", wide: true, list: true },
  "trading.update_interval": { label: "Update interval", unit: "s", type: "number" },
  "trading.max_positions": { label: "Positions at most", type: "integer", min: 1, hint: "Only fewer; more is the risk manager's." },
  "trading.position_size": { label: "Position size", type: "number", fraction: true, hint: "Of equity, for each entry; holds for every strategy here. Empty while they differ." },
  "trading.stop_loss": { label: "Stop loss", type: "number", fraction: true, hint: "Below the entry's reference price." },
  "trading.take_profit": { label: "Take profit", type: "number", fraction: true, hint: "Above the entry's reference price." },
  "brokerage.provider": { label: "Broker", fixed: FIXED },
  "brokerage.credentials": { label: "Credentials", fixed: "Never shown." },
  "data.provider": { label: "Market data", fixed: "Set by the operator." },
  "data.cache_enabled": { label: "Cache", fixed: "Set by the operator." },
  "data.cache_dir": { label: "Cache folder", fixed: "Set by the operator." },
  "risk.max_position_size_pct": { label: "Position at most", unit: "%", type: "number", min: 0, max: 100 },
  "risk.max_daily_loss_pct": { label: "Daily loss at most", unit: "%", type: "number", min: 0, max: 100 },
  "risk.max_portfolio_leverage": { label: "Leverage at most", unit: "×", type: "number", min: 0 },
};

const SECTIONS = {
  trading: ["Trading", "Sizes and protection of the strategies' orders."],
  risk: ["Limits", "They can be made tighter here; looser is the risk manager's."],
  brokerage: ["Broker", ""],
  data: ["Market data", ""],
};

/** What is fixed and empty is nothing to show. */
const worth = (section, key, value) => value !== null || !KEYS[`${section}.${key}`]?.fixed;
const scalar = (value) => value === null || typeof value !== "object" || Array.isArray(value);
const shown = (value, spec) => {
  if (Array.isArray(value)) return value.join(", ");
  if (value === null || value === undefined) return "";
  if (spec.fraction) return String(Number((Number(value) * 100).toFixed(6)));
  if (typeof value === "boolean") return value ? "on" : "off";
  return String(value);
};

function fieldOf(section, key, value) {
  const path = `${section}.${key}`;
  const known = KEYS[path] ?? {};
  const fixed = known.fixed;
  const numeric = typeof value === "number";
  return field({
    name: key,
    path,
    label: known.label ?? capital(words(key)),
    type: known.type ?? (numeric ? "number" : "text"),
    unit: known.fraction ? "%" : known.unit,
    hint: fixed ?? known.hint,
    readonly: Boolean(fixed) || !writable,
    wide: known.wide,
    min: known.min,
    max: known.max,
    fraction: known.fraction,
    list: known.list || Array.isArray(value),
    value: shown(value, known),
    before: value,
  });
}

function changedValue(node) {
  const { spec } = node;
  if (spec.readonly) return undefined;
  const text = one("input", node).value.trim();
  if (text === shown(spec.before, spec)) return undefined;
  if (spec.list) return text ? symbolsOf(text) : null;
  const value = valueOf(node);
  return spec.fraction && value !== null ? Number((value / 100).toFixed(8)) : value;
}

class Configuration {
  constructor(config) {
    this.form = one("#config-form");
    this.error = one("#config-error");
    this.draw(config);
    this.form.addEventListener("input", () => this.mark());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    one("#config-reset").addEventListener("click", () => this.draw(this.config));
  }

  draw(config) {
    this.config = config;
    this.fields = [];
    const cards = Object.entries(SECTIONS).filter(([name]) => config[name]).map(([name, [title, note]]) => {
      const fields = Object.entries(config[name]).filter(([key, value]) => scalar(value) && worth(name, key, value)).map(([key, value]) => fieldOf(name, key, value));
      this.fields.push(...fields);
      return h(
        "section",
        { class: "card", "aria-label": title },
        h("div", { class: "card-head" }, h("h2", {}, title), note ? h("span", { class: "note hide-phone" }, note) : null),
        h("div", { class: "card-body" }, h("div", { class: "fields" }, fields)),
      );
    });
    one("#config").replaceChildren(...cards.slice(0, 2), h("div", { class: "halves" }, cards.slice(2)));
    formError(this.error, "");
    this.mark();
  }

  changes() {
    const body = {};
    for (const node of this.fields) {
      const value = changedValue(node);
      if (value === undefined) continue;
      const [section, key] = node.spec.path.split(".");
      body[section] = { ...body[section], [key]: value };
    }
    return body;
  }

  mark() {
    const count = Object.values(this.changes()).reduce((sum, section) => sum + Object.keys(section).length, 0);
    one("#config-bar").hidden = !writable || count === 0;
    one("#config-count").textContent = count === 1 ? "1 change" : `${count} changes`;
  }

  save() {
    formError(this.error, "");
    if (!checkAll(this.fields)) return;
    act(one("#config-save"), async () => {
      try {
        const answer = await api.post("/api/config", { account: Number(account), ...this.changes() });
        toast(answer.message || "Saved. It holds from the next decision on.");
        this.draw(answer.config ?? (await configGet()));
      } catch (error) {
        if (!showRefusal(this.fields, error)) formError(this.error, error.message);
      }
    });
  }
}

async function configGet() {
  return (await api.get(`/api/config?account=${account}`)).config;
}

function deploymentItem(row) {
  const about = [(row.symbols ?? []).join(", "), Object.entries(row.parameters ?? {}).map(([name, value]) => `${words(name)} ${value}`).join(", "), row.position_size ? `${percent(row.position_size, 0)} each` : ""];
  return h("li", {}, badge(row.state), h("p", { class: "feed-text strong" }, row.name), h("p", { class: "feed-meta num" }, [...about, row.message].filter(Boolean).join(" · ")));
}

async function drawDeployments() {
  const answer = await api.get(`/api/deployments?account=${account}`);
  const list = one("#deployment-list");
  list.replaceChildren(...(answer.results.length ? answer.results.map(deploymentItem) : [h("li", {}, emptyState("spark", "No strategy is deployed yet. Add the first one below."))]));
}

const fraction = (name, label, value, hint) => field({ name, label, value, hint, type: "number", unit: "%", min: 0, max: 100, required: name === "position_size" });

async function bindDeploymentForm(symbols) {
  const form = one("#deployment-form");
  if (!form) return;
  const strategies = await strategiesGet();
  const picker = new StrategyPicker(strategies);
  const fields = {
    name: field({ name: "name", label: "Name", required: true, value: picker.title(), hint: "How it appears in decisions.", maxlength: 80 }),
    symbols: field({ name: "symbols", label: "Symbols", value: symbols.join(", "), required: true, hint: "Separated by commas.", wide: true }),
    position_size: fraction("position_size", "Position size", "5", "Of equity, for each entry."),
    stop_loss: fraction("stop_loss", "Stop loss", "2", "Empty for none."),
    take_profit: fraction("take_profit", "Take profit", "5", "Empty for none."),
    on_limit: field({ name: "on_limit", label: "At a limit", type: "select", options: [["cut", "cut the order"], ["deny", "deny the order"]], hint: "Of an order that is too large: cut it to the largest that passes, or send none." }),
  };
  one("#deployment-fields").replaceChildren(picker.node, h("div", { class: "fields" }, Object.values(fields)));
  // the name follows what is chosen until somebody gives one
  let named = false;
  const name = control(fields.name);
  name.addEventListener("input", () => (named = name.value.trim() !== ""));
  picker.node.addEventListener("input", () => {
    if (!named) name.value = picker.title();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!checkAll([...picker.fields(), ...Object.values(fields)])) return;
    const share = (name) => (valueOf(fields[name]) === null ? null : String(Number((valueOf(fields[name]) / 100).toFixed(8))));
    const body = {
      account: Number(account),
      strategy: picker.name(),
      parameters: picker.parameters(),
      name: valueOf(fields.name),
      symbols: symbolsOf(valueOf(fields.symbols)),
      position_size: share("position_size"),
      stop_loss: share("stop_loss"),
      take_profit: share("take_profit"),
      on_limit: valueOf(fields.on_limit),
    };
    act(one("#deployment-save"), async () => {
      try {
        const row = await api.post("/api/deployments", body);
        toast(`${row.name ?? body.name} is added, and stopped. Start it on the dashboard.`);
        named = false;
        name.value = "";
        await drawDeployments();
      } catch (error) {
        if (!showRefusal([...picker.fields(), ...Object.values(fields)], error)) toastError(error);
      }
    });
  });
}

function bindMoney() {
  const form = one("#money-form");
  if (!form) return;
  const amount = field({ name: "amount", label: "Amount", type: "number", unit: currency, required: true, min: 0.01 });
  one("#money-field").replaceChildren(amount);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!checkAll([amount])) return;
    const verb = event.submitter.value;
    const sum = money(valueOf(amount), currency);
    if (verb === "withdraw") {
      const sure = await confirm({ title: `Withdraw ${sum}?`, will: [`take ${sum} out of the account's cash; return and drawdown are not affected`], wont: ["sell a position"], action: "Withdraw" });
      if (!sure) return;
    }
    act(event.submitter, async () => {
      try {
        await api.post(`/api/accounts/${account}/${verb}`, { amount: String(valueOf(amount)), key: crypto.randomUUID() });
        toast(verb === "deposit" ? `${sum} deposited.` : `${sum} withdrawn.`);
        form.reset();
      } catch (error) {
        setError(amount, error.message);
      }
    });
  });
}

async function load() {
  const config = await configGet();
  new Configuration(config);
  bindMoney();
  const symbols = config.risk?.allowed_symbols ?? config.strategies?.[0]?.symbols ?? symbolsOf(known);
  await Promise.all([drawDeployments(), bindDeploymentForm(symbols), new Members(account, owns === "true").load()]);
  if (location.hash) one(location.hash)?.scrollIntoView();
}

load().catch((error) => toastError(error, "The settings did not load"));
