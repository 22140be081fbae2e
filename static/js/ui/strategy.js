// Choosing a strategy and its parameters, from what the site says it has.

import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import { capital, words } from "../core/format.js";
import { field, valueOf } from "./form.js";

export async function strategiesGet() {
  const answer = await api.get("/api/strategies");
  return answer.results ?? answer.strategies ?? answer;
}

/** The title of each strategy by its name. */
export async function strategyTitles() {
  return new Map((await strategiesGet()).map((strategy) => [strategy.name, strategy.title ?? strategy.name]));
}

/** A select and the chosen strategy's parameters; `fields()` are those shown, `value()` what was chosen. */
export class StrategyPicker {
  constructor(strategies, { chosen = null, parameters = {} } = {}) {
    this.strategies = strategies;
    this.select = field({
      name: "strategy",
      label: "Strategy",
      type: "select",
      wide: true,
      options: strategies.map((strategy) => [strategy.name, strategy.title ?? strategy.name]),
      value: chosen ?? (strategies.find((strategy) => strategy.parameters.length) ?? strategies[0])?.name,
    });
    this.about = h("p", { class: "note field-wide" });
    this.holder = h("div", { class: "fields field-wide" });
    this.node = h("div", { class: "fields" }, this.select, this.about, this.holder);
    this.select.addEventListener("input", () => this.draw({}));
    this.draw(parameters);
  }

  get current() {
    return this.strategies.find((strategy) => strategy.name === valueOf(this.select));
  }

  draw(given) {
    const strategy = this.current;
    this.about.textContent = strategy?.documentation ?? "";
    this.holder.replaceChildren(...(strategy?.parameters ?? []).map((parameter) => parameterField(parameter, given[parameter.name])));
    this.holder.hidden = !strategy?.parameters?.length;
  }

  fields() {
    return [...this.holder.children];
  }

  parameters() {
    return Object.fromEntries(this.fields().map((node) => [node.spec.name, valueOf(node)]));
  }

  name() {
    return valueOf(this.select);
  }

  /** A name that tells this choice from others: "SMA cross 10/30" */
  title() {
    const values = this.fields().map((node) => valueOf(node)).filter((value) => value !== null);
    return [this.current?.title ?? this.name(), values.join("/")].filter(Boolean).join(" ").slice(0, 80);
  }
}

function parameterField(parameter, value) {
  const { name, type, min, max, help } = parameter;
  return field({
    name,
    label: capital(words(name)),
    type: type === "integer" ? "integer" : "number",
    value: value ?? parameter.default,
    min,
    max,
    required: true,
    hint: [help, min !== undefined && max !== undefined ? `${min} to ${max}.` : ""].filter(Boolean).join(" "),
  });
}
