// Alerts: what fires, who has taken it on, who was told, what mutes it; and what one can do about it.

import "./alerts.css";

import { ApiError } from "../shell/api";
import { h, set, text } from "../shell/dom";
import type { Context, View } from "../shell/view";
import { detail, past } from "./detail";
import { Editor } from "./editor";
import { refocus } from "./focus";
import { type Deeds, drawGroups, drawRows, nameOf } from "./groups";
import { renew } from "./lengths";
import { added, meaning } from "./matchers";
import { type Alert, type Group, seconds, type Sheet, type Silence, type Standing, type Story, summary } from "./model";
import { drawSilences } from "./silences";
import { acknowledge } from "./taking";

/** The stream tells when the keeper's own alerts change; words of people and posted alerts are asked for. */
const EVERY = 2000;
const SILENCES_EVERY = 3; // of the above
const TYPING = 250;

/** The chips: which standings each of them shows. */
const CHIPS: [string, Standing[]][] = [
  ["Firing", ["firing", "pending"]],
  ["Acknowledged", ["acknowledged"]],
  ["Muted", ["silenced", "inhibited", "muted"]],
  ["Resolved", ["resolved"]],
];

const GRAVE = ["page", "critical", "high", "error"];

/** What nobody has taken on stands first, the grave before the rest, the new before the old. */
function urgency(one: Group, other: Group): number {
  const [a, b] = [one, other].map((group) => Math.min(...group.alerts.map(rank))) as [number, number];
  const [x, y] = [one, other].map((group) => Math.max(...group.alerts.map((alert) => seconds(alert.startsAt)))) as [number, number];
  return a - b || y - x || (nameOf(one) < nameOf(other) ? -1 : 1);
}

function rank(alert: Alert): number {
  const grave = GRAVE.includes(alert.labels["severity"] ?? "") ? 0 : 1;
  const place = CHIPS.findIndex(([, standings]) => standings.includes(alert.standing));
  return 2 * place + grave;
}

export const view: View = {
  title: "Alerts",
  mount(root, [fingerprint = ""], context) {
    const screen = new Screen(root, fingerprint, context);
    return () => screen.end();
  },
};

class Screen {
  private readonly chips = h("div", { class: "chips", role: "group", "aria-label": "Which alerts are shown" });
  private readonly filter = h("input", { class: "input filter", type: "search", placeholder: 'bot="arbbot", severity=~"critical|warning"', "aria-label": "Show only alerts that match", "aria-describedby": "filter-wrong", autocomplete: "off", spellcheck: false }) as HTMLInputElement;
  private readonly wrong = h("p", { class: "wrong", id: "filter-wrong", role: "alert" });
  private readonly note = h("p", { class: "note", hidden: true });
  private readonly groups = h("div", { class: "groups" });
  private readonly over = h("ul", { class: "alert-rows over" });
  private readonly overBox: HTMLElement;
  private readonly gone = h("section", { class: "group gone", "aria-label": "An alert that is over", hidden: true });
  private readonly silences = h("ul", { class: "silences" });
  private readonly ended = h("input", { type: "checkbox" }) as HTMLInputElement;
  private readonly spoken = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
  private readonly fresh: HTMLElement;
  private readonly hidden = new Set<string>();
  private readonly ends: (() => void)[];
  private sheet: Sheet | null = null;
  private kept: Silence[] = [];
  private story: { of: string; told: Story } | null = null;
  private standings = new Map<string, Standing>();
  private turn = 0;
  private rounds = 0;
  private typing = 0;

  constructor(private readonly root: HTMLElement, private opened: string, private readonly context: Context) {
    this.fresh = h("button", { type: "button", class: "button", "data-focus": "new-silence" }, "New silence");
    this.fresh.addEventListener("click", () => this.write([]));
    this.overBox = h("section", { class: "group", "aria-label": "Resolved lately" }, h("header", {}, h("b", {}, "Resolved lately")), this.over);
    const ended = h("label", { class: "check" }, this.ended, h("span", {}, "Show those that ended"));
    root.append(
      h("div", { class: "headline" }, h("h1", {}, "Alerts"), this.chips),
      h("div", { class: "alert-tools" }, h("div", { class: "filter-box" }, this.filter, this.wrong), this.fresh),
      this.note,
      this.spoken,
      this.gone,
      this.groups,
      this.overBox,
      h("section", { "aria-label": "Silences" }, h("div", { class: "silences-head" }, h("h2", {}, "Silences"), ended), this.silences),
    );
    this.filter.addEventListener("input", () => this.typed());
    this.ended.addEventListener("change", () => this.draw());
    const timer = window.setInterval(() => void this.look(), EVERY);
    const clock = window.setInterval(() => renew(root, context.live.now()), 1000);
    const seen = (): void => void this.look(true);
    document.addEventListener("visibilitychange", seen);
    this.ends = [context.live.on("alerts", () => void this.look()), context.who.on(() => this.draw()), () => window.clearInterval(timer), () => window.clearInterval(clock), () => window.clearTimeout(this.typing), () => document.removeEventListener("visibilitychange", seen)];
    void this.look(true);
  }

  end(): void {
    this.turn = -1;
    this.ends.forEach((end) => end());
  }

  // --- what the keeper knows ---

  /** Ask for alerts, for the silences less often, for the story of the alert that is open. */
  private async look(all = false): Promise<void> {
    if (this.turn < 0 || (document.hidden && this.sheet)) return;
    const turn = ++this.turn;
    const { api } = this.context;
    const filter = this.filter.value.trim();
    const wanted = all || this.rounds++ % SILENCES_EVERY === 0;
    try {
      const [sheet, kept] = await Promise.all([api.get<Sheet>(`/api/v2/alerting/groups${filter ? `?filter=${encodeURIComponent(filter)}` : ""}`), wanted ? api.get<Silence[]>("/api/v2/silences") : Promise.resolve(this.kept)]);
      const story = await this.storyOf(this.opened);
      if (turn !== this.turn) return;
      [this.sheet, this.kept, this.story] = [sheet, kept, story];
      text(this.wrong, "");
      this.speak(sheet);
      this.draw();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      if (turn === this.turn) text(this.wrong, problem.status === 400 ? `The filter: ${problem.message}` : problem.message);
    }
  }

  private async storyOf(fingerprint: string): Promise<{ of: string; told: Story } | null> {
    if (!fingerprint) return null;
    return { of: fingerprint, told: await this.context.api.get<Story>(`/api/v2/alerting/alerts/${encodeURIComponent(fingerprint)}/timeline`) };
  }

  private typed(): void {
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(() => void this.look(), TYPING);
  }

  /** Let screen readers hear what changed since the last look. */
  private speak(sheet: Sheet): void {
    const now = new Map([...sheet.groups.flatMap((group) => group.alerts), ...sheet.over].map((one) => [one.fingerprint, one]));
    const news = [...now.values()].filter((one) => this.standings.size && this.standings.get(one.fingerprint) !== one.standing);
    if (news.length) text(this.spoken, news.slice(0, 5).map((one) => `${summary(one)}: ${one.standing}`).join(". "));
    this.standings = new Map([...now.values()].map((one) => [one.fingerprint, one.standing]));
  }

  // --- drawing ---

  private draw(): void {
    const { who, live } = this.context;
    const why = who.why("operate");
    set(this.note, "hidden", !why);
    text(this.note, why ? `You can look but not acknowledge or silence. ${why}.` : "");
    set(this.fresh, "aria-disabled", why ? "true" : undefined);
    this.fresh.title = why;
    if (!this.sheet) return;
    const place = (document.activeElement as HTMLElement | null)?.dataset["focus"];
    const groups = this.sheet.groups.map((group) => ({ ...group, alerts: group.alerts.filter((one) => this.wants(one)).sort((a, b) => rank(a) - rank(b)) })).filter((group) => group.alerts.length).sort(urgency);
    this.drawChips(this.sheet);
    this.groups.dataset["empty"] = groups.length ? "" : this.filter.value.trim() || this.hidden.size ? "No alert matches what is chosen above." : "Nothing fires.";
    drawGroups(this.groups, groups, this.opened, this.deeds, live.now());
    const over = this.sheet.over.filter((one) => this.wants(one));
    set(this.overBox, "hidden", !over.length);
    drawRows(this.over, over, this.opened, this.deeds);
    drawSilences(this.silences, this.kept, this.sheet.groups.flatMap((group) => group.alerts), this.ended.checked, { edit: (one) => this.write(one.matchers, one), expire: (one) => void this.expire(one), why: () => why }, live.now());
    this.drawStory();
    this.drawGone(this.sheet);
    if (document.activeElement === document.body) refocus(this.root, place);
  }

  private wants(alert: Alert): boolean {
    return !CHIPS.some(([name, standings]) => this.hidden.has(name) && standings.includes(alert.standing));
  }

  private drawChips(sheet: Sheet): void {
    const all = [...new Map([...sheet.groups.flatMap((group) => group.alerts), ...sheet.over].map((one) => [one.fingerprint, one])).values()];
    CHIPS.forEach(([name, standings], place) => {
      const chip = (this.chips.children[place] as HTMLElement | undefined) ?? this.chip(name);
      const count = all.filter((one) => standings.includes(one.standing)).length;
      set(chip, "aria-pressed", String(!this.hidden.has(name)));
      set(chip, "data-count", count);
      text(chip, `${name} ${count}`);
    });
  }

  private chip(name: string): HTMLElement {
    const chip = h("button", { type: "button", class: "chip", "data-focus": `chip-${name}`, "data-chip": name });
    chip.addEventListener("click", () => {
      if (!this.hidden.delete(name)) this.hidden.add(name);
      this.draw();
    });
    this.chips.append(chip);
    return chip;
  }

  /** Fill the story of the alert that is open; an alert of two groups shows it in both. */
  private drawStory(): void {
    const told = this.story?.of === this.opened ? this.story.told : null;
    const groups: Group[] = this.sheet?.groups ?? [];
    for (const row of this.root.querySelectorAll<HTMLElement>(`[data-fingerprint="${CSS.escape(this.opened)}"]`)) {
      const box = row.querySelector<HTMLElement>(".story")!;
      const place = row.closest<HTMLElement>("section.group")?.dataset["key"];
      const group = groups.find((one) => nameOf(one) === place) ?? null;
      const alert = (group?.alerts ?? this.sheet?.over ?? []).find((one) => one.fingerprint === this.opened);
      if (!alert) continue;
      const mark = JSON.stringify([told, alert, group?.escalation, group?.receiver]);
      if (box.dataset["mark"] === mark) continue;
      box.dataset["mark"] = mark;
      box.replaceChildren(told ? detail({ alert, group, story: told, silences: this.kept, now: this.context.live.now() }) : h("p", { class: "muted" }, "Looking"));
    }
  }

  /** An alert that the address names and that is kept no more: its story is. */
  private drawGone(sheet: Sheet): void {
    const told = this.story?.of === this.opened ? this.story.told : null;
    const kept = [...sheet.groups.flatMap((group) => group.alerts), ...sheet.over].some((one) => one.fingerprint === this.opened);
    const shown = Boolean(this.opened && told) && !kept && !this.filter.value.trim();
    set(this.gone, "hidden", !shown);
    const mark = shown ? JSON.stringify([this.opened, told]) : "";
    if (this.gone.dataset["mark"] === mark) return;
    this.gone.dataset["mark"] = mark;
    if (!shown || !told) return this.gone.replaceChildren();
    const words = told.events.length ? `Alert ${this.opened} is over` : `Nothing is known of an alert ${this.opened}`;
    this.gone.replaceChildren(h("header", {}, h("b", {}, words)), h("div", { class: "story" }, told.events.length ? past(told, this.context.live.now()) : h("p", { class: "muted" }, "It is over since long, or it never was.")));
  }

  // --- what people do ---

  private readonly deeds: Deeds = {
    now: () => this.context.live.now(),
    why: () => this.context.who.why("operate"),
    open: (fingerprint) => this.open(fingerprint),
    acknowledge: (alerts) => this.allowed(() => acknowledge(this.root, this.context, alerts.map((one) => one.fingerprint), alerts.map(summary).slice(0, 3).join(", ") + (alerts.length > 3 ? ` and ${alerts.length - 3} more` : ""), () => void this.look(true))),
    letGo: (alert) => this.allowed(() => void this.send(() => this.context.api.post("/api/v2/alerting/unacknowledge", { who: this.context.who.name || "somebody", fingerprints: [alert.fingerprint] }), "Let go: it fires again for everybody")),
    silence: (labels) => this.write(meaning(labels)),
    narrow: (name, value) => {
      this.filter.value = added(this.filter.value, name, value);
      void this.look();
    },
  };

  private open(fingerprint: string): void {
    this.opened = this.opened === fingerprint ? "" : fingerprint;
    // The address names what is open, without showing the view anew.
    history.replaceState(null, "", this.opened ? `#/alerts/${encodeURIComponent(this.opened)}` : "#/alerts");
    this.draw();
    void this.look();
  }

  private write(matchers: Silence["matchers"], silence?: Silence): void {
    this.allowed(() => new Editor(this.root, this.context, { matchers, ...(silence && silence.status.state !== "expired" && seconds(silence.endsAt) > this.context.live.now() ? { silence } : {}) }, () => void this.look(true)).open());
  }

  private async expire(silence: Silence): Promise<void> {
    this.allowed(() => void this.send(() => this.context.api.delete(`/api/v2/silence/${silence.id}`), "The silence was ended"));
  }

  /** Do it, or tell why this visitor cannot. */
  private allowed(deed: () => void): void {
    const why = this.deeds.why();
    if (why) this.context.say(why, "bad");
    else deed();
  }

  private async send(deed: () => Promise<unknown>, done: string): Promise<void> {
    try {
      await deed();
      this.context.say(done);
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      this.context.say(problem.message, "bad");
    }
    await this.look(true);
  }
}
