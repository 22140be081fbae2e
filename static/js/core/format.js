// Numbers and times as people read them. Values arrive as decimal strings and are only shown, never computed with.

const MINUS = "−";
const NONE = "—";
const formats = new Map();

function formatter(key, locale, options) {
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(locale, options));
  return formats.get(key);
}

const absent = (value) => value === null || value === undefined || value === "" || Number.isNaN(Number(value));

function fixed(value, least, most) {
  return formatter(`n${least}-${most}`, "en-US", { minimumFractionDigits: least, maximumFractionDigits: most }).format(
    Math.abs(Number(value)),
  );
}

/** The minus of a negative number, unless it is shown as zero. */
function minus(value, text) {
  return Number(value) < 0 && /[1-9]/.test(text) ? MINUS : "";
}

const signed = (value, text) => `${minus(value, text)}${text}`;

const SIGNS = { USD: "$", EUR: "€", GBP: "£" };

/** 100000 → $100,000.00; the currency is the account's. */
export function money(value, currency = "USD", digits = 2) {
  if (absent(value)) return NONE;
  const sign = SIGNS[currency];
  const text = fixed(value, digits, digits);
  const negative = minus(value, text);
  return sign ? `${negative}${sign}${text}` : `${negative}${text} ${currency}`;
}

export function signedMoney(value, currency = "USD", digits = 2) {
  if (absent(value)) return NONE;
  return Number(value) > 0 ? `+${money(value, currency, digits)}` : money(value, currency, digits);
}

/** A fraction as percent: 0.0123 → 1.23 %. */
export function percent(value, digits = 2) {
  if (absent(value)) return NONE;
  const text = fixed(Number(value) * 100, digits, digits);
  return `${minus(value, text)}${text} %`;
}

export function signedPercent(value, digits = 2) {
  if (absent(value)) return NONE;
  return Number(value) > 0 ? `+${percent(value, digits)}` : percent(value, digits);
}

export function quantity(value) {
  if (absent(value)) return NONE;
  return signed(value, fixed(value, 0, 8));
}

export function signedQuantity(value) {
  if (absent(value)) return NONE;
  return Number(value) > 0 ? `+${quantity(value)}` : quantity(value);
}

/** Two decimals from 1 up, four below. */
export function price(value) {
  if (absent(value)) return NONE;
  const digits = Math.abs(Number(value)) < 1 && Number(value) !== 0 ? 4 : 2;
  return signed(value, fixed(value, digits, digits));
}

export function exact(value) {
  if (absent(value)) return NONE;
  return signed(value, fixed(value, 2, 8));
}

export function ratio(value, digits = 2) {
  if (absent(value)) return NONE;
  return signed(value, fixed(value, digits, digits));
}

export function count(value) {
  return absent(value) ? NONE : signed(value, fixed(value, 0, 0));
}

const LARGE = 1_000_000;

/** 1000000000 → $1B */
function compact(value, currency) {
  const options = { style: "currency", currency, notation: "compact", maximumFractionDigits: 2 };
  return formatter(`compact-${currency}`, "en-US", options).format(Number(value)).replace("-", MINUS);
}

/** A value with the unit a rule speaks in. */
export function inUnit(value, unit, currency = "USD") {
  switch (unit) {
    case "fraction":
      return percent(value);
    case "usd":
      return Math.abs(Number(value)) >= LARGE ? compact(value, currency) : money(value, currency);
    case "times":
      return absent(value) ? NONE : `${ratio(value)}×`;
    case "price":
      return price(value);
    case "count":
      return count(value);
    case "none":
      return NONE;
    default:
      return quantity(value);
  }
}

export function toneOf(value) {
  if (absent(value) || Number(value) === 0) return "";
  return Number(value) > 0 ? "gain" : "loss";
}

// ---- times. Market time is the feed's and is shown in its exchange's zone; wall time is this browser's.

const marketZone = () => document.documentElement.dataset.marketZone || "UTC";

/** Three letters for every month, so that columns stay as wide as they are. */
const threeLetters = (text) => text.replace("Sept", "Sep");

function parts(at, zone) {
  const date = new Date(at);
  const day = threeLetters(date.toLocaleDateString("en-GB", { timeZone: zone, day: "numeric", month: "short", year: "numeric" }));
  const time = date.toLocaleTimeString("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  return { day, time };
}

const zoneNames = new Map();

export function marketZoneName() {
  const zone = marketZone();
  if (!zoneNames.has(zone)) {
    const found = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "shortGeneric" })
      .formatToParts(new Date())
      .find((part) => part.type === "timeZoneName");
    zoneNames.set(zone, zone === "UTC" ? "UTC" : (found?.value ?? zone));
  }
  return zoneNames.get(zone);
}

/** 20 Jun 2006, 16:00 */
export function marketTime(at) {
  if (!at) return NONE;
  const { day, time } = parts(at, marketZone());
  return `${day}, ${time}`;
}

/** ["20 Jun 2006", "16:00"] */
export function marketParts(at) {
  const { day, time } = parts(at, marketZone());
  return [day, time];
}

export function marketDay(at) {
  return at ? parts(at, marketZone()).day : NONE;
}

/** A calendar date (no clock): 2006-06-20 → Tue, 20 Jun 2006. */
export function day(text, weekday = false) {
  if (!text) return NONE;
  const options = { timeZone: "UTC", day: "numeric", month: "short", year: "numeric" };
  if (weekday) options.weekday = "short";
  return threeLetters(new Date(`${text.slice(0, 10)}T00:00:00Z`).toLocaleDateString("en-GB", options));
}

/** This browser's clock: 14:03:12, with the day when it is another one. */
export function wallTime(at) {
  if (!at) return NONE;
  const date = new Date(at);
  const time = date.toLocaleTimeString("en-GB");
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${threeLetters(date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" }))}, ${time}`;
}

export function words(code) {
  return String(code ?? "").replaceAll("_", " ").toLowerCase();
}

export function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : "";
}
