// The account's websocket: snapshot, numbered events, heartbeats; gaps are fetched, lost connections come back.

import { api } from "./api.js";
import { reduce } from "./state.js";

const SILENCE_MS = 9000;
const BACKOFF_MS = [400, 800, 1600, 3200, 6400, 12000];
const SNAPSHOT_AFTER = 500;
const CLOSED_FOR_GOOD = new Set([4401, 4403, 4404]);

export class AccountStream {
  /** onState(state), onStatus({name: "connecting" | "live" | "lost" | "closed", since, retryAt}) */
  constructor(account, { onState, onStatus }) {
    this.account = account;
    this.onState = onState;
    this.onStatus = onStatus;
    this.state = null;
    this.number = 0;
    this.heardAt = null;
    this.attempt = 0;
    this.held = [];
    this.catchingUp = false;
    this.connect();
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => document.hidden || this.checkSilence());
    setInterval(() => this.checkSilence(), 1000);
  }

  connect() {
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/accounts/${this.account}/`);
    this.socket = socket;
    this.openedAt = Date.now();
    socket.onmessage = (event) => socket === this.socket && this.receive(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.socket && this.lost(event.code);
    socket.onerror = () => socket.close();
  }

  retry() {
    if (this.status === "live" || this.status === "closed") return;
    this.attempt = 0;
    this.drop();
    this.connect();
  }

  drop() {
    const old = this.socket;
    this.socket = null;
    old?.close();
  }

  checkSilence() {
    if (!this.socket || this.status === "closed") return;
    if (Date.now() - Math.max(this.heardAt ?? 0, this.openedAt) < SILENCE_MS) return;
    this.drop();
    this.lost(0);
  }

  lost(code) {
    this.socket = null;
    if (CLOSED_FOR_GOOD.has(code)) {
      this.tell("closed");
      return;
    }
    const wait = BACKOFF_MS[Math.min(this.attempt, BACKOFF_MS.length - 1)] * (0.75 + Math.random() / 2);
    this.attempt += 1;
    this.tell("lost", Date.now() + wait);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), wait);
  }

  tell(name, retryAt = null) {
    this.status = name;
    this.onStatus({ name, since: this.heardAt, retryAt });
  }

  receive(message) {
    this.heardAt = Date.now();
    this.attempt = 0;
    if (message.type === "snapshot") {
      this.adopt(message);
    } else if (this.catchingUp) {
      this.held.push(message);
    } else if (message.type === "event") {
      if (message.number <= this.number) return;
      if (message.number === this.number + 1) this.apply(message);
      else this.catchUp(message);
    } else if (message.type === "heartbeat" && message.number > this.number) {
      this.catchUp(message);
    }
    if (this.state && this.status !== "live") this.tell("live");
  }

  adopt(snapshot) {
    this.state = reduce(null, snapshot);
    this.number = snapshot.number;
    this.onState(this.state);
  }

  apply(message) {
    this.state = reduce(this.state, message);
    this.number = message.number;
    this.onState(this.state);
  }

  async catchUp(message) {
    this.catchingUp = true;
    this.held = [message];
    const base = `/api/accounts/${this.account}`;
    try {
      if (!this.state || message.number - this.number > SNAPSHOT_AFTER) {
        this.adopt(await api.get(`${base}/snapshot`));
      } else {
        const answer = await api.get(`${base}/events?since=${this.number}`);
        for (const event of answer.results) if (event.number === this.number + 1) this.apply(event);
        if (this.number < answer.last) this.adopt(await api.get(`${base}/snapshot`));
      }
    } catch {
      this.drop();
      this.catchingUp = false;
      this.lost(0);
      return;
    }
    this.catchingUp = false;
    const held = this.held;
    this.held = [];
    for (const later of held) this.receive(later);
  }
}
