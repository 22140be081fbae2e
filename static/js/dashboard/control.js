// Start and stop, the feed's clock and speed, the emergency stop.

import { api } from "../core/api.js";
import { all, one, setText } from "../core/dom.js";
import { day, ratio } from "../core/format.js";
import { writeBadge } from "../ui/badges.js";
import { confirm } from "../ui/dialog.js";
import { act, toast, toastError } from "../ui/toast.js";

export const STOP_WILL = ["end new decisions of the strategies", "cancel their working entry orders"];
export const STOP_WONT = ["close a position", "cancel protective stops and targets: they go on working"];

const PHASES = { OPEN: "open", CLOSE: "close" };
const FEED_WORDS = { waiting: "waiting for Start", running: "replay runs", paused: "replay paused", finished: "replay finished" };

function stateOf(state) {
  const { control, risk, feed } = state;
  if (risk?.state === "HALTED") return ["Halted", "halted"];
  if (control.running && feed?.state === "finished") return ["Ended", "stopped"];
  if (!control.running) return ["Stopped", "stopped"];
  return ["Running", control.deployments_running < control.deployments_total ? "partly" : "running"];
}

export function controlPanel(page) {
  bindAccount(page);
  bindEmergency(page);
  bindFeed(page);
  return (state, before) => {
    if (state.control !== before.control || state.risk !== before.risk || state.feed?.state !== before.feed?.state) drawControl(state);
    if (state.feed !== before.feed) drawFeed(state.feed);
  };
}

function drawControl(state) {
  const { control, risk } = state;
  const [name, pulse] = stateOf(state);
  setText(one("#control-state"), name);
  one("#pulse").dataset.state = pulse;
  const none = control.deployments_total === 0;
  setText(one("#control-note"), none ? "no strategy yet" : `${control.deployments_running} of ${control.deployments_total} strategies`);
  setText(one("#mode"), (control.mode ?? "").toUpperCase());
  enable("#start", control.deployments_running < control.deployments_total);
  enable("#stop", control.deployments_running > 0);
  for (const [selector, hidden] of [["#add-strategy", !none], ["#start", none], ["#stop", none]]) {
    const button = one(selector);
    if (button) button.hidden = hidden;
  }
  drawEmergency(risk?.state === "HALTED");
}

function enable(selector, possible) {
  const button = one(selector);
  if (button && !button.hasAttribute("aria-busy")) button.disabled = !possible;
}

function drawEmergency(halted) {
  const emergency = one("#emergency");
  if (!emergency) return;
  emergency.dataset.halted = halted;
  setText(one("span", emergency), halted ? "Resume" : "Emergency stop");
  emergency.classList.toggle("btn-danger", !halted);
  one("use", emergency).setAttribute("href", halted ? "#i-play" : "#i-halt");
}

function drawFeed(feed) {
  const isReplay = feed?.kind === "replay";
  const badge = one("#feed-state");
  badge.hidden = !feed;
  drawEnded(feed);
  if (!feed) {
    setText(one("#clock-time"), "no market feed");
    for (const node of [one("#speeds"), one("#feed-pause")]) if (node) node.hidden = true;
    return;
  }
  const phase = PHASES[feed.phase];
  const shown = feed.session_on || feed.market_time || feed.start_on;
  setText(one("#clock-time"), `${day(shown, true)}${phase ? `, ${phase}` : ""}`);
  setText(one("#clock-label"), isReplay ? "Market time (replayed)" : "Market time");
  writeBadge(badge, feed.state);
  setText(badge, isReplay ? FEED_WORDS[feed.state] : "live feed");
  const reached = feed.state === "running" && feed.speed_reached ? `${ratio(feed.speed_reached)}× reached` : "";
  setText(one("#speed-reached"), reached);
  const note = one("#feed-note");
  note.hidden = !feed.note;
  setText(one("span", note), feed.note ?? "");
  drawOperator(feed, isReplay);
}

const NO_FEED = "This account has no market feed: nothing moves, and no order of it can fill.";
const ENDED = "The replay has played its last day: the account stays as it is.";
let told = null;

/** Where the market of the account stands still for good, the way to one that moves. */
async function drawEnded(feed) {
  const banner = one("#feed-ended");
  const ended = !feed || feed.state === "finished";
  banner.hidden = !ended;
  const key = ended ? String(feed?.id) : null;
  if (!ended || told === key) return;
  told = key;
  setText(one("span", banner), feed ? ENDED : NO_FEED);
  try {
    const feeds = await api.get("/api/feeds");
    one("button", banner).hidden = !feeds.some((other) => other.is_current && other.id !== feed?.id && other.state !== "finished");
  } catch (error) {
    toastError(error, "Whether another replay runs is not known");
  }
}

function drawOperator(feed, isReplay) {
  const speeds = one("#speeds");
  if (!speeds) return;
  speeds.hidden = !isReplay;
  for (const button of all("button", speeds)) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === Number(feed.speed)));
    button.disabled = feed.state === "finished";
  }
  const pause = one("#feed-pause");
  const paused = feed.state === "paused";
  pause.hidden = !isReplay || feed.state === "finished";
  pause.disabled = feed.state === "waiting";
  pause.dataset.paused = paused;
  pause.setAttribute("aria-label", paused ? "Let the replay run on" : "Pause the replay");
  one("use", pause).setAttribute("href", paused ? "#i-play" : "#i-pause");
}

function bindEmergency(page) {
  const emergency = one("#emergency");
  emergency?.addEventListener("click", () => (emergency.dataset.halted === "true" ? resume(page, emergency) : halt(page, emergency)));
}

function bindAccount(page) {
  const start = one("#start");
  if (!start) return;
  start.addEventListener("click", () =>
    act(start, async () => {
      const answer = await api.post("/api/start", { account: page.account });
      toast(answer.message || "Started.");
    }),
  );
  const stop = one("#stop");
  stop.addEventListener("click", async () => {
    const sure = await confirm({ title: "Stop all strategies of this account?", will: STOP_WILL, wont: STOP_WONT, action: "Stop" });
    if (!sure) return;
    await act(stop, async () => {
      const answer = await api.post("/api/stop", { account: page.account });
      toast(answer.message || "Stopped. Positions and their protection stay.");
    });
  });
}

async function halt(page, button) {
  const answer = await confirm({
    title: "Emergency stop of this account?",
    will: [
      "refuse every new order of a strategy that is not protective",
      "cancel orders that would open or enlarge a position",
      "stay in force until someone resumes the account",
    ],
    wont: ["close a position", "cancel protective stops and targets", "stop you from closing positions by hand"],
    action: "Stop everything now",
    field: { name: "reason", label: "Reason (kept in the audit trail)", required: true },
  });
  if (!answer) return;
  await act(button, async () => {
    const report = await api.post(`/api/accounts/${page.account}/emergency-stop`, { reason: answer.reason });
    toast([report.message, ...(report.problems ?? [])].join(" "), report.success === false ? "bad" : "warn");
  });
}

async function resume(page, button) {
  const answer = await confirm({
    title: "Resume this account?",
    will: ["let strategies that are running send orders again from the next close on"],
    wont: ["start a strategy that is stopped", "send again what was cancelled or refused"],
    action: "Resume",
    danger: false,
    field: { name: "reason", label: "Reason (kept in the audit trail)", required: true },
  });
  if (!answer) return;
  await act(button, async () => {
    const report = await api.post(`/api/accounts/${page.account}/resume`, { reason: answer.reason });
    toast(report.message || "The account trades again.");
  });
}

function bindFeed(page) {
  const speeds = one("#speeds");
  if (!speeds) return;
  for (const button of all("button", speeds)) {
    button.addEventListener("click", () =>
      act(button, async () => {
        await api.post(`/api/feeds/${page.state.feed.id}/speed`, { speed: Number(button.dataset.speed) });
      }),
    );
  }
  const pause = one("#feed-pause");
  pause.addEventListener("click", () =>
    act(pause, async () => {
      const paused = pause.dataset.paused === "true";
      await api.post(`/api/feeds/${page.state.feed.id}/${paused ? "resume" : "pause"}`);
      toast(paused ? "The replay runs on." : "The replay is paused for every account on this feed.");
    }),
  );
}
